// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <span>
#include <string_view>

#include "sched/scheduler.hpp"

namespace fairway::sched {

/// Every scheduler there is, in the order of the documentation.
std::span<const Scheduler* const> all() noexcept;

/// By the name that ipvsadm knows it by; null if there is none.
const Scheduler* find(std::string_view name) noexcept;
inline bool is_known(std::string_view name) { return find(name) != nullptr; }

// One line a scheduler, each in a file of its name.
const Scheduler& round_robin() noexcept;
const Scheduler& weighted_round_robin() noexcept;
const Scheduler& least_connection() noexcept;
const Scheduler& weighted_least_connection() noexcept;
const Scheduler& locality_least_connection() noexcept;
const Scheduler& locality_with_replication() noexcept;
const Scheduler& destination_hashing() noexcept;
const Scheduler& source_hashing() noexcept;
const Scheduler& shortest_expected_delay() noexcept;
const Scheduler& never_queue() noexcept;
const Scheduler& maglev_hashing() noexcept;
const Scheduler& failover() noexcept;
const Scheduler& overflow() noexcept;
const Scheduler& two_choices() noexcept;

}  // namespace fairway::sched
