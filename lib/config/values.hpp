// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "net/address.hpp"

/// Texts of single values, wherever they come from. Errors say what is wrong with the text, quoting it.
namespace fairway::config {

/// A decimal whole number, as one writes it: no leading zeros, sign only if negative, no base, no exponent.
base::Result<std::int64_t> parse_number(std::string_view text);

/// Seconds of "300" or "300s", "5m", "2h".
base::Result<std::int64_t> parse_duration(std::string_view text);

/// Numbers and ranges of CPUs, each CPU once, in the order written: "2-5", "1,3", "2-5,8". CPUs are 0 to 1023, the kernel's
/// CPU_SETSIZE.
base::Result<std::vector<unsigned>> parse_cpu_list(std::string_view text);

/// An address that can be an interface's: 192.168.4.5/24, 2001:db8::5/64.
base::Result<net::Prefix> parse_interface_address(std::string_view text);

/// What one machine can have as its own address: neither unspecified nor multicast nor 255.255.255.255.
bool is_unicast(const net::Address& address);

/// The kernel's rule (dev_valid_name), and no '%', which would make it number the name.
base::Result<void> check_interface_name(std::string_view name);

}  // namespace fairway::config
