// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <algorithm>
#include <array>
#include <bit>
#include <numeric>
#include <span>

#include "sched/hash.hpp"
#include "sched/registry.hpp"

/// Maglev hashing: a client's address says which server, as in sh, but when a server comes or goes few clients of the
/// others move ("Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016, section 3.4). The hash keys are the
/// kernel's, so tables are the same on every director with the same servers.
namespace fairway::sched {
namespace {

constexpr std::uint32_t slots = 4093;  // a prime; the kernel's default, CONFIG_IP_VS_MH_TAB_INDEX=12
constexpr int weight_bits = 6;         // half of that index: more than so many significant bits no weight has
constexpr std::uint64_t first_key = 2654435761u, second_key = 2654446892u;

/// SipHash-1-3 (Aumasson and Bernstein) of one 32-bit number, both halves of the key alike, cut to 32 bits: what the
/// kernel's hsiphash is on 64-bit machines.
class SipHash {
 public:
  static std::uint32_t of(std::uint32_t value, std::uint64_t key) noexcept {
    SipHash state(key);
    state.absorb(std::uint64_t{4} << 56 | value);
    return state.finish();
  }

 private:
  explicit SipHash(std::uint64_t key) noexcept
      : v_{0x736f6d6570736575u ^ key, 0x646f72616e646f6du ^ key, 0x6c7967656e657261u ^ key, 0x7465646279746573u ^ key} {
  }

  void absorb(std::uint64_t word) noexcept {
    v_[3] ^= word;
    round();
    v_[0] ^= word;
  }
  std::uint32_t finish() noexcept {
    v_[2] ^= 0xff;
    for (int i = 0; i < 3; ++i) round();
    return static_cast<std::uint32_t>(v_[0] ^ v_[1] ^ v_[2] ^ v_[3]);
  }
  void round() noexcept {
    mix(0, 1, 13);
    v_[0] = std::rotl(v_[0], 32);
    mix(2, 3, 16);
    mix(0, 3, 21);
    mix(2, 1, 17);
    v_[2] = std::rotl(v_[2], 32);
  }
  void mix(int a, int b, int turn) noexcept {
    v_[a] += v_[b];
    v_[b] = std::rotl(v_[b], turn) ^ v_[a];
  }

  std::uint64_t v_[4];
};

struct Table final : service::SchedulerTable {
  std::array<std::uint16_t, slots> server;  // its index in the service's list, counted from its end
  bool is_empty = true;
};

/// The slots of one server, in the order in which it wants them, and how many it takes before the next server's turn.
struct Preference {
  std::uint32_t next;
  std::uint32_t skip;
  std::uint32_t turns;
};

Preference preference_of(const service::Server& server, std::uint32_t divisor, int shift) {
  const std::uint32_t number = server.port.host() + fold(server.address);
  const std::uint32_t turns = server.last_weight / divisor >> shift;
  return {.next = SipHash::of(number, first_key) % slots,
          .skip = SipHash::of(number, second_key) % (slots - 1) + 1,
          .turns = server.last_weight > 0 ? std::max(turns, 1u) : 0};
}

/// In the list's order; empty if no server ever had a weight.
std::vector<Preference> preferences_of(std::span<const service::Server> servers) {
  std::uint32_t divisor = 0, most = 0;
  for (const service::Server& server : servers) {
    divisor = std::gcd(divisor, server.last_weight);
    most = std::max(most, server.last_weight);
  }
  std::vector<Preference> preferences;
  if (divisor == 0) return preferences;
  const int shift = std::max(0, static_cast<int>(std::bit_width(most / divisor)) - weight_bits);
  for (const service::Server& server : servers) preferences.push_back(preference_of(server, divisor, shift));
  return preferences;
}

void populate(Table& table, std::vector<Preference>& preferences) {
  constexpr std::uint16_t nobody = 0xffff;
  table.server.fill(nobody);
  const auto last = static_cast<std::uint32_t>(preferences.size() - 1);
  std::uint32_t filled = 0;
  for (std::uint32_t i = 0; filled < slots; i = i < last ? i + 1 : 0) {
    auto& [next, skip, turns] = preferences[i];
    for (std::uint32_t turn = 0; turn < turns && filled < slots; ++turn, ++filled) {
      while (table.server[next] != nobody) next = (next + skip) % slots;
      table.server[next] = static_cast<std::uint16_t>(last - i);
    }
  }
}

class MaglevHashing final : public Scheduler {
 public:
  std::string_view name() const noexcept override { return "mh"; }

  /// Only as many servers as there are slots: what is added to them gets nothing, as in the kernel.
  std::unique_ptr<service::SchedulerTable> table(const service::Service& service) const override {
    auto table = std::make_unique<Table>();
    const std::span all(service.servers);
    auto preferences = preferences_of(all.last(std::min<std::size_t>(all.size(), slots)));
    table->is_empty = preferences.empty();
    if (!table->is_empty) populate(*table, preferences);
    return table;
  }

  const service::Server* pick(const Question& question) const noexcept override {
    const service::SchedulerFlags flags = question.service.scheduler_flags;
    if (static_cast<const Table&>(*question.service.table).is_empty) return nullptr;
    const std::uint32_t port = flags.has(service::SchedulerFlag::mh_port) ? client_port_of(question.packet) : 0;
    const std::uint32_t client = port + client_of(question.packet);
    const std::uint32_t slot = SipHash::of(client, first_key) % slots;
    const service::Server* server = at(question.service, slot);
    if (takes_connections(question.loads, *server)) return server;
    return flags.has(service::SchedulerFlag::mh_fallback) ? fall_back(question, client, slot) : nullptr;
  }

 private:
  static const service::Server* at(const service::Service& service, std::uint32_t slot) noexcept {
    return &service.servers.rbegin()[static_cast<const Table&>(*service.table).server[slot]];
  }

  static const service::Server* fall_back(const Question& question, std::uint32_t client, std::uint32_t slot) noexcept {
    for (std::uint32_t i = 0; i < slots; ++i) {
      const std::uint32_t other = SipHash::of((slot + i) % slots + client, first_key) % slots;
      const service::Server* server = at(question.service, other);
      if (takes_connections(question.loads, *server)) return server;
    }
    return nullptr;
  }
};

}  // namespace

const Scheduler& maglev_hashing() noexcept {
  static const MaglevHashing scheduler;
  return scheduler;
}

}  // namespace fairway::sched
