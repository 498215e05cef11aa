// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "base/lazy_array.hpp"
#include "base/time.hpp"
#include "conn/hash.hpp"
#include "service/lines.hpp"
#include "service/service.hpp"

namespace fairway::conn {

/// Who is bound to a server: a client, or a network of them, of a service. The key names the service as its own key does,
/// so that no two services share a template. A service by mark has the mark in the place of the address, and protocol 0.
struct TemplateKey {
  net::AddressBytes client;
  net::AddressBytes virtual_address;
  net::ServicePort virtual_port;
  net::Protocol protocol{};
  net::Family family = net::Family::ipv4;

  bool operator==(const TemplateKey&) const = default;
};
static_assert(sizeof(TemplateKey) == 36);

/// One template as people see it (`ipvsadm -Lnc`).
struct TemplateRow {
  TemplateKey key;
  service::ServerId server_id;
  net::Address server;
  net::ServicePort server_port;
  std::uint32_t expires = 0;      // seconds from now
  std::uint32_t connections = 0;  // that it controls now
  bool assured = false;           // one of its connections was established, or answered
  bool replaced = false;          // it binds nobody any more: its server went, and it only waits for its connections
};

/// Persistence templates: they bind a client to a server over several connections. The one table that all workers share,
/// since a client's connections are spread over them. A bucket of seven templates has a lock of its own, held for one
/// search of it and, for a new client, one choice of the scheduler, so that two workers that open for one client at once
/// get the same server. It is taken when a connection of a persistent service opens, is established or ends, and never else.
///
/// A template lives for the service's timeout, as it was when the template was made, since its last new connection. If its
/// time is over while it has connections, it is put off by 60 seconds, which is its timeout from then on. Each worker goes
/// through its share of the table once a second and ends what is over.
///
/// `lines` are always those of the worker that calls: it counts there what it makes and ends (ServerLine::persistent).
class Templates {
 public:
  using Handle = std::uint32_t;  // of a template that has connections; 0: none

  struct Binding {
    const service::Server* server = nullptr;  // null: nobody can serve
    Handle handle = 0;  // to be released when the connection ends; 0: there was no room for a template
  };

  /// What one worker looks through for templates that are over: a part of the table, some of it in each call of sweep().
  struct Share {
    std::uint32_t first = 0, end = 0;  // buckets
    std::uint32_t next = 0;
    base::Stamp swept;  // until when
  };

  /// Room for `count` templates at least; memory that is not used is not touched.
  Templates(std::uint32_t count, const HashKey& key);
  Templates(const Templates&) = delete;
  Templates& operator=(const Templates&) = delete;

  /// Any worker. The server of this client: the one it is bound to, whatever its weight, if `usable(id)` returns it; else
  /// what `choose()` returns, to which it is bound then. A template whose server is not usable binds nobody any more and
  /// waits for its end. `timeout` is in seconds.
  template <class Usable, class Choose>
  Binding bind(const TemplateKey& key, std::uint32_t timeout, base::Stamp now, service::ServerLine* lines,
               Usable&& usable, Choose&& choose) noexcept {
    const std::uint32_t place = hash(key);
    Lock lock(buckets_[place]);
    Template* found = find(place, key, now, lines);
    const service::Server* server = found ? usable(found->server_id) : nullptr;
    if (found && !server) found->replaced = true;
    if (!server) {
      server = choose();
      if (!server) return {};
      Template* former = found;
      found = take(place, lines);
      if (!found && !former) return {.server = server};
      found = found ? start(*found, key) : take_over(*former, lines);
      bind_to(*found, *server, timeout, lines);
    }
    found->last_used = now;
    ++found->connections;
    arm(place, base::later(now, found->timeout * second), now);
    return {.server = server, .handle = handle_of(place, *found)};
  }

  /// Any worker: a connection of this template was established (TCP) or answered (UDP).
  void assure(Handle handle) noexcept;
  /// Any worker: a connection of this template ended.
  void release(Handle handle, base::Stamp now) noexcept;
  /// Any worker: a connection of this template was given up before its time. The template goes with its last one, unless
  /// it is assured: what a flood has made does not stay.
  void release_early(Handle handle, base::Stamp now, service::ServerLine* lines) noexcept;

