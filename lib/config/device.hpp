// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace fairway::config {

/// A DPDK device as the file names it: a PCI address or a virtual device, with the driver's arguments.
struct Device {
  std::string driver;  // of a virtual device: net_tap, ...; empty: PCI
  std::string name;    // 0000:03:00.0 (with its domain, in lower case), or net_tap0
  std::vector<std::pair<std::string, std::string>> arguments;

  bool is_virtual() const { return !driver.empty(); }
  /// The value of an argument, empty if it is not given.
  std::string_view argument(std::string_view key) const;
  /// The Linux interface that this device opens or makes, empty if it is none or has a name made up by its driver.
  std::string_view linux_interface() const;
};

/// Takes "03:00.0", "0000:03:00.0" and "net_tap0,iface=x": PCI and the virtual devices that Fairway knows, with the
/// arguments that they cannot do without.
base::Result<Device> parse_device(std::string_view text);

}  // namespace fairway::config
