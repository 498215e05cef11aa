// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "route/netlink.hpp"

#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <string>

#include "route/message.hpp"

namespace fairway::route {
namespace {

constexpr std::array<int, 6> groups = {RTNLGRP_LINK,        RTNLGRP_NEIGH,      RTNLGRP_IPV4_IFADDR,
                                       RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE};
constexpr int event_buffer = 4 << 20;  // bytes the kernel keeps for us: some ten thousand announcements
constexpr int reads_a_call = 1024;     // an announcement each
constexpr int reads_to_drain = 1 << 20;
constexpr int dump_attempts = 10;
constexpr std::size_t order_size = 512;

using ReadBuffer = std::array<char, 32768>;

base::Error failure(const std::string& what, int error) { return {what + ": " + std::strerror(error)}; }

int collect(const nlmsghdr* message, void* events) {
  if (auto event = parse_message(*message)) static_cast<std::vector<Event>*>(events)->push_back(std::move(*event));
  return MNL_CB_OK;
}

/// What the kernel answers to an order: 0 or its error, and the sentence that explains it where there is one.
struct Answer {
  int error = 0;
  std::string reason;
};

base::Error refusal(const Answer& answer) {
  return {std::strerror(answer.error) + (answer.reason.empty() ? "" : " (" + answer.reason + ")")};
}

int take_reason(const nlattr* attribute, void* answer) {
  if (mnl_attr_get_type(attribute) == NLMSGERR_ATTR_MSG && mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) == 0)
    static_cast<Answer*>(answer)->reason = mnl_attr_get_str(attribute);
  return MNL_CB_OK;
}

void take_answer(const nlmsghdr& message, Answer& answer) {
  const auto& error = *static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(&message));
  answer.error = -error.error;
  // The order is repeated before the attributes, but for its payload where the flag says so.
  std::size_t offset = sizeof error;
  if ((message.nlmsg_flags & NLM_F_CAPPED) == 0) offset += error.msg.nlmsg_len - sizeof error.msg;
  if (message.nlmsg_flags & NLM_F_ACK_TLVS)
    mnl_attr_parse(&message, static_cast<unsigned>(offset), take_reason, &answer);
}

/// A message under construction. Big enough for any order of this file.
template <class Header>
struct Order {
  Order(std::uint16_t type, unsigned flags) : message(mnl_nlmsg_put_header(bytes.data())) {
    message->nlmsg_type = type;
    message->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    header = static_cast<Header*>(mnl_nlmsg_put_extra_header(message, sizeof(Header)));
  }
  Order(const Order&) = delete;
  Order& operator=(const Order&) = delete;

  void put_address(std::uint16_t type, const net::Address& address) {
    mnl_attr_put(message, type, address.is_v4() ? 4 : 16, address.bytes.bytes.data());
  }
  void put_mac(std::uint16_t type, const net::MacAddress& mac) { mnl_attr_put(message, type, sizeof mac, &mac); }

  alignas(nlmsghdr) std::array<char, order_size> bytes{};
  nlmsghdr* message;
  Header* header;
};

std::uint8_t family_of(const net::Address& address) { return address.is_v4() ? AF_INET : AF_INET6; }

}  // namespace

void Netlink::Close::operator()(mnl_socket* socket) const { mnl_socket_close(socket); }

base::Result<Netlink::Socket> Netlink::open_socket(int flags) {
  Socket socket(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | flags));
  if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0)
    return failure("cannot open a netlink socket", errno);
  return socket;
}

