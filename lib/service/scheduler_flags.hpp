// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fairway::service {

/// An option that one scheduler has.
enum class SchedulerFlag : std::uint8_t { sh_fallback, sh_port, mh_fallback, mh_port };

struct SchedulerFlagInfo {
  SchedulerFlag flag;
  std::string_view name;       // as `ipvsadm -b` takes it
  std::string_view scheduler;  // whose it is
  std::uint32_t kernel_bit;    // of IP_VS_SVC_F_SCHED1 and following: what a flag means depends on the scheduler
};

/// In the order in which ipvsadm lists them.
inline constexpr std::array scheduler_flags{SchedulerFlagInfo{SchedulerFlag::sh_fallback, "sh-fallback", "sh", 0x08},
                                            SchedulerFlagInfo{SchedulerFlag::sh_port, "sh-port", "sh", 0x10},
                                            SchedulerFlagInfo{SchedulerFlag::mh_fallback, "mh-fallback", "mh", 0x08},
                                            SchedulerFlagInfo{SchedulerFlag::mh_port, "mh-port", "mh", 0x10}};

/// A set of them.
class SchedulerFlags {
 public:
  constexpr bool has(SchedulerFlag flag) const noexcept { return (bits_ & bit(flag)) != 0; }
  constexpr void add(SchedulerFlag flag) noexcept { bits_ = static_cast<std::uint8_t>(bits_ | bit(flag)); }
  constexpr bool empty() const noexcept { return bits_ == 0; }
  constexpr bool operator==(const SchedulerFlags&) const = default;

 private:
  static constexpr unsigned bit(SchedulerFlag flag) { return 1u << static_cast<unsigned>(flag); }

  std::uint8_t bits_ = 0;
};

std::optional<SchedulerFlag> parse_scheduler_flag(std::string_view name);
/// "sh-fallback,sh-port", as ipvsadm takes and prints them; empty if there are none.
std::string to_string(SchedulerFlags flags);
/// The other way round, in any order. Nothing if one of them is unknown.
std::optional<SchedulerFlags> parse_scheduler_flags(std::string_view list);

}  // namespace fairway::service