  /// The part of worker number `worker` of `workers`.
  Share share_of(unsigned worker, unsigned workers, base::Stamp now) const noexcept;
  /// Its worker, again and again: ends what is over in the next buckets, as many as passed since the last call of a round
  /// that takes a second. True if more are waiting.
  bool sweep(Share& share, base::Stamp now, service::ServerLine* lines) noexcept;

  /// A worker: calls `f(TemplateRow)` with the templates of `count` buckets from `first` on. Not for control: it could be
  /// put to sleep while a worker waits for the lock that it holds.
  template <class F>
  void list(std::uint32_t first, std::uint32_t count, base::Stamp now, F&& f) noexcept {
    std::array<TemplateRow, ways> rows;
    for (std::uint32_t place = first; place < first + count; ++place)
      for (std::uint32_t i = 0, found = copy(place, now, rows); i < found; ++i) f(rows[i]);
  }
  /// All of them.
  std::uint32_t buckets() const noexcept { return mask_ + 1; }
  /// Of one bucket at most.
  static constexpr std::size_t ways = 7;

 private:
  static constexpr std::uint32_t second = 1000;  // milliseconds

  struct Template {
    TemplateKey key;
    service::ServerId server_id;
    net::AddressBytes server;
    net::ServicePort server_port;
    bool used : 1, assured : 1, replaced : 1;
    base::Stamp last_used;      // since when its time runs
    std::uint32_t timeout;      // seconds
    std::uint32_t connections;  // of it
  };
  struct alignas(64) Bucket {
    std::atomic_flag lock;
    std::array<Template, ways> templates;
  };
  static_assert(sizeof(Bucket) == 512);

  class Lock {
   public:
    explicit Lock(Bucket& bucket) noexcept : lock_(bucket.lock) {
      while (lock_.test_and_set(std::memory_order_acquire))
        while (lock_.test(std::memory_order_relaxed)) {}
    }
    ~Lock() { lock_.clear(std::memory_order_release); }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

   private:
    std::atomic_flag& lock_;
  };

  std::uint32_t hash(const TemplateKey& key) const noexcept;
  Handle handle_of(std::uint32_t place, const Template& one) const noexcept {
    return place * ways + static_cast<Handle>(&one - buckets_.get()[place].templates.data()) + 1;
  }
  static std::uint32_t place_of(Handle handle) noexcept { return (handle - 1) / ways; }
  Template& at(Handle handle) noexcept { return buckets_[place_of(handle)].templates[(handle - 1) % ways]; }

  // All of these with the bucket's lock.
  Template* find(std::uint32_t place, const TemplateKey& key, base::Stamp now, service::ServerLine* lines) noexcept;
  Template* take(std::uint32_t place, service::ServerLine* lines) noexcept;
  static Template* start(Template& one, const TemplateKey& key) noexcept;
  static Template* take_over(Template& one, service::ServerLine* lines) noexcept;
  static void bind_to(Template& one, const service::Server& server, std::uint32_t timeout,
                      service::ServerLine* lines) noexcept;
  static void put_off(Template& one, base::Stamp now) noexcept;
  static bool is_over(Template& one, base::Stamp now) noexcept;
  static void end(Template& one, service::ServerLine* lines) noexcept;
  void arm(std::uint32_t place, base::Stamp due, base::Stamp now) noexcept;
  void end_overdue(std::uint32_t place, base::Stamp now, service::ServerLine* lines) noexcept;
  std::uint32_t copy(std::uint32_t place, base::Stamp now, std::array<TemplateRow, ways>& rows) noexcept;

  std::uint32_t mask_;
  Hash hash_;
  base::LazyArray<Bucket> buckets_;
  /// By bucket: a stamp, made odd, before which nothing in it is over; 0: there is nothing. Written with the bucket's lock.
  base::LazyArray<std::atomic<std::uint32_t>> due_;
};

}  // namespace fairway::conn
