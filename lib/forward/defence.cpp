// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "forward/defence.hpp"

namespace fairway::forward {
namespace {

constexpr std::uint32_t always = 3;

bool is_on(std::uint32_t mode, bool is_crowded) { return mode == always || (mode != 0 && is_crowded); }

}  // namespace

void Defence::update(const service::Settings& settings, std::uint32_t free_places) noexcept {
  const std::uint32_t least = settings.amemthresh;
  const bool is_crowded = free_places < least;
  drops_entries_ = is_on(settings.drop_entry, is_crowded);
  machines_ = is_on(settings.secure_tcp, is_crowded) ? &conn::tcp::secure_machines : &conn::tcp::machines;
  if (settings.drop_packet == always) {
    drop_rate_ = settings.am_droprate;
  } else if (is_on(settings.drop_packet, is_crowded)) {
    // The fewer places are left, the more is dropped; everything when there is none.
    drop_rate_ = until_drop_ = least / (least - free_places);
  } else {
    drop_rate_ = 0;
  }
}

bool Defence::drops(const conn::Hot& entry, base::Stamp now) noexcept {
  switch (entry.state) {
    case conn::State::syn_recv:
    case conn::State::synack: return true;
    case conn::State::established:
    case conn::State::udp: return drops_idle(entry, now);
    default: return false;
  }
}

bool Defence::drops_idle(const conn::Hot& entry, base::Stamp now) noexcept {
  constexpr std::uint32_t idle_for = 60'000;  // milliseconds
  const std::uint32_t packets = entry.in_packets;
  if (base::elapsed(entry.last_seen, now) < idle_for || packets == 0 || packets > few_packets) return false;
  if (--until_end_[packets] > 0) return false;
  until_end_[packets] = static_cast<std::int8_t>(packets);
  return true;
}

}  // namespace fairway::forward
