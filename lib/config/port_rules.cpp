// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "config/device.hpp"
#include "config/rules.hpp"

namespace fairway::config {
namespace {

/// What a port has for itself alone.
void claim_names(const Placed<PortDraft>& placed, Claims& claims, Problems& problems) {
  const Port& port = placed.value.port;
  if (placed.is_read("name")) claims.claim("the port name '" + port.name + "'", placed.mark_of("name"), problems);
  if (!port.kernel_interface.empty())
    claims.claim("the Linux interface '" + port.kernel_interface + "'", placed.mark_of("kernel_interface"), problems);
  const auto device = parse_device(port.device);
  if (!device) return;  // reported when it was read
  claims.claim("the device " + device->name, placed.mark_of("device"), problems);
  if (const std::string interface(device->linux_interface()); !interface.empty())
    claims.claim("the Linux interface '" + interface + "'", placed.mark_of("device"), problems);
}

void claim_addresses(const PortDraft& draft, Claims& claims, Problems& problems) {
  for (std::size_t i = 0; i < draft.port.addresses.size(); ++i)
    claims.claim("the address " + net::to_string(draft.port.addresses[i].address), draft.address_marks[i], problems);
}

/// Without a twin nobody resolves the gateway; with one nobody asks for it.
void check_gateway(const Placed<PortDraft>& placed, Problems& problems) {
  const Port& port = placed.value.port;
  if (!port.gateway) return;
  if (placed.has("kernel_interface"))
    problems.add(placed.mark_of("gateway"),
                 "gateway: a port with a kernel_interface has none; the kernel's routes say where packets go");
  else if (placed.is_read("neighbours") && !port.neighbours.contains(*port.gateway))
    problems.add(placed.mark_of("gateway"), "gateway: " + net::to_string(*port.gateway) +
                                                " is none of this port's neighbours, and without a kernel_interface "
                                                "nobody finds its MAC address");
}

}  // namespace

void Claims::claim(const std::string& what, Mark mark, Problems& problems) {
  const auto [place, is_new] = first_.emplace(what, mark);
  if (!is_new) problems.add(mark, what + " stands already on line " + std::to_string(place->second.line));
}

void check_director(const Draft& draft, Problems& problems) {
  const Placed<Director>& placed = draft.director;
  const bool is_read = placed.is_read("connections") && placed.is_read("workers");
  if (is_read && placed.value.connections < placed.value.worker_count)
    problems.add(
        placed.mark_of("connections"),
        "connections: fewer than the " + std::to_string(placed.value.worker_count) + " workers that share them");
}

void check_ports(const Draft& draft, Problems& problems) {
  Claims claims;
  for (const Placed<PortDraft>& placed : draft.ports) {
    claim_names(placed, claims, problems);
    claim_addresses(placed.value, claims, problems);
    check_gateway(placed, problems);
  }
}

}  // namespace fairway::config
