// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.hpp"
#include "route/kernel.hpp"
#include "route/neighbour_table.hpp"

struct mnl_socket;
struct nlmsghdr;

namespace fairway::route {

/// What to change of a link; what is not given stays.
struct LinkChange {
  std::optional<net::MacAddress> mac{};
  std::optional<std::uint32_t> mtu{};  // bytes
  std::optional<bool> up{};
  std::optional<bool> carrier{};
};

/// Two rtnetlink sockets of the current network namespace: one for the kernel's announcements, which never blocks, and one
/// for questions and orders, which waits for the answer (microseconds: the kernel answers at once).
class Netlink final : public NeighbourTable {
 public:
  static base::Result<Netlink> open();

  /// Becomes readable when the kernel announces something.
  int descriptor() const;
  /// Appends what has been announced, a thousand messages at most; the descriptor stays readable if there is more.
  /// False: the kernel had to drop announcements; everything has to be read anew then, and nothing is appended.
  base::Result<bool> receive(std::vector<Event>& events);

  // All there is. IPv4 and IPv6 alike.
  base::Result<std::vector<Link>> links();
  base::Result<std::vector<LinkAddress>> addresses();
  base::Result<std::vector<KernelRoute>> routes();
  base::Result<std::vector<NeighbourEntry>> neighbours();

  base::Result<void> change_link(int link, const LinkChange& change);
  /// Nothing happens if it is there already. Duplicate detection is left out (RFC 4862, 5.4 allows that).
  base::Result<void> add_address(int link, const net::Prefix& prefix);
  base::Result<void> delete_address(int link, const net::Prefix& prefix);
  base::Result<void> enter_neighbour(const NeighbourKey& key, NeighbourUse use,
                                     const net::MacAddress& mac = {}) override;
  base::Result<void> delete_neighbour(const NeighbourKey& key) override;
  base::Result<Neighbour> neighbour(const NeighbourKey& key) override;

 private:
  struct Close {
    void operator()(mnl_socket* socket) const;
  };
  using Socket = std::unique_ptr<mnl_socket, Close>;

  Netlink(Socket events, Socket orders) : events_(std::move(events)), orders_(std::move(orders)) {}
  static base::Result<Socket> open_socket(int flags);

  base::Result<std::vector<Event>> dump(std::uint16_t type, int family);
  template <class Message, class Member>
  base::Result<std::vector<Member>> all(std::uint16_t type, int family, Member Message::*member);
  base::Result<void> send(nlmsghdr* message);
  template <class F>
  base::Result<void> read_answer(F&& take);
  /// Sends an order and waits until the kernel has carried it out or refused it.
  base::Result<void> order(nlmsghdr* message);

  Socket events_, orders_;
  std::uint32_t sequence_ = 0;
};

}  // namespace fairway::route
