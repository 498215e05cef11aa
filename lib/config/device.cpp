// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "config/device.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "config/problem.hpp"
#include "config/values.hpp"

namespace fairway::config {
namespace {

struct Driver {
  std::string_view name;
  std::string_view required;  // the argument without which DPDK refuses the device; empty: none
  bool opens_interface;       // its iface= is the name of a Linux interface
};

constexpr std::array<Driver, 9> drivers{{{"net_af_packet", "iface", true},
                                         {"net_af_xdp", "iface", true},
                                         {"net_memif", "", false},
                                         {"net_null", "", false},
                                         {"net_pcap", "", false},
                                         {"net_ring", "", false},
                                         {"net_tap", "", true},
                                         {"net_vhost", "iface", false},
                                         {"net_virtio_user", "path", false}}};

const Driver* driver_of(std::string_view name) {
  const auto found =
      std::find_if(drivers.begin(), drivers.end(), [&](const Driver& d) { return name.starts_with(d.name); });
  return found == drivers.end() ? nullptr : &*found;
}

/// Takes `digits` hexadecimal digits and what has to follow them off the front.
bool take_hex(std::string_view& text, std::size_t digits, std::string_view then) {
  const auto is_hex = [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; };
  if (text.size() < digits || !std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(digits), is_hex))
    return false;
  text.remove_prefix(digits);
  if (!text.starts_with(then)) return false;
  text.remove_prefix(then.size());
  return true;
}

/// [DOMAIN:]BUS:DEVICE.FUNCTION with its domain, in lower case.
std::optional<std::string> parse_pci(std::string_view text) {
  std::string_view rest = text;
  const bool has_domain = std::count(text.begin(), text.end(), ':') == 2;
  const std::size_t digits = text.find(':');  // more than four where a controller makes domains of its own (VMD)
  if (has_domain && (digits < 4 || digits > 8 || !take_hex(rest, digits, ":"))) return std::nullopt;
  if (!take_hex(rest, 2, ":") || !take_hex(rest, 2, ".")) return std::nullopt;
  if (rest.size() != 1 || rest[0] < '0' || rest[0] > '7') return std::nullopt;
  std::string name = (has_domain ? "" : "0000:") + std::string(text);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  return name;
}

base::Result<void> take_arguments(std::string_view text, Device& device) {
  const auto refused = [](unsigned char c) { return c <= 0x20 || c == 0x7f; };
  for (std::size_t comma = text.find(','); comma != std::string_view::npos;) {
    text.remove_prefix(comma + 1);
    comma = text.find(',');
    const std::string_view argument = text.substr(0, comma);
    const std::size_t equals = argument.find('=');
    if (argument.empty() || equals == 0 || std::any_of(argument.begin(), argument.end(), refused))
      return base::Error{quoted(argument) + " is no argument of a device such as iface=eth1"};
    const auto value = equals == std::string_view::npos ? "" : argument.substr(equals + 1);
    device.arguments.emplace_back(argument.substr(0, equals), value);
  }
  return {};
}

/// The rules of a virtual device's name and arguments.
base::Result<void> check_virtual(const Device& device, const Driver& driver) {
  constexpr std::size_t longest = 63;  // RTE_DEV_NAME_MAX_LEN - 1
  const auto allowed = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  if (device.name.size() > longest || !std::all_of(device.name.begin(), device.name.end(), allowed))
    return base::Error{quoted(device.name) + " is no name of a virtual device such as net_tap0"};
  if (!driver.required.empty() && device.argument(driver.required).empty())
    return base::Error{std::string(driver.name) + " needs " + std::string(driver.required) + "=, as in " + device.name +
                       "," + std::string(driver.required) + "=" + (driver.opens_interface ? "eth1" : "/run/x.sock")};
  if (const auto interface = device.linux_interface(); !interface.empty()) return check_interface_name(interface);
  return {};
}

}  // namespace

std::string_view Device::argument(std::string_view key) const {
  const auto found = std::find_if(arguments.begin(), arguments.end(), [&](const auto& a) { return a.first == key; });
  return found == arguments.end() ? std::string_view{} : found->second;
}

std::string_view Device::linux_interface() const {
  const Driver* known = is_virtual() ? driver_of(driver) : nullptr;
  return known != nullptr && known->opens_interface ? argument("iface") : std::string_view{};
}

base::Result<Device> parse_device(std::string_view text) {
  Device device;
  const std::string_view name = text.substr(0, text.find(','));
  const Driver* driver = driver_of(name);
  if (const auto pci = parse_pci(name)) {
    device.name = *pci;
  } else if (driver != nullptr) {
    device.driver = driver->name;
    device.name = name;
  } else {
    std::string known;
    for (const Driver& each : drivers) known += (known.empty() ? "" : ", ") + std::string(each.name);
    return base::Error{quoted(name) + " is neither a PCI address such as 0000:03:00.0 nor a virtual device (" + known +
                       ")"};
  }
  if (const auto taken = take_arguments(text, device); !taken) return taken.error();
  if (driver != nullptr)
    if (const auto sound = check_virtual(device, *driver); !sound) return sound.error();
  return device;
}

}  // namespace fairway::config