base::Result<Netlink> Netlink::open() {
  auto events = open_socket(SOCK_NONBLOCK), orders = open_socket(0);
  if (!events) return events.error();
  if (!orders) return orders.error();
  // Both only help: with a small buffer announcements are lost sooner, and a kernel before 4.12 gives no reasons.
  const int size = event_buffer, on = 1;
  ::setsockopt(mnl_socket_get_fd(events->get()), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  mnl_socket_setsockopt(orders->get(), NETLINK_EXT_ACK, const_cast<int*>(&on), sizeof on);
  for (int group : groups)
    if (mnl_socket_setsockopt(events->get(), NETLINK_ADD_MEMBERSHIP, &group, sizeof group) < 0)
      return failure("cannot listen to the kernel's announcements", errno);
  return Netlink(std::move(*events), std::move(*orders));
}

int Netlink::descriptor() const { return mnl_socket_get_fd(events_.get()); }

// --- Announcements -----------------------------------------------------------------------------------------------------

base::Result<bool> Netlink::receive(std::vector<Event>& events) {
  alignas(nlmsghdr) ReadBuffer buffer;
  const std::size_t before = events.size();
  bool complete = true;
  for (int reads = 0; reads < (complete ? reads_a_call : reads_to_drain); ++reads) {
    const ssize_t size = mnl_socket_recvfrom(events_.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EAGAIN) break;
    if (size < 0 && errno == ENOBUFS)
      complete = false;  // what is still queued is older than what was dropped: never to be applied after a dump
    else if (size < 0 && errno != EINTR)
      return failure("cannot receive the kernel's announcements", errno);
    else if (size > 0)
      mnl_cb_run(buffer.data(), static_cast<std::size_t>(size), 0, 0, collect, &events);
  }
  if (!complete) events.resize(before);
  return complete;
}

// --- Questions -----------------------------------------------------------------------------------------------------------

base::Result<void> Netlink::send(nlmsghdr* message) {
  message->nlmsg_seq = ++sequence_;
  if (mnl_socket_sendto(orders_.get(), message, message->nlmsg_len) < 0)
    return failure("cannot send to the kernel by netlink", errno);
  return {};
}

/// Calls `take(message)` with each message that answers the last question or order, until it returns false.
template <class F>
base::Result<void> Netlink::read_answer(F&& take) {
  alignas(nlmsghdr) ReadBuffer buffer;
  while (true) {
    const ssize_t size = mnl_socket_recvfrom(orders_.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return failure("cannot read from the kernel by netlink", errno);
    int left = static_cast<int>(size);
    const auto* message = reinterpret_cast<const nlmsghdr*>(buffer.data());
    for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left))
      if (message->nlmsg_seq == sequence_ && !take(*message)) return {};
  }
}

