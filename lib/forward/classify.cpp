// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "forward/classify.hpp"

namespace fairway::forward {
namespace {

service::Endpoint destination_of(const net::Tuple4& tuple) noexcept {
  return service::endpoint_of(tuple.protocol, tuple.destination, tuple.destination_port);
}

service::Endpoint source_of(const net::Tuple4& tuple) noexcept {
  return service::endpoint_of(tuple.protocol, tuple.source, tuple.source_port);
}

}  // namespace

Classified classify(Burst& burst, const Context& context) noexcept {
  Classified classified;
  for (const std::uint32_t i : burst.missed) {
    const net::Tuple4& tuple = burst.packets[i].tuple;
    if (const service::Service* service = context.services.find(destination_of(tuple))) {
      classified.to_service.add(i);
      classified.services[i] = service;
    } else if (context.services.is_nat_server(source_of(tuple)) || context.services.find(source_of(tuple))) {
      classified.from_server.add(i);
    } else {
      burst.decide(i, Verdict::to_kernel);
    }
  }
  return classified;
}

void hand_over(Burst& burst, const Classified& classified, const Context& context) noexcept {
  const auto is_ours = [&](std::uint32_t i, const net::Address& client, net::ServicePort port) {
    const unsigned owner = owner_of(client, port, context.workers);
    if (owner == context.worker) return true;
    burst.owners[i] = static_cast<std::uint16_t>(owner);
    burst.decide(i, Verdict::to_other_worker);
    return false;
  };
  for (const std::uint32_t i : classified.to_service) {
    const net::Tuple4& tuple = burst.packets[i].tuple;
    is_ours(i, tuple.source, tuple.source_port);
  }
  for (const std::uint32_t i : classified.from_server) {
    const net::Tuple4& tuple = burst.packets[i].tuple;
    is_ours(i, tuple.destination, tuple.destination_port);
  }
}

}  // namespace fairway::forward
