// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "dpdk/devices.hpp"

#include <net/if.h>
#include <rte_build_config.h>
#include <rte_dev.h>
#include <rte_ethdev.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <regex>

namespace fairway::dpdk {
namespace {

namespace fs = std::filesystem;

// Drivers of Linux that DPDK's own drivers work beside.
constexpr std::array<std::string_view, 3> shared_drivers{"mlx4_core", "mlx5_core", "mana"};
constexpr std::array<std::string_view, 3> user_space_drivers{"vfio-pci", "uio_pci_generic", "igb_uio"};

template <class List>
bool contains(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

std::string linux_driver_of(const fs::path& device) {
  std::error_code error;
  const fs::path link = fs::read_symlink(device / "driver", error);
  return error ? std::string() : link.filename().string();
}

base::Result<void> check_vfio(const std::string& name, const fs::path& device) {
  std::error_code error;
  const std::string group = fs::read_symlink(device / "iommu_group", error).filename().string();
  for (const std::string& file : {std::string("/dev/vfio/vfio"), "/dev/vfio/" + group})
    if (!group.empty() && access(file.c_str(), R_OK | W_OK) != 0)
      return base::Error{"PCI device " + name + ": no permission to open " + file};
  return {};
}

bool may_administer_network() {
  constexpr int cap_net_admin = 12;
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("CapEff:")) return (std::stoull(line.substr(7), nullptr, 16) >> cap_net_admin & 1) != 0;
  return true;
}

// net_tap of net_tap0,iface=x
std::string driver_name(std::string_view device) {
  std::string name(device_name(device));
  name.erase(name.find_last_not_of("0123456789") + 1);
  return name;
}

// The value of iface= of a device that takes an interface of Linux over; empty if it does not say, or makes its own.
std::string taken_interface(std::string_view device) {
  const std::string driver = driver_name(device);
  constexpr std::string_view key = ",iface=";
  const std::size_t start = device.find(key);
  if ((driver != "net_af_packet" && driver != "net_af_xdp") || start == std::string_view::npos) return {};
  return std::string(device_name(device.substr(start + key.size())));
}

std::string why_not_created(const std::string& device, int code, const std::string& reason) {
  const std::string driver = driver_name(device);
  std::string text = "cannot create device " + device + ": ";
  // DPDK's words for: no driver took the name.
  if (reason.find("failed to parse device") != std::string::npos)
    return text + "there is no driver " + driver + " in " RTE_EAL_PMD_PATH;
  text += reason.empty() ? std::strerror(code) : reason;
  constexpr std::array<std::string_view, 3> privileged{"net_tap", "net_af_packet", "net_af_xdp"};
  if (contains(privileged, driver) && !may_administer_network())
    text += " (it needs root, or CAP_NET_ADMIN and CAP_NET_RAW)";
  return text;
}

}  // namespace

std::string_view device_name(std::string_view device) { return device.substr(0, device.find(',')); }

bool is_pci_device(std::string_view device) {
  static const std::regex address("[0-9a-fA-F]{4,8}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\\.[0-7]");
  const std::string_view name = device_name(device);
  return std::regex_match(name.begin(), name.end(), address);
}

base::Result<void> check_pci_device(std::string_view device) {
  const std::string name(device_name(device));
  const fs::path path = fs::path("/sys/bus/pci/devices") / name;
  if (!fs::exists(path)) return base::Error{"PCI device " + name + " does not exist on this machine"};
  const std::string driver = linux_driver_of(path);
  if (driver == "vfio-pci") return check_vfio(name, path);
  if (contains(shared_drivers, driver) || contains(user_space_drivers, driver)) return {};
  return base::Error{"PCI device " + name +
                     (driver.empty() ? " has no driver" : " is held by Linux's driver " + driver) +
                     ": bind it to vfio-pci (dpdk-devbind.py --bind=vfio-pci " + name + ")"};
}

base::Result<void> create_virtual_device(const std::string& device, EalLog& log) {
  std::uint16_t port = 0;
  if (rte_eth_dev_get_port_by_name(std::string(device_name(device)).c_str(), &port) == 0)
    return base::Error{"cannot create device " + device + ": one of this name exists"};
  const std::string interface = taken_interface(device);
  if (!interface.empty() && if_nametoindex(interface.c_str()) == 0)
    return base::Error{"cannot create device " + device + ": Linux has no interface " + interface};
  log.start_listening();
  const int result = rte_dev_probe(device.c_str());
  if (result >= 0) return {};
  return base::Error{why_not_created(device, -result, log.reason())};
}

}  // namespace fairway::dpdk
