// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <atomic>
#include <memory>

#include "service/endpoint_set.hpp"
#include "service/marks.hpp"
#include "service/service.hpp"
#include "service/settings.hpp"

namespace fairway::service {

Endpoint endpoint_of(const ServiceKey& key);
Endpoint endpoint_of_mark(std::uint32_t mark, net::Family family);
Endpoint endpoint_of(net::Protocol protocol, const net::Address& address, net::ServicePort port);

/// All services, the mark rules and the settings as the workers find them. Control writes (one thread), every worker reads without waiting.
class Table {
 public:
  using Retire = Directory<Service>::Retire;

  Table(Retire retire, void* context);

  /// Any thread. The service of a packet's destination; null if it is none.
  const Service* find(const Endpoint& destination) const noexcept { return services_.find(destination); }
  /// Any thread. The service of this mark; null if there is none.
  const Service* find_mark(std::uint32_t mark, net::Family family) const noexcept {
    return services_.find(endpoint_of_mark(mark, family));
  }
  /// Any thread; what it returns stays valid during one burst.
  const Settings& settings() const noexcept { return *settings_.load(std::memory_order_acquire); }
  const MarkRules& mark_rules() const noexcept { return *mark_rules_.load(std::memory_order_acquire); }
  /// What there is besides services of one address and port, so that a packet for no service asks no further for it.
  enum Special : std::uint8_t {
    marks = 1,            // rules, and a service by mark
    ftp = 2,              // a service of port 21
    any_port = 4,         // a service of port 0
    any_port_server = 8,  // a NAT server of a service that leaves packets their ports
    local_server = 16,    // a server that is the director itself
  };
  /// Any thread. A set of Special.
  std::uint8_t specials() const noexcept { return specials_.load(std::memory_order_acquire); }
  /// Any thread. True if this is the endpoint of a NAT real server that is configured or still has connections.
  /// One that was added with port 0 (of services by mark, of port 0 or 21) is meant with every port.
  bool is_nat_server(const Endpoint& source) const noexcept {
    if (nat_servers_.contains(source)) return true;
    if ((specials() & any_port_server) == 0) return false;
    Endpoint with_any_port = source;
    with_any_port.port = {};
    return nat_servers_.contains(with_any_port);
  }
  /// Any thread. True if a service has a NAT server of this very address and port now (the kernel's
  /// ip_vs_has_real_service): not a deleted one, and none that was added with port 0.
  bool has_nat_server(const Endpoint& source) const noexcept { return nat_servers_now_.contains(source); }
  /// Any thread. True if some service or NAT real server has this address: what fragments are judged by.
  bool concerns(const net::Address& address) const noexcept;

  /// Control only: publishes this version in the place of the one with the same key, if any.
  void put(const Service& service);
  /// Control only: from now on these count.
  void put(const Settings& settings);
  void put(MarkRules rules);
  /// Control only: false if there was none.
  bool remove(const ServiceKey& key);
  /// Control only: one call of add for each server that comes to life, one of remove when the last connection is gone.
  void add_nat_server(const Endpoint& endpoint);
  void remove_nat_server(const Endpoint& endpoint);
  /// Control only: likewise for each server that comes into a service, or leaves it, or its forwarding method becomes NAT
  /// or another.
  void nat_server_came(const Endpoint& endpoint) { nat_servers_now_.acquire(endpoint); }
  void nat_server_left(const Endpoint& endpoint) { nat_servers_now_.release(endpoint); }
  /// Control only: whether a server is the director itself.
  void set_local_server(bool is_there) { set_special(local_server, is_there); }

  std::size_t size() const { return services_.size(); }

 private:
  void set_special(Special special, bool is_there);
  void count_special_service(const ServiceKey& key, int change);
  void count_any_port_server(const Endpoint& endpoint, int change);

  Directory<Service> services_;
  EndpointSet nat_servers_;      // with deleted ones
  EndpointSet nat_servers_now_;  // without
  EndpointSet addresses_;
  std::shared_ptr<const Settings> owned_settings_ = std::make_shared<Settings>();
  std::shared_ptr<const MarkRules> owned_mark_rules_ = std::make_shared<MarkRules>();
  std::atomic<const Settings*> settings_ = owned_settings_.get();  // control writes, workers read
  std::atomic<const MarkRules*> mark_rules_ = owned_mark_rules_.get();
  std::atomic<std::uint8_t> specials_ = 0;  // control writes, workers read
  int mark_services_ = 0, ftp_services_ = 0, any_port_services_ = 0, any_port_servers_ = 0;
  Retire retire_;
  void* context_;
};

}  // namespace fairway::service
