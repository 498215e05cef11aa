// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "route/message.hpp"

#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace fairway::route {
namespace {

/// The attributes of a message or a nest by their type, the last of each.
class Attributes {
 public:
  static constexpr std::uint16_t most = IFLA_MAX;  // types above it are newer than this code
  static_assert(std::max({int{IFLA_INFO_MAX}, int{IFLA_VLAN_MAX}, int{IFA_MAX}, int{RTA_MAX}, int{RTAX_MAX},
                          int{NDA_MAX}}) <= most);

  Attributes(const nlmsghdr& message, std::size_t header) {
    mnl_attr_parse(&message, static_cast<unsigned>(header), enter, this);
  }
  explicit Attributes(const nlattr* nest) {
    if (nest) mnl_attr_parse_nested(nest, enter, this);
  }
  Attributes(const void* payload, std::size_t length) { mnl_attr_parse_payload(payload, length, enter, this); }

  const nlattr* operator[](std::uint16_t type) const { return at_[type]; }

  /// A number of this size, or nothing if there is none.
  template <class T>
  std::optional<T> number(std::uint16_t type) const {
    if (!at_[type] || mnl_attr_get_payload_len(at_[type]) < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, mnl_attr_get_payload(at_[type]), sizeof value);
    return value;
  }

  std::string_view text(std::uint16_t type) const {
    if (!at_[type]) return {};
    const std::string_view bytes(static_cast<const char*>(mnl_attr_get_payload(at_[type])),
                                 mnl_attr_get_payload_len(at_[type]));
    return bytes.substr(0, bytes.find('\0'));
  }

  std::optional<net::MacAddress> mac(std::uint16_t type) const {
    if (!at_[type] || mnl_attr_get_payload_len(at_[type]) != sizeof(net::MacAddress)) return std::nullopt;
    return number<net::MacAddress>(type);
  }

  std::optional<net::Address> address(std::uint16_t type, int family) const {
    if (family == AF_INET)
      if (const auto v4 = number<net::Ipv4Address>(type)) return net::Address(*v4);
    if (family == AF_INET6)
      if (const auto v6 = number<net::Ipv6Address>(type)) return net::Address(*v6);
    return std::nullopt;
  }

 private:
  static int enter(const nlattr* attribute, void* self) {
    const std::uint16_t type = mnl_attr_get_type(attribute);
    if (type <= most) static_cast<Attributes*>(self)->at_[type] = attribute;
    return MNL_CB_OK;
  }

