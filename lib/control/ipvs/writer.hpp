// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.hpp"

namespace fairway::control::ipvs {

/// Netlink messages in the making that answer one message: the bytes of one datagram.
class Writer {
 public:
  /// `request`: the whole message that is answered, of which a copy is kept; its sequence number and port are repeated.
  explicit Writer(const nlmsghdr& request);

  /// Whether one more message surely fits that has no text or copied bytes in it.
  bool has_room() const;
  bool empty() const { return used_ == 0; }

  void begin(std::uint16_t type, std::uint16_t flags);
  void begin_generic(std::uint16_t type, std::uint16_t flags, std::uint8_t command, std::uint8_t version);
  void end();

  void put8(std::uint16_t attribute, std::uint8_t value);
  void put16(std::uint16_t attribute, std::uint16_t value);
  void put32(std::uint16_t attribute, std::uint32_t value);
  void put64(std::uint16_t attribute, std::uint64_t value);
  void put(std::uint16_t attribute, std::string_view text);  // with a final zero
  void put(std::uint16_t attribute, net::ServicePort port);
  void put(std::uint16_t attribute, const net::AddressBytes& address);
  void put_bytes(std::uint16_t attribute, std::span<const char> bytes);
  nlattr* open(std::uint16_t attribute);
  void close(nlattr* nest);

  /// What is neither header nor attribute.
  void append(std::span<const char> bytes);

  /// NLMSG_ERROR: `error` 0 acknowledges, else it is an errno value and the request is repeated behind it, as the kernel does.
  void acknowledge(int error);
  /// NLMSG_DONE, which ends a dump.
  void done();

  std::string take();

 private:
  nlmsghdr* message();

  const nlmsghdr& request() const { return *reinterpret_cast<const nlmsghdr*>(request_.data()); }

  std::vector<char> request_;
  std::vector<char> buffer_;
  std::size_t used_ = 0;  // bytes of whole messages
};

}  // namespace fairway::control::ipvs
