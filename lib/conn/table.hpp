// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <algorithm>
#include <span>
#include <utility>

#include "conn/hash.hpp"
#include "conn/index.hpp"
#include "conn/templates.hpp"
#include "conn/timers.hpp"
#include "net/packet.hpp"
#include "service/lines.hpp"

namespace fairway::conn {

/// A connection to be opened: the client's packet and who is to serve it.
struct NewConnection {
  const net::Tuple4& tuple;  // client → VIP
  const service::Server& server;
  net::ServicePort server_port;  // the server's own, or the packet's
  service::ServiceId service;
  Templates::Handle persistence = 0;  // the template that controls it, told when the connection ends
};

/// Where the entries lie; the owner provides the memory (huge pages, NUMA node), all of one size.
struct Storage {
  std::span<Hot> hot;
  std::span<Cold> cold;
  std::span<std::uint32_t> free;  // slots to be had
};

/// The connections of one worker; nobody else touches them. Two indexes, one pool of entries. A NAT connection is entered
/// under both its tuples. Slots that became free are used again only after end_burst, so that a reference found earlier
/// in a burst never means another connection. Moments are arguments; nothing allocates after construction.
template <Index Index4, Index Index6>
class Table {
 public:
  enum class Opened : std::uint8_t { yes, tuple_taken, full };
  struct Opening {
    Opened outcome;
    std::uint32_t slot = 0;
  };
  struct Counts {
    std::uint64_t connections = 0, expired = 0, evicted = 0;
  };

  Table(Storage storage, Index4 index4, Index6 index6, const HashKey& key, service::ServerLine* lines,
        const Timeouts& timeouts, base::Stamp now);

  /// Where templates of connections live; they must outlive the table. Needed before one is opened with a template.
  void use_templates(Templates& templates) noexcept { templates_ = &templates; }
  /// Thresholds by server id, which all workers share, and all workers' counts, which tell whether they are reached.
  void use_limits(service::ServerLimits* limits, service::Loads loads) noexcept {
    limits_ = limits;
    loads_ = loads;
  }

  std::uint32_t hash(const net::Tuple4& tuple) const noexcept { return hash_(tuple); }
  Index4& index4() noexcept { return index4_; }
  Hot& hot(std::uint32_t slot) noexcept { return storage_.hot[slot]; }
  const Hot& hot(std::uint32_t slot) const noexcept { return storage_.hot[slot]; }
  const Cold& cold(std::uint32_t slot) const noexcept { return storage_.cold[slot]; }
  std::uint32_t capacity() const noexcept { return static_cast<std::uint32_t>(storage_.hot.size()); }
  const Counts& counts() const noexcept { return counts_; }
  const Timeouts& timeouts() const noexcept { return timeouts_; }

  /// Enters a connection in state none, as inactive; its tuple must not be there. A NAT reply tuple that is taken is
  /// taken over from a closing connection only. A table that fills up gives up half-open connections, then closing ones,
  /// at the burst's end; never a settled one.
  Opening open(const NewConnection& connection, std::uint32_t hash, base::Stamp now) noexcept;

  /// Moves a connection to a state (its timeout and counts follow) and keeps its timer no later than it is due.
  void set_state(std::uint32_t slot, State state, base::Stamp now) noexcept;
  /// The template of a connection that is unassured binds a client that is there: it was established, or answered.
  void assure(std::uint32_t slot) noexcept;
  /// A UDP flow has shown more than one packet: it no longer yields to new ones.
  void confirm(std::uint32_t slot, base::Stamp now) noexcept;

  /// Ends a connection now.
  void expire(std::uint32_t slot) noexcept;
  /// Ends a connection before its time, to make room or in defence; with it goes its template, if nothing else of it is
  /// left and none of its connections was ever established.
  void give_up(std::uint32_t slot) noexcept;

  /// Between two bursts: slots freed since may be used again, and at most `budget` connections whose timers may have run
  /// out are looked at. True if more are waiting.
  bool end_burst(base::Stamp now, std::uint32_t budget) noexcept;

 private:
  net::Tuple4 client_tuple(std::uint32_t slot) const noexcept;
  net::Tuple4 reply_tuple(std::uint32_t slot) const noexcept;
  static Standing standing_of(const Hot& entry) noexcept;
  void make_room() noexcept;
  bool claim_reply_tuple(const net::Tuple4& reply, std::uint32_t hash) noexcept;
  void fill(std::uint32_t slot, const NewConnection& connection, base::Stamp now) noexcept;
  void release(std::uint32_t slot, bool early = false) noexcept;
  void look_at(std::uint32_t slot, base::Stamp now) noexcept;