  std::array<const nlattr*, most + 1> at_{};
};

template <class Header>
const Header& header_of(const nlmsghdr& message) {
  return *static_cast<const Header*>(mnl_nlmsg_get_payload(&message));
}

bool is_internet(int family) { return family == AF_INET || family == AF_INET6; }

net::Address any_address(int family) { return {family == AF_INET ? net::Family::ipv4 : net::Family::ipv6, {}}; }

// --- Links and their addresses -----------------------------------------------------------------------------------------

void parse_kind(const nlattr* link_info, Link& link) {
  const Attributes info(link_info);
  const std::string_view kind = info.text(IFLA_INFO_KIND);
  if (kind == "macvlan") link.kind = LinkKind::macvlan;
  if (kind != "vlan") return;
  const Attributes data(info[IFLA_INFO_DATA]);
  const auto id = data.number<std::uint16_t>(IFLA_VLAN_ID);
  const auto protocol = data.number<net::Big16>(IFLA_VLAN_PROTOCOL);
  if (!id || (protocol && *protocol != net::EtherType::vlan)) return;
  link.kind = LinkKind::vlan;
  link.vlan = *id;
}

std::optional<Event> parse_link(const nlmsghdr& message, bool gone) {
  const auto& header = header_of<ifinfomsg>(message);
  if (header.ifi_family != AF_UNSPEC) return std::nullopt;  // a bridge speaks of its port, which lives on
  const Attributes attributes(message, sizeof header);
  Link link{.index = header.ifi_index, .name = std::string(attributes.text(IFLA_IFNAME))};
  link.mac = attributes.mac(IFLA_ADDRESS).value_or(net::MacAddress{});
  link.mtu = attributes.number<std::uint32_t>(IFLA_MTU).value_or(0);
  link.up = (header.ifi_flags & IFF_UP) != 0;
  link.carrier = attributes.number<std::uint8_t>(IFLA_CARRIER).value_or(0) != 0;
  // The index of a parent in another namespace may be somebody else's here.
  if (!attributes[IFLA_LINK_NETNSID]) link.parent = attributes.number<int>(IFLA_LINK).value_or(0);
  parse_kind(attributes[IFLA_LINKINFO], link);
  return LinkEvent{link, gone};
}

std::optional<Event> parse_address(const nlmsghdr& message, bool gone) {
  const auto& header = header_of<ifaddrmsg>(message);
  const Attributes attributes(message, sizeof header);
  // On a point-to-point link IFA_ADDRESS is the other end's.
  auto address = attributes.address(IFA_LOCAL, header.ifa_family);
  if (!address) address = attributes.address(IFA_ADDRESS, header.ifa_family);
  if (!address) return std::nullopt;
  const std::uint32_t flags = attributes.number<std::uint32_t>(IFA_FLAGS).value_or(header.ifa_flags);
  return AddressEvent{{.link = static_cast<int>(header.ifa_index),
                       .prefix = {*address, header.ifa_prefixlen},
                       .usable = (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) == 0,
                       .is_global = header.ifa_scope < RT_SCOPE_LINK},
                      gone};
}

// --- Routes --------------------------------------------------------------------------------------------------------------

/// RTA_VIA has the family before the address: an IPv4 route by an IPv6 gateway (RFC 5549).
std::optional<net::Address> parse_via(const Attributes& attributes) {
  struct Via4 {
    std::uint16_t family;
    net::Ipv4Address address;
  };
  struct Via6 {
    std::uint16_t family;
    net::Ipv6Address address;
  };
  const auto via4 = attributes.number<Via4>(RTA_VIA);
  if (via4 && via4->family == AF_INET) return net::Address(via4->address);
  const auto via6 = attributes.number<Via6>(RTA_VIA);
  if (via6 && via6->family == AF_INET6) return net::Address(via6->address);
  return std::nullopt;
}

RouteHop parse_hop(const Attributes& attributes, int family, int link, unsigned flags) {
  RouteHop hop{.link = link, .gateway = attributes.address(RTA_GATEWAY, family), .dead = (flags & RTNH_F_DEAD) != 0};
  if (attributes[RTA_VIA]) hop.gateway = parse_via(attributes);
  // A next hop that wraps its packets (MPLS, SRv6) is none that Fairway can send by.
  if (attributes[RTA_ENCAP] || (attributes[RTA_VIA] && !hop.gateway)) hop.link = 0;
  return hop;
}

std::vector<RouteHop> parse_multipath(const nlattr* multipath, int family) {
  std::vector<RouteHop> hops;
  const auto* next = static_cast<const char*>(mnl_attr_get_payload(multipath));
  std::size_t left = mnl_attr_get_payload_len(multipath);
  while (left >= sizeof(rtnexthop)) {
    rtnexthop hop;
    std::memcpy(&hop, next, sizeof hop);
    if (hop.rtnh_len < sizeof hop || hop.rtnh_len > left) break;
    const Attributes attributes(next + sizeof hop, hop.rtnh_len - sizeof hop);
    hops.push_back(parse_hop(attributes, family, hop.rtnh_ifindex, hop.rtnh_flags));
    hops.back().weight = hop.rtnh_hops + 1u;
    const std::size_t step = std::min<std::size_t>(MNL_ALIGN(hop.rtnh_len), left);
    next += step;
    left -= step;
  }
  return hops;
}

bool is_refusal(unsigned type) {
  return type == RTN_BLACKHOLE || type == RTN_UNREACHABLE || type == RTN_PROHIBIT || type == RTN_THROW;
}

std::optional<Event> parse_route(const nlmsghdr& message, bool gone) {
  const auto& header = header_of<rtmsg>(message);
  const Attributes attributes(message, sizeof header);
  if (!is_internet(header.rtm_family) || header.rtm_tos != 0 || header.rtm_src_len != 0 ||
      (header.rtm_flags & RTM_F_CLONED) != 0)
    return std::nullopt;
  const auto table = attributes.number<std::uint32_t>(RTA_TABLE).value_or(header.rtm_table);
  const bool is_local = table == RT_TABLE_LOCAL && header.rtm_type == RTN_LOCAL;
  const bool is_way = table == RT_TABLE_MAIN && (header.rtm_type == RTN_UNICAST || is_refusal(header.rtm_type));
  if (!is_local && !is_way) return std::nullopt;

  const auto destination = attributes.address(RTA_DST, header.rtm_family);
  KernelRoute route{.destination = {destination.value_or(any_address(header.rtm_family)), header.rtm_dst_len},
                    .is_local = is_local};
  if (is_local) return RouteEvent{route, gone};
  route.metric = attributes.number<std::uint32_t>(RTA_PRIORITY).value_or(0);
  route.source = attributes.address(RTA_PREFSRC, header.rtm_family);
  route.mtu = Attributes(attributes[RTA_METRICS]).number<std::uint32_t>(RTAX_MTU).value_or(0);
  if (is_refusal(header.rtm_type)) return RouteEvent{route, gone};
  if (attributes[RTA_MULTIPATH])
    route.hops = parse_multipath(attributes[RTA_MULTIPATH], header.rtm_family);
  else
    route.hops = {
        parse_hop(attributes, header.rtm_family, attributes.number<int>(RTA_OIF).value_or(0), header.rtm_flags)};
  return RouteEvent{route, gone};
}

// --- Neighbours ----------------------------------------------------------------------------------------------------------

std::optional<Event> parse_neighbour(const nlmsghdr& message, bool gone) {
  const auto& header = header_of<ndmsg>(message);
  const Attributes attributes(message, sizeof header);
  const auto address = attributes.address(NDA_DST, header.ndm_family);
  if (!address || net::is_multicast(*address)) return std::nullopt;
  if ((header.ndm_flags & NTF_PROXY) || (header.ndm_state & NUD_NOARP)) return std::nullopt;
  const std::uint32_t more_flags = attributes.number<std::uint32_t>(NDA_FLAGS_EXT).value_or(0);
  return NeighbourEvent{{{.link = header.ndm_ifindex, .address = *address},
                         {.mac = attributes.mac(NDA_LLADDR),
                          .state = static_cast<NeighbourState>(header.ndm_state),
                          .managed = (more_flags & NTF_EXT_MANAGED) != 0}},
                        gone};
}

template <class Header>
bool holds(const nlmsghdr& message) {
  return mnl_nlmsg_get_payload_len(&message) >= sizeof(Header);
}

}  // namespace

std::optional<Event> parse_message(const nlmsghdr& message) {
  const auto type = message.nlmsg_type;
  if ((type == RTM_NEWLINK || type == RTM_DELLINK) && holds<ifinfomsg>(message))
    return parse_link(message, type == RTM_DELLINK);
  if ((type == RTM_NEWADDR || type == RTM_DELADDR) && holds<ifaddrmsg>(message))
    return parse_address(message, type == RTM_DELADDR);
  if ((type == RTM_NEWROUTE || type == RTM_DELROUTE) && holds<rtmsg>(message))
    return parse_route(message, type == RTM_DELROUTE);
  if ((type == RTM_NEWNEIGH || type == RTM_DELNEIGH) && holds<ndmsg>(message))
    return parse_neighbour(message, type == RTM_DELNEIGH);
  return std::nullopt;
}

}  // namespace fairway::route
