// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <array>

#include "sched/hash.hpp"
#include "sched/registry.hpp"

/// Destination hashing: the address that a packet goes to says which server. For services of many addresses, such as
/// transparent caches. Weights do not matter, but that a server of weight 0 takes no connections; then nobody does.
namespace fairway::sched {
namespace {

constexpr unsigned bits = 8;  // the kernel's default, CONFIG_IP_VS_DH_TAB_BITS
constexpr std::uint32_t buckets = 1u << bits;

struct Table final : service::SchedulerTable {
  std::array<std::uint32_t, buckets> server{};  // its index in the service's list
};

class DestinationHashing final : public Scheduler {
 public:
  std::string_view name() const noexcept override { return "dh"; }

  std::unique_ptr<service::SchedulerTable> table(const service::Service& service) const override {
    auto table = std::make_unique<Table>();
    if (service.servers.empty()) return table;
    for (std::uint32_t bucket = 0; bucket < buckets; ++bucket)
      table->server[bucket] = static_cast<std::uint32_t>(bucket % service.servers.size());
    return table;
  }

  const service::Server* pick(const Question& question) const noexcept override {
    const service::Service& service = question.service;
    if (service.servers.empty()) return nullptr;
    const std::uint32_t bucket = golden_hash(destination_of(question.packet), bits);
    const service::Server& server = service.servers[static_cast<const Table&>(*service.table).server[bucket]];
    return takes_connections(question.loads, server) ? &server : nullptr;
  }
};

}  // namespace

const Scheduler& destination_hashing() noexcept {
  static const DestinationHashing scheduler;
  return scheduler;
}

}  // namespace fairway::sched
