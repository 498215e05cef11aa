// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "service/table.hpp"

#include <utility>

namespace fairway::service {
namespace {

/// Protocol and port are zero: the address alone.
Endpoint address_only(const Endpoint& endpoint) {
  return {.address = endpoint.address, .port = {}, .protocol = {}, .family = endpoint.family};
}

}  // namespace

Endpoint endpoint_of(const ServiceKey& key) {
  return key.is_mark() ? endpoint_of_mark(key.mark, key.address.family)
                       : endpoint_of(key.protocol, key.address, key.port);
}

/// No packet has protocol 0 on its way to a service, so a mark is mistaken for no address.
Endpoint endpoint_of_mark(std::uint32_t mark, net::Family family) {
  return {.address = net::AddressBytes(net::Ipv4Address(mark)), .port = {}, .protocol = {}, .family = family};
}

Endpoint endpoint_of(net::Protocol protocol, const net::Address& address, net::ServicePort port) {
  return {.address = address.bytes, .port = port, .protocol = protocol, .family = address.family};
}

Table::Table(Retire retire, void* context)
    : services_(retire, context),
      nat_servers_(retire, context),
      nat_servers_now_(retire, context),
      addresses_(retire, context),
      retire_(retire),
      context_(context) {}

bool Table::concerns(const net::Address& address) const noexcept {
  return addresses_.contains({.address = address.bytes, .port = {}, .protocol = {}, .family = address.family});
}

void Table::set_special(Special special, bool is_there) {
  const std::uint8_t others = specials() & static_cast<std::uint8_t>(~special);
  specials_.store(others | (is_there ? special : 0), std::memory_order_release);
}

void Table::count_special_service(const ServiceKey& key, int change) {
  if (key.is_mark())
    mark_services_ += change;
  else if (key.port.host() == 0)
    any_port_services_ += change;
  else if (key.port == ftp_port)
    ftp_services_ += change;
  set_special(marks, mark_services_ > 0 && !mark_rules().empty());
  set_special(any_port, any_port_services_ > 0);
  set_special(ftp, ftp_services_ > 0);
}

void Table::count_any_port_server(const Endpoint& endpoint, int change) {
  if (endpoint.port.host() == 0) set_special(any_port_server, (any_port_servers_ += change) > 0);
}

void Table::put(const Service& service) {
  const Endpoint endpoint = endpoint_of(service.key);
  const bool is_new = !services_.find(endpoint);
  if (!service.key.is_mark() && is_new) addresses_.acquire(address_only(endpoint));
  services_.put(endpoint, &service);
  if (is_new) count_special_service(service.key, 1);
}

bool Table::remove(const ServiceKey& key) {
  const Endpoint endpoint = endpoint_of(key);
  if (!services_.remove(endpoint)) return false;
  count_special_service(key, -1);
  if (!key.is_mark()) addresses_.release(address_only(endpoint));
  return true;
}

void Table::put(const Settings& settings) {
  auto next = std::make_shared<const Settings>(settings);
  settings_.store(next.get(), std::memory_order_release);
  retire_(context_, std::exchange(owned_settings_, std::move(next)));
}

void Table::put(MarkRules rules) {
  auto next = std::make_shared<const MarkRules>(std::move(rules));
  mark_rules_.store(next.get(), std::memory_order_release);
  set_special(marks, mark_services_ > 0 && !next->empty());
  retire_(context_, std::exchange(owned_mark_rules_, std::move(next)));
}

void Table::add_nat_server(const Endpoint& endpoint) {
  count_any_port_server(endpoint, 1);
  nat_servers_.acquire(endpoint);
  addresses_.acquire(address_only(endpoint));
}

void Table::remove_nat_server(const Endpoint& endpoint) {
  count_any_port_server(endpoint, -1);
  nat_servers_.release(endpoint);
  addresses_.release(address_only(endpoint));
}

}  // namespace fairway::service
