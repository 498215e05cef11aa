// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "conn/table.hpp"

#include <algorithm>

namespace fairway::conn {

Table::Table(Storage storage, const HashKey& key, service::ServerLine* lines, const Timeouts& timeouts, base::Stamp now)
    : storage_(storage),
      index_(storage.buckets),
      hash_(key),
      lines_(lines),
      timeouts_(timeouts),
      timers_(storage.hot, storage.cold, now),
      free_count_(capacity()) {
  // The lowest slots go first: a table that is never full touches no more memory than it needs.
  for (std::uint32_t i = 0; i < free_count_; ++i) storage_.free[i] = free_count_ - 1 - i;
}

Standing Table::standing_of(const Hot& entry) noexcept {
  if (entry.state == State::udp) return entry.has(Hot::confirmed) ? Standing::settled : Standing::half_open;
  if (is_half_open(entry.state)) return Standing::half_open;
  return is_closing(entry.state) ? Standing::closing : Standing::settled;
}

// A slot can only be used after the burst in which it was freed, so room is made ahead, for as many as one burst may open.
void Table::make_room() noexcept {
  const std::uint32_t enough = std::min<std::uint32_t>(largest_burst, capacity() / 4);
  std::array<std::uint32_t, Timers::most_at_once> slots;
  for (const Standing standing : {Standing::half_open, Standing::closing})
    while (free_count_ + released_ < enough) {
      const std::size_t wanted = std::min<std::size_t>(slots.size(), enough - free_count_ - released_);
      const std::uint32_t count = timers_.take_first(standing, {slots.data(), wanted});
      if (count == 0) break;
      evict({slots.data(), count});
    }
  crowded_ = false;
}

void Table::evict(std::span<const std::uint32_t> slots) noexcept {
  std::array<Hashes, Timers::most_at_once> hashes;
  for (std::size_t i = 0; i < slots.size(); ++i) hashes[i] = prepare_release(slots[i]);
  for (std::size_t i = 0; i < slots.size(); ++i) release(slots[i], hashes[i], true);
  counts_.evicted += slots.size();
}

bool Table::claim_reply_tuple(const net::Tuple4& reply, std::uint64_t hash) noexcept {
  const auto holder = find(reply, hash);
  if (!holder) return true;
  if (!is_closing(hot(holder->slot()).state)) return false;
  expire(holder->slot());
  return true;
}

void Table::fill(std::uint32_t slot, const NewConnection& connection, base::Stamp now) noexcept {
  // One without a server (cache_bypass) has none of whom replies could tell: the kernel takes it as one that has two ways.
  const bool has_two_ways =
      connection.server.forwarding == service::Forwarding::nat || connection.server.id.value == service::no_server;
  const auto flags = static_cast<std::uint8_t>(Hot::live | Hot::inactive | (has_two_ways ? 0 : Hot::no_output) |
                                               (connection.persistence != 0 ? Hot::unassured : 0));
  hot(slot) = {.v4 = {.server = connection.server.address.v4(),
                      .client = connection.tuple.source,
                      .virtual_address = connection.tuple.destination},
               .room_for_ipv6 = {},
               .server_port = connection.server_port,
               .client_port = connection.tuple.source_port,
               .virtual_port = connection.tuple.destination_port,
               .state = State::none,
               .flags = flags,
               .forwarding = connection.server.forwarding,
               .protocol = connection.tuple.protocol,
               .standing = 0,
               .unused = 0,
               .server_id = connection.server.id,
               .next_hop_to_client = 0,
               .last_seen = now,
               .in_packets = 0,
               .timeout = timeouts_.of(State::none)};
  Cold& rest = storage_.cold[slot];
  rest.service_id = connection.service;
  rest.persistence = connection.persistence;
}

auto Table::open(const NewConnection& connection, std::uint64_t hash, base::Stamp now) noexcept -> Opening {
  const bool is_nat = connection.server.forwarding == service::Forwarding::nat;
  const net::Tuple4 reply{.source = connection.server.address.v4(),
                          .destination = connection.tuple.source,
                          .source_port = connection.server_port,
                          .destination_port = connection.tuple.source_port,
                          .protocol = connection.tuple.protocol};
  const std::uint64_t reply_hash = is_nat ? hash_(reply) : 0;
  if (is_nat) index_.prefetch(reply_hash);
  now_ = now;
  crowded_ = free_count_ <= largest_burst;
  if (free_count_ == 0) return {Opened::full};
  prefetch_place();
  const std::uint32_t slot = storage_.free[free_count_ - 1];
  if (!index_.insert(hash, Reference::to(slot, false))) return {Opened::full};
  fill(slot, connection, now);  // meanwhile the bucket of the replies comes
  const auto give_back = [&](Opened outcome) -> Opening {
    index_.erase(hash, Reference::to(slot, false));
    hot(slot).flags = 0;
    return {outcome};
  };
  if (is_nat && !claim_reply_tuple(reply, reply_hash)) return give_back(Opened::tuple_taken);
  if (is_nat && !index_.insert(reply_hash, Reference::to(slot, true))) return give_back(Opened::full);
  --free_count_;
  // The released ones lie behind the free ones: the last of them fills the gap.
  if (released_ > 0) storage_.free[free_count_] = storage_.free[free_count_ + released_];
  timers_.insert(slot, Standing::half_open, now);
  service::bind_connection(connection.server.id, lines_, limits_, loads_);
  note(connection.server.id);
  ++counts_.connections;
  return {Opened::yes, slot};
}

void Table::set_state(std::uint32_t slot, State state, base::Stamp now) noexcept {
  Hot& entry = hot(slot);
  if (!changes(entry, state)) return;
  const std::uint32_t before = entry.timeout;
  entry.state = state;
  entry.timeout = timeouts_.of(state);
  service::ServerLine& line = lines_[entry.server_id.value];
  if (is_active(state) && entry.has(Hot::inactive)) {
    line.inactive.subtract(1);
    line.active.add(1);
    note(entry.server_id);
    entry.flags = static_cast<std::uint8_t>(entry.flags & ~Hot::inactive);
  } else if (!is_active(state) && !entry.has(Hot::inactive)) {
    line.active.subtract(1);
    line.inactive.add(1);
    note(entry.server_id);
    entry.flags |= Hot::inactive;
  }
  if (state == State::established && entry.has(Hot::unassured)) assure(slot);
  const Standing standing = standing_of(entry);
  if (entry.timeout >= before && entry.standing == static_cast<std::uint8_t>(standing)) return;
  timers_.remove(slot);
  timers_.insert(slot, standing, now);
}

void Table::assure(std::uint32_t slot) noexcept {
  hot(slot).flags = static_cast<std::uint8_t>(hot(slot).flags & ~Hot::unassured);
  templates_->assure(cold(slot).persistence);
}

void Table::confirm(std::uint32_t slot, base::Stamp now) noexcept {
  hot(slot).flags |= Hot::confirmed;
  timers_.remove(slot);
  timers_.insert(slot, standing_of(hot(slot)), now);
}

void Table::expire(std::uint32_t slot) noexcept {
  timers_.remove(slot);
  release(slot, hashes_of(hot(slot)));
}

void Table::give_up(std::uint32_t slot) noexcept {
  timers_.remove(slot);
  release(slot, hashes_of(hot(slot)), true);
}

Table::Hashes Table::hashes_of(const Hot& entry) const noexcept {
  return {.tuple = hash_(entry.tuple4()),
          .reply = entry.forwarding == service::Forwarding::nat ? hash_(entry.reply4()) : 0};
}

Table::Hashes Table::prepare_release(std::uint32_t slot) const noexcept {
  const Hot& entry = hot(slot);
  const Hashes hashes = hashes_of(entry);
  index_.prefetch(hashes.tuple);
  if (entry.forwarding == service::Forwarding::nat) index_.prefetch(hashes.reply);
  __builtin_prefetch(&lines_[entry.server_id.value], 1);
  return hashes;
}

void Table::release(std::uint32_t slot, const Hashes& hashes, bool early) noexcept {
  Hot& entry = hot(slot);
  index_.erase(hashes.tuple, Reference::to(slot, false));
  if (entry.forwarding == service::Forwarding::nat) index_.erase(hashes.reply, Reference::to(slot, true));
  service::ServerLine& line = lines_[entry.server_id.value];
  service::unbind_connection(entry.server_id, lines_, entry.has(Hot::inactive) ? line.inactive : line.active, limits_,
                             loads_);
  note(entry.server_id);
  if (const Templates::Handle persistence = cold(slot).persistence; persistence != 0)
    early ? templates_->release_early(persistence, now_, lines_) : templates_->release(persistence, now_);
  entry.flags = 0;
  storage_.free[free_count_ + released_++] = slot;
  --counts_.connections;
  ++counts_.expired;
}

/// The place that is taken a few openings from now: by then it is in the cache.
void Table::prefetch_place() const noexcept {
  constexpr std::uint32_t distance = 8;
  if (free_count_ <= distance) return;
  const std::uint32_t slot = storage_.free[free_count_ - 1 - distance];
  __builtin_prefetch(&storage_.hot[slot], 1);
  __builtin_prefetch(&storage_.cold[slot], 1);
}

void Table::look_at(std::span<const std::uint32_t> slots, base::Stamp now) noexcept {
  std::array<Hashes, Timers::most_at_once> hashes;
  std::uint32_t due = 0;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (!hot(slots[i]).is_due(now)) continue;
    due |= 1u << i;
    hashes[i] = prepare_release(slots[i]);
  }
  for (std::size_t i = 0; i < slots.size(); ++i)
    if ((due >> i & 1) != 0)
      release(slots[i], hashes[i]);
    else
      timers_.insert(slots[i], standing_of(hot(slots[i])), now);
}

bool Table::end_burst(base::Stamp now, std::uint32_t budget) noexcept {
  now_ = now;
  const bool more = timers_.advance(now, budget, [&](std::span<const std::uint32_t> slots) { look_at(slots, now); });
  if (crowded_) make_room();
  free_count_ += released_;
  released_ = 0;
  return more;
}

}  // namespace fairway::conn
