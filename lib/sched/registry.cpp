// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "sched/registry.hpp"

#include <array>

namespace fairway::sched {

// A list, not constructors that register themselves: the linker drops what nobody names.
std::span<const Scheduler* const> all() noexcept {
  static const std::array schedulers{&round_robin(),
                                     &weighted_round_robin(),
                                     &least_connection(),
                                     &weighted_least_connection(),
                                     &locality_least_connection(),
                                     &locality_with_replication(),
                                     &destination_hashing(),
                                     &source_hashing(),
                                     &shortest_expected_delay(),
                                     &never_queue(),
                                     &maglev_hashing(),
                                     &failover(),
                                     &overflow(),
                                     &two_choices()};
  return schedulers;
}

const Scheduler* find(std::string_view name) noexcept {
  for (const Scheduler* scheduler : all())
    if (scheduler->name() == name) return scheduler;
  return nullptr;
}

}  // namespace fairway::sched
