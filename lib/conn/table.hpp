// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <span>
#include <utility>

#include "conn/hash.hpp"
#include "conn/index.hpp"
#include "conn/timers.hpp"
#include "net/packet.hpp"
#include "service/lines.hpp"

namespace fairway::conn {

/// A connection to be opened: the client's packet and who is to serve it.
struct NewConnection {
  const net::Tuple4& tuple;  // client → VIP
  const service::Server& server;
  service::ServiceId service;
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
  /// A UDP flow has shown more than one packet: it no longer yields to new ones.
  void confirm(std::uint32_t slot, base::Stamp now) noexcept;

  /// Ends a connection now.
  void expire(std::uint32_t slot) noexcept;

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
  void release(std::uint32_t slot) noexcept;
  void look_at(std::uint32_t slot, base::Stamp now) noexcept;

  Storage storage_;
  Index4 index4_;
  Index6 index6_;
  Hash hash_;
  service::ServerLine* lines_;
  Timeouts timeouts_;
  Timers timers_;
  std::uint32_t free_count_;       // slots in free[0, free_count_)
  bool crowded_ = false;           // the last opening left little room
  std::uint32_t released_ = 0;     // slots in free[free_count_, free_count_ + released_): usable after the burst
  Counts counts_;
};

}  // namespace fairway::conn

#include "conn/table_impl.hpp"