base::Result<std::vector<Event>> Netlink::dump(std::uint16_t type, int family) {
  for (int attempt = 0; attempt < dump_attempts; ++attempt) {
    Order<rtmsg> question(type, NLM_F_DUMP);  // the longest of the headers, and all begin with the family
    question.header->rtm_family = static_cast<std::uint8_t>(family);
    if (auto sent = send(question.message); !sent) return sent.error();
    std::vector<Event> events;
    Answer answer;
    bool interrupted = false;
    const auto read = read_answer([&](const nlmsghdr& message) {
      interrupted |= (message.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
      if (message.nlmsg_type == NLMSG_ERROR) take_answer(message, answer);
      if (message.nlmsg_type == NLMSG_ERROR || message.nlmsg_type == NLMSG_DONE) return false;
      collect(&message, &events);
      return true;
    });
    if (!read) return read.error();
    if (answer.error) return failure("the kernel does not tell its tables", answer.error);
    if (!interrupted) return events;
  }
  return base::Error{"the kernel's tables change faster than they can be read"};
}

/// The one member of all messages of this kind that were dumped.
template <class Message, class Member>
base::Result<std::vector<Member>> Netlink::all(std::uint16_t type, int family, Member Message::*member) {
  auto events = dump(type, family);
  if (!events) return events.error();
  std::vector<Member> members;
  for (Event& event : *events)
    if (auto* message = std::get_if<Message>(&event)) members.push_back(std::move(message->*member));
  return members;
}

base::Result<std::vector<Link>> Netlink::links() { return all(RTM_GETLINK, AF_UNSPEC, &LinkEvent::link); }

base::Result<std::vector<LinkAddress>> Netlink::addresses() {
  return all(RTM_GETADDR, AF_UNSPEC, &AddressEvent::address);
}

base::Result<std::vector<KernelRoute>> Netlink::routes() {
  auto routes = all(RTM_GETROUTE, AF_INET, &RouteEvent::route);
  if (!routes) return routes;
  auto routes6 = all(RTM_GETROUTE, AF_INET6, &RouteEvent::route);
  if (!routes6) return routes6;
  // Where the kernel has no IPv6 it answers with IPv4 once more.
  std::ranges::copy_if(*routes6, std::back_inserter(*routes),
                       [](const KernelRoute& route) { return !route.destination.address.is_v4(); });
  return routes;
}

base::Result<std::vector<NeighbourEntry>> Netlink::neighbours() {
  return all(RTM_GETNEIGH, AF_UNSPEC, &NeighbourEvent::entry);
}

base::Result<Neighbour> Netlink::neighbour(const NeighbourKey& key) {
  Order<ndmsg> question(RTM_GETNEIGH, 0);
  question.header->ndm_family = family_of(key.address);
  question.header->ndm_ifindex = key.link;
  question.put_address(NDA_DST, key.address);
  if (auto sent = send(question.message); !sent) return sent.error();
  Answer answer;
  std::vector<Event> events;
  const auto read = read_answer([&](const nlmsghdr& message) {
    if (message.nlmsg_type == NLMSG_ERROR)
      take_answer(message, answer);
    else
      collect(&message, &events);
    return false;
  });
  if (!read) return read.error();
  if (answer.error) return refusal(answer);
  const auto* found = events.empty() ? nullptr : std::get_if<NeighbourEvent>(&events.front());
  return found ? base::Result<Neighbour>(found->entry.second) : base::Error{"the kernel answers with something else"};
}

// --- Orders --------------------------------------------------------------------------------------------------------------

base::Result<void> Netlink::order(nlmsghdr* message) {
  message->nlmsg_flags |= NLM_F_ACK;
  if (auto sent = send(message); !sent) return sent;
  Answer answer;
  const auto read = read_answer([&](const nlmsghdr& reply) {
    if (reply.nlmsg_type != NLMSG_ERROR) return true;
    take_answer(reply, answer);
    return false;
  });
  if (!read || answer.error == 0) return read;
  return refusal(answer);
}

base::Result<void> Netlink::change_link(int link, const LinkChange& change) {
  Order<ifinfomsg> request(RTM_NEWLINK, 0);
  request.header->ifi_index = link;
  if (change.up) request.header->ifi_change = IFF_UP;
  if (change.up.value_or(false)) request.header->ifi_flags = IFF_UP;
  if (change.mac) request.put_mac(IFLA_ADDRESS, *change.mac);
  if (change.mtu) mnl_attr_put_u32(request.message, IFLA_MTU, *change.mtu);
  if (change.carrier) mnl_attr_put_u8(request.message, IFLA_CARRIER, *change.carrier);
  return order(request.message);
}

base::Result<void> Netlink::add_address(int link, const net::Prefix& prefix) {
  Order<ifaddrmsg> request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
  request.header->ifa_family = family_of(prefix.address);
  request.header->ifa_prefixlen = prefix.length;
  request.header->ifa_index = static_cast<std::uint32_t>(link);
  if (!prefix.address.is_v4()) request.header->ifa_flags = IFA_F_NODAD;
  request.put_address(IFA_LOCAL, prefix.address);
  request.put_address(IFA_ADDRESS, prefix.address);
  return order(request.message);
}

base::Result<void> Netlink::delete_address(int link, const net::Prefix& prefix) {
  Order<ifaddrmsg> request(RTM_DELADDR, 0);
  request.header->ifa_family = family_of(prefix.address);
  request.header->ifa_prefixlen = prefix.length;
  request.header->ifa_index = static_cast<std::uint32_t>(link);
  request.put_address(IFA_LOCAL, prefix.address);
  return order(request.message);
}

base::Result<void> Netlink::enter_neighbour(const NeighbourKey& key, NeighbourUse use, const net::MacAddress& mac) {
  Order<ndmsg> request(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
  request.header->ndm_family = family_of(key.address);
  request.header->ndm_ifindex = key.link;
  request.put_address(NDA_DST, key.address);
  switch (use) {
    case NeighbourUse::managed:
      // Learned ones are spared when the kernel's neighbour table is full (gc_thresh3).
      request.header->ndm_flags = NTF_EXT_LEARNED;
      mnl_attr_put_u32(request.message, NDA_FLAGS_EXT, NTF_EXT_MANAGED);
      break;
    case NeighbourUse::once: request.header->ndm_flags = NTF_USE; break;
    case NeighbourUse::permanent:
      request.header->ndm_state = NUD_PERMANENT;
      request.put_mac(NDA_LLADDR, mac);
      break;
  }
  return order(request.message);
}

base::Result<void> Netlink::delete_neighbour(const NeighbourKey& key) {
  Order<ndmsg> request(RTM_DELNEIGH, 0);
  request.header->ndm_family = family_of(key.address);
  request.header->ndm_ifindex = key.link;
  request.put_address(NDA_DST, key.address);
  return order(request.message);
}

}  // namespace fairway::route
