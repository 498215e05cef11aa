// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "dpdk/eal_log.hpp"

namespace fairway::dpdk {

/// The name of a device, without its arguments: net_tap0 of net_tap0,iface=x. DPDK names its port so.
std::string_view device_name(std::string_view device);

/// True for a PCI address with domain (0000:03:00.0), arguments or not: all else names a virtual device.
bool is_pci_device(std::string_view device);

/// What keeps DPDK from using this PCI device: it is not there, or bound to a driver of Linux, or may not be opened.
base::Result<void> check_pci_device(std::string_view device);

/// Makes a virtual device of its description, such as net_tap0,iface=x. EAL runs, logging to `log`.
base::Result<void> create_virtual_device(const std::string& device, EalLog& log);

}  // namespace fairway::dpdk
