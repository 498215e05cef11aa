// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <string>

#include "base/result.hpp"
#include "route/layout.hpp"
#include "route/netlink.hpp"

namespace fairway::route {

/// The open end of a twin. The device is persistent: closing it leaves a link without carrier, with its addresses, routes
/// and macvlans, which open() finds again by name.
class Tap {
 public:
  /// Attaches to the TAP device of this name, which is made if there is none. Reads and writes are whole Ethernet frames
  /// and do not block; the kernel has finished their checksums and segments. Error: no rights, no TUN/TAP in the kernel, the name
  /// belongs to another kind of device, another process holds it.
  static base::Result<Tap> open(const std::string& name);

  Tap(Tap&& other) noexcept : descriptor_(other.descriptor_) { other.descriptor_ = -1; }
  Tap& operator=(Tap&& other) noexcept;
  ~Tap();

  int descriptor() const { return descriptor_; }

 private:
  explicit Tap(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
};

/// Gives the port's twin, which must be open, the port's MAC and MTU and those of its addresses that it lacks, and sets it
/// up. What others have put there (keepalived) stays.
base::Result<void> set_up_twin(Netlink& netlink, const PortSettings& port);

/// Puts an address on a twin, or takes it away; nothing happens if it is so already. Linux takes secondary addresses of
/// the same network away with their primary one, unless net.ipv4.conf.*.promote_secondaries says otherwise.
base::Result<void> add_to_twin(Netlink& netlink, const std::string& twin, const net::Prefix& prefix);
base::Result<void> take_from_twin(Netlink& netlink, const std::string& twin, const net::Prefix& prefix);

/// For the Linux device below an af_packet or af_xdp port: an error if it has addresses, because then Linux would answer
/// there as well as on the twin. An IPv6 link-local address, which Linux gives to every link, is no harm: the twin, with
/// the same MAC, has the same one.
base::Result<void> check_has_no_addresses(Netlink& netlink, const std::string& device);

}  // namespace fairway::route