  Storage storage_;
  Index4 index4_;
  Index6 index6_;
  Hash hash_;
  service::ServerLine* lines_;
  Timeouts timeouts_;
  Timers timers_;
  std::uint32_t free_count_;    // slots in free[0, free_count_)
  bool crowded_ = false;        // the last opening left little room
  std::uint32_t released_ = 0;  // slots in free[free_count_, free_count_ + released_): usable after the burst
  Templates* templates_ = nullptr;
  service::ServerLimits* limits_ = nullptr;
  service::Loads loads_{{}};
  base::Stamp now_;  // of the last opening or burst's end
  Counts counts_;
};

template <Index Index4, Index Index6>
Table<Index4, Index6>::Table(Storage storage, Index4 index4, Index6 index6, const HashKey& key,
                             service::ServerLine* lines, const Timeouts& timeouts, base::Stamp now)
    : storage_(storage),
      index4_(std::move(index4)),
      index6_(std::move(index6)),
      hash_(key),
      lines_(lines),
      timeouts_(timeouts),
      timers_(storage.hot, storage.cold, now),
      free_count_(capacity()) {
  // The lowest slots go first: a table that is never full touches no more memory than it needs.
  for (std::uint32_t i = 0; i < free_count_; ++i) storage_.free[i] = free_count_ - 1 - i;
}

template <Index Index4, Index Index6>
net::Tuple4 Table<Index4, Index6>::client_tuple(std::uint32_t slot) const noexcept {
  const Hot& entry = hot(slot);
  return {.source = cold(slot).client.v4(),
          .destination = entry.virtual_address.v4(),
          .source_port = cold(slot).client_port,
          .destination_port = entry.virtual_port,
          .protocol = entry.protocol};
}

template <Index Index4, Index Index6>
net::Tuple4 Table<Index4, Index6>::reply_tuple(std::uint32_t slot) const noexcept {
  const Hot& entry = hot(slot);
  return {.source = entry.server.v4(),
          .destination = cold(slot).client.v4(),
          .source_port = entry.server_port,
          .destination_port = cold(slot).client_port,
          .protocol = entry.protocol};
}

template <Index Index4, Index Index6>
Standing Table<Index4, Index6>::standing_of(const Hot& entry) noexcept {
  if (entry.state == State::udp) return entry.has(Hot::confirmed) ? Standing::settled : Standing::half_open;
  if (is_half_open(entry.state)) return Standing::half_open;
  return is_closing(entry.state) ? Standing::closing : Standing::settled;
}

// A slot can only be used after the burst in which it was freed, so room is made ahead, for as many as one burst may open.
template <Index Index4, Index Index6>
void Table<Index4, Index6>::make_room() noexcept {
  const std::uint32_t enough = std::min<std::uint32_t>(largest_burst, capacity() / 4);
  for (const Standing standing : {Standing::half_open, Standing::closing})
    while (free_count_ + released_ < enough) {
      const auto slot = timers_.first(standing);
      if (!slot) break;
      give_up(*slot);
      ++counts_.evicted;
    }
  crowded_ = false;
}

template <Index Index4, Index Index6>
bool Table<Index4, Index6>::claim_reply_tuple(const net::Tuple4& reply, std::uint32_t hash) noexcept {
  const auto holder = index4_.find(reply, hash);
  if (!holder) return true;
  if (!is_closing(hot(holder->slot()).state)) return false;
  expire(holder->slot());
  return true;
}

template <Index Index4, Index Index6>
void Table<Index4, Index6>::fill(std::uint32_t slot, const NewConnection& connection, base::Stamp now) noexcept {
  const bool is_nat = connection.server.forwarding == service::Forwarding::nat;
  const auto flags = static_cast<std::uint8_t>(Hot::live | Hot::inactive | (is_nat ? 0 : Hot::no_output) |
                                               (connection.persistence != 0 ? Hot::unassured : 0));
  hot(slot) = {.server = connection.server.address.bytes,
               .virtual_address = net::AddressBytes(connection.tuple.destination),
               .server_port = connection.server_port,
               .virtual_port = connection.tuple.destination_port,
               .server_id = connection.server.id,
               .service_id = connection.service,
               .next_hop_to_client = 0,
               .last_seen = now,
               .in_packets = 0,
               .timeout = timeouts_.of(State::none),
               .state = State::none,
               .flags = flags,
               .forwarding = connection.server.forwarding,
               .protocol = connection.tuple.protocol};
  Cold& rest = storage_.cold[slot];
  rest.client = net::AddressBytes(connection.tuple.source);
  rest.client_port = connection.tuple.source_port;
  rest.persistence = connection.persistence;
}

template <Index Index4, Index Index6>
auto Table<Index4, Index6>::open(const NewConnection& connection, std::uint32_t hash, base::Stamp now) noexcept
    -> Opening {
  const bool is_nat = connection.server.forwarding == service::Forwarding::nat;
  const net::Tuple4 reply{.source = connection.server.address.v4(),
                          .destination = connection.tuple.source,
                          .source_port = connection.server_port,
                          .destination_port = connection.tuple.source_port,
                          .protocol = connection.tuple.protocol};
  const std::uint32_t reply_hash = is_nat ? hash_(reply) : 0;
  if (is_nat && !claim_reply_tuple(reply, reply_hash)) return {Opened::tuple_taken};
  now_ = now;
  crowded_ = free_count_ <= largest_burst;
  if (free_count_ == 0) return {Opened::full};
  const std::uint32_t slot = storage_.free[free_count_ - 1];
  if (!index4_.insert(connection.tuple, hash, Reference::to(slot, false))) return {Opened::full};
  if (is_nat && !index4_.insert(reply, reply_hash, Reference::to(slot, true))) {
    index4_.erase(connection.tuple, hash);
    return {Opened::full};
  }
  --free_count_;
  // The released ones lie behind the free ones: the last of them fills the gap.
  if (released_ > 0) storage_.free[free_count_] = storage_.free[free_count_ + released_];
  fill(slot, connection, now);
  timers_.insert(slot, Standing::half_open, now);
  service::bind_connection(connection.server.id, lines_, limits_, loads_);
  ++counts_.connections;
  return {Opened::yes, slot};
}

template <Index Index4, Index Index6>
void Table<Index4, Index6>::set_state(std::uint32_t slot, State state, base::Stamp now) noexcept {
  Hot& entry = hot(slot);
  if (entry.state == state) return;
  const std::uint32_t before = entry.timeout;
  entry.state = state;
  entry.timeout = timeouts_.of(state);
  service::ServerLine& line = lines_[entry.server_id.value];
  if (is_active(state) && entry.has(Hot::inactive)) {
    line.inactive.subtract(1);
    line.active.add(1);
    entry.flags = static_cast<std::uint8_t>(entry.flags & ~Hot::inactive);
  } else if (!is_active(state) && !entry.has(Hot::inactive)) {
    line.active.subtract(1);
    line.inactive.add(1);
    entry.flags |= Hot::inactive;
  }
  if (state == State::established && entry.has(Hot::unassured)) assure(slot);
  const Standing standing = standing_of(entry);
  if (entry.timeout >= before && cold(slot).standing == static_cast<std::uint8_t>(standing)) return;
  timers_.remove(slot);
  timers_.insert(slot, standing, now);
}

template <Index Index4, Index Index6>
void Table<Index4, Index6>::assure(std::uint32_t slot) noexcept {
  hot(slot).flags = static_cast<std::uint8_t>(hot(slot).flags & ~Hot::unassured);
  templates_->assure(cold(slot).persistence);
}

template <Index Index4, Index Index6>
void Table<Index4, Index6>::confirm(std::uint32_t slot, base::Stamp now) noexcept {
  hot(slot).flags |= Hot::confirmed;
  timers_.remove(slot);
  timers_.insert(slot, standing_of(hot(slot)), now);
}

template <Index Index4, Index Index6>
void Table<Index4, Index6>::expire(std::uint32_t slot) noexcept {
  timers_.remove(slot);
  release(slot);
}

template <Index Index4, Index Index6>
void Table<Index4, Index6>::give_up(std::uint32_t slot) noexcept {
  timers_.remove(slot);
  release(slot, true);
}

template <Index Index4, Index Index6>
void Table<Index4, Index6>::release(std::uint32_t slot, bool early) noexcept {
  Hot& entry = hot(slot);
  const net::Tuple4 tuple = client_tuple(slot);
  index4_.erase(tuple, hash_(tuple));
  if (entry.forwarding == service::Forwarding::nat) {
    const net::Tuple4 reply = reply_tuple(slot);
    index4_.erase(reply, hash_(reply));
  }
  service::ServerLine& line = lines_[entry.server_id.value];
  service::unbind_connection(entry.server_id, lines_, entry.has(Hot::inactive) ? line.inactive : line.active, limits_,
                             loads_);
  if (const Templates::Handle persistence = cold(slot).persistence; persistence != 0)
    early ? templates_->release_early(persistence, now_, lines_) : templates_->release(persistence, now_);
  entry.flags = 0;
  storage_.free[free_count_ + released_++] = slot;
  --counts_.connections;
  ++counts_.expired;
}

template <Index Index4, Index Index6>
void Table<Index4, Index6>::look_at(std::uint32_t slot, base::Stamp now) noexcept {
  if (hot(slot).is_due(now))
    release(slot);
  else
    timers_.insert(slot, standing_of(hot(slot)), now);
}

template <Index Index4, Index Index6>
bool Table<Index4, Index6>::end_burst(base::Stamp now, std::uint32_t budget) noexcept {
  now_ = now;
  const bool more = timers_.advance(now, budget, [&](std::uint32_t slot) { look_at(slot, now); });
  if (crowded_) make_room();
  free_count_ += released_;
  released_ = 0;
  return more;
}

}  // namespace fairway::conn
