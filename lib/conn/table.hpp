// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "conn/hash.hpp"
#include "conn/index.hpp"
#include "conn/templates.hpp"
#include "conn/timers.hpp"
#include "net/packet.hpp"
#include "service/watch.hpp"

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
  std::span<std::uint32_t> free;     // slots to be had
  std::span<Index::Bucket> buckets;  // zeroed; Index::buckets_for(keys_for(slots))
};

/// A NAT connection is entered under both its tuples.
constexpr std::size_t keys_for(std::size_t connections) { return 2 * connections; }

/// The connections of one worker; nobody else touches them. One index, one pool of entries, for both address families. A NAT connection is entered
/// under both its tuples. Slots that became free are used again only after end_burst, so that a reference found earlier
/// in a burst never means another connection. Moments are arguments; nothing allocates after construction.
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

  Table(Storage storage, const HashKey& key, service::ServerLine* lines, const Timeouts& timeouts, base::Stamp now);

  /// Where templates of connections live; they must outlive the table. Needed before one is opened with a template.
  void use_templates(Templates& templates) noexcept { templates_ = &templates; }
  /// Thresholds by server id, which all workers share, and all workers' counts, which tell whether they are reached.
  void use_limits(service::ServerLimits* limits, service::Loads loads) noexcept {
    limits_ = limits;
    loads_ = loads;
  }
  /// Whom to tell when a server's active and inactive connections change; it is of the table's lines and must outlive it.
  void use_watch(service::Watch& watch) noexcept { watch_ = &watch; }

  std::uint64_t hash(const net::Tuple4& tuple) const noexcept { return hash_(tuple); }
  /// The connection with this tuple, in either direction.
  std::optional<Reference> find(const net::Tuple4& tuple, std::uint64_t hash) const noexcept {
    return index_.find(hash, [&](Reference its) { return hot(its.slot()).is_of(tuple, its.is_reply()); });
  }
  /// Tuples at once, as Index::find_burst: `tuple_of(i)` is whose hash is hashes[i].
  template <class TupleOf, class Found>
  [[gnu::always_inline]] std::uint64_t find_burst(std::uint64_t wanted, const std::uint64_t* hashes, TupleOf&& tuple_of,
                                                  Found&& found) const noexcept {
    const Hot* entries = storage_.hot.data();
    // Always inlined, else gcc takes a function that does nothing but prefetch for one that does nothing.
    const auto prefetch = [entries](Reference its) __attribute__((always_inline)) {
      __builtin_prefetch(&entries[its.slot()], 1);
    };
    const auto matches = [&, entries](std::uint32_t i, Reference its) {
      return entries[its.slot()].is_of(tuple_of(i), its.is_reply());
    };
    return index_.find_burst(wanted, hashes, prefetch, matches, found);
  }
  /// What computes hash(), for many tuples in a row.
  Hash hasher() const noexcept { return hash_; }
  /// Before find_burst.
  void prefetch(std::uint64_t hash) const noexcept { index_.prefetch(hash); }
  /// Tuples in the index.
  std::size_t keys() const noexcept { return index_.size(); }
  Hot& hot(std::uint32_t slot) noexcept { return storage_.hot[slot]; }
  const Hot& hot(std::uint32_t slot) const noexcept { return storage_.hot[slot]; }
  const Cold& cold(std::uint32_t slot) const noexcept { return storage_.cold[slot]; }
  std::uint32_t capacity() const noexcept { return static_cast<std::uint32_t>(storage_.hot.size()); }
  const Counts& counts() const noexcept { return counts_; }
  const Timeouts& timeouts() const noexcept { return timeouts_; }
  /// New connections may take so many places at once.
  std::uint32_t free_places() const noexcept { return free_count_; }

  /// From now on. As in the kernel, a connection that is there takes its state's new timeout with its next packet.
  void use_timeouts(const Timeouts& timeouts) noexcept { timeouts_ = timeouts; }

  /// Enters a connection in state none, as inactive; its tuple must not be there. A NAT reply tuple that is taken is
  /// taken over from a closing connection only. A table that fills up gives up half-open connections, then closing ones,
  /// at the burst's end; never a settled one.
  Opening open(const NewConnection& connection, std::uint64_t hash, base::Stamp now) noexcept;

  /// Whether a packet that leaves a connection in this state changes it.
  bool changes(const Hot& entry, State state) const noexcept {
    return entry.state != state || entry.timeout != timeouts_.of(state);
  }
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
  static Standing standing_of(const Hot& entry) noexcept;
  void make_room() noexcept;
  bool claim_reply_tuple(const net::Tuple4& reply, std::uint64_t hash) noexcept;
  void fill(std::uint32_t slot, const NewConnection& connection, base::Stamp now) noexcept;
  /// What a connection's tuples hash to; the reply's is of NAT only.
  struct Hashes {
    std::uint64_t tuple = 0, reply = 0;
  };
  Hashes hashes_of(const Hot& entry) const noexcept;
  /// What ending it will touch beside its own lines comes into the cache.
  Hashes prepare_release(std::uint32_t slot) const noexcept;
  void release(std::uint32_t slot, const Hashes& hashes, bool early = false) noexcept;
  void evict(std::span<const std::uint32_t> slots) noexcept;
  void prefetch_place() const noexcept;
  void note(service::ServerId server) noexcept {
    if (watch_) watch_->note(server);
  }
  void look_at(std::span<const std::uint32_t> slots, base::Stamp now) noexcept;

  Storage storage_;
  Index index_;
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
  service::Watch* watch_ = nullptr;
  base::Stamp now_;  // of the last opening or burst's end
  Counts counts_;
};

}  // namespace fairway::conn
