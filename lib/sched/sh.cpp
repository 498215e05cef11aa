// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <algorithm>
#include <array>

#include "sched/hash.hpp"
#include "sched/registry.hpp"

/// Source hashing: a client's address says which server, without anything being remembered. Servers have buckets of a table
/// by their weights. If a client's server takes no connections, nobody does, unless flag sh-fallback looks for another.
namespace fairway::sched {
namespace {

constexpr unsigned bits = 8;  // the kernel's default, CONFIG_IP_VS_SH_TAB_BITS
constexpr std::uint32_t buckets = 1u << bits;

struct Table final : service::SchedulerTable {
  std::array<std::uint32_t, buckets> server{};  // its index in the service's list
};

class SourceHashing final : public Scheduler {
 public:
  std::string_view name() const noexcept override { return "sh"; }

  /// Round the list, each server as many buckets in a row as its weight, but at least one, until all are filled.
  std::unique_ptr<service::SchedulerTable> table(const service::Service& service) const override {
    auto table = std::make_unique<Table>();
    if (service.servers.empty()) return table;
    for (std::uint32_t bucket = 0, server = 0; bucket < buckets;) {
      const std::uint32_t end = bucket + std::min(std::max(service.servers[server].weight, 1u), buckets - bucket);
      while (bucket < end) table->server[bucket++] = server;
      server = server + 1 < service.servers.size() ? server + 1 : 0;
    }
    return table;
  }

  const service::Server* pick(const Question& question) const noexcept override {
    const service::Service& service = question.service;
    if (service.servers.empty()) return nullptr;
    const std::uint32_t port =
        service.scheduler_flags.has(service::SchedulerFlag::sh_port) ? client_port_of(question.packet) : 0;
    const std::uint32_t bucket = golden_hash(port + client_of(question.packet), bits);
    const service::Server* server = at(service, bucket);
    if (takes_connections(question.loads, *server)) return server;
    const bool falls_back = service.scheduler_flags.has(service::SchedulerFlag::sh_fallback);
    return falls_back ? fall_back(question, bucket) : nullptr;
  }

 private:
  static const service::Server* at(const service::Service& service, std::uint32_t bucket) noexcept {
    return &service.servers[static_cast<const Table&>(*service.table).server[bucket]];
  }

  /// The kernel adds the bucket a second time: the search begins at twice its number.
  static const service::Server* fall_back(const Question& question, std::uint32_t bucket) noexcept {
    for (std::uint32_t offset = 0; offset < buckets; ++offset) {
      const service::Server* server = at(question.service, (2 * bucket + offset) % buckets);
      if (takes_connections(question.loads, *server)) return server;
    }
    return nullptr;
  }
};

}  // namespace

const Scheduler& source_hashing() noexcept {
  static const SourceHashing scheduler;
  return scheduler;
}

}  // namespace fairway::sched
