// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "route/tap.hpp"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace fairway::route {
namespace {

std::string why_not_attached(int error) {
  switch (error) {
    case EBUSY: return "another process holds it";
    case EINVAL: return "the name belongs to a device that is no TAP of one queue";
    case EPERM: return "that needs CAP_NET_ADMIN";
    default: return std::strerror(error);
  }
}

base::Error failure(const std::string& what, const base::Error& reason) { return {what + ": " + reason.message}; }

base::Result<Link> find_link(Netlink& netlink, const std::string& name) {
  const auto links = netlink.links();
  if (!links) return links.error();
  const auto found = std::ranges::find(*links, name, &Link::name);
  if (found == links->end()) return base::Error{"there is no interface " + name};
  return *found;
}

base::Result<std::vector<LinkAddress>> addresses_of(Netlink& netlink, int link) {
  auto addresses = netlink.addresses();
  if (addresses) std::erase_if(*addresses, [=](const LinkAddress& address) { return address.link != link; });
  return addresses;
}

}  // namespace

base::Result<Tap> Tap::open(const std::string& name) {
  const std::string what = "cannot open the kernel interface " + name;
  if (name.empty() || name.size() >= IFNAMSIZ) return base::Error{what + ": a name has 1 to 15 characters"};
  Tap tap(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (tap.descriptor_ < 0) return base::Error{what + ": /dev/net/tun: " + std::strerror(errno)};

  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  if (::ioctl(tap.descriptor_, TUNSETIFF, &request) < 0) return base::Error{what + ": " + why_not_attached(errno)};
  if (name != request.ifr_name) return base::Error{what + ": the kernel takes that name for a pattern"};
  // An earlier holder may have left offloads on; without them the kernel finishes checksums and segments itself.
  if (::ioctl(tap.descriptor_, TUNSETOFFLOAD, 0) < 0 || ::ioctl(tap.descriptor_, TUNSETPERSIST, 1) < 0)
    return base::Error{what + ": " + std::strerror(errno)};
  return tap;
}

Tap& Tap::operator=(Tap&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

Tap::~Tap() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

base::Result<void> set_up_twin(Netlink& netlink, const PortSettings& port) {
  const auto link = find_link(netlink, port.twin);
  if (!link) return link.error();
  LinkChange change;
  if (link->mac != port.mac) change.mac = port.mac;
  if (link->mtu != port.mtu) change.mtu = port.mtu;
  if (change.mac || change.mtu)
    if (auto done = netlink.change_link(link->index, change); !done)
      return failure("cannot give " + port.twin + " the MAC address " + net::to_string(port.mac) + " and MTU " +
                         std::to_string(port.mtu),
                     done.error());

  const auto present = addresses_of(netlink, link->index);
  if (!present) return present.error();
  for (const net::Prefix& prefix : port.addresses) {
    if (std::ranges::find(*present, prefix, &LinkAddress::prefix) != present->end()) continue;
    if (auto done = netlink.add_address(link->index, prefix); !done)
      return failure("cannot put " + net::to_string(prefix) + " on " + port.twin, done.error());
  }
  if (auto done = netlink.change_link(link->index, {.up = true}); !done)
    return failure("cannot set " + port.twin + " up", done.error());
  return {};
}

base::Result<void> add_to_twin(Netlink& netlink, const std::string& twin, const net::Prefix& prefix) {
  const auto link = find_link(netlink, twin);
  if (!link) return link.error();
  if (auto done = netlink.add_address(link->index, prefix); !done)
    return failure("cannot put " + net::to_string(prefix) + " on " + twin, done.error());
  return {};
}

base::Result<void> take_from_twin(Netlink& netlink, const std::string& twin, const net::Prefix& prefix) {
  const auto link = find_link(netlink, twin);
  if (!link) return link.error();
  const auto present = addresses_of(netlink, link->index);
  if (!present) return present.error();
  if (std::ranges::find(*present, prefix, &LinkAddress::prefix) == present->end()) return {};
  if (auto done = netlink.delete_address(link->index, prefix); !done)
    return failure("cannot take " + net::to_string(prefix) + " from " + twin, done.error());
  return {};
}

base::Result<void> check_has_no_addresses(Netlink& netlink, const std::string& device) {
  const auto link = find_link(netlink, device);
  if (!link) return link.error();
  const auto present = addresses_of(netlink, link->index);
  if (!present) return present.error();
  for (const LinkAddress& address : *present)
    if (address.is_global || address.prefix.address.is_v4())
      return base::Error{device + " has the address " + net::to_string(address.prefix) +
                         " of its own, so Linux would answer there as well as on the port's kernel interface;"
                         " remove it: ip address flush dev " +
                         device};
  return {};
}

}  // namespace fairway::route
