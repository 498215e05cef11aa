// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "base/lazy_array.hpp"
#include "service/limits.hpp"
#include "service/service.hpp"

/// What changes with every packet or connection of a server, by server id.
namespace fairway::service {

/// A number that one thread writes and others may read at any time: a plain load and store, never a locked instruction.
template <class T>
class Counter {
 public:
  void add(T amount) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  void subtract(T amount) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) - amount, std::memory_order_relaxed);
  }
  void set(T value) noexcept { value_.store(value, std::memory_order_relaxed); }
  T get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<T> value_ = 0;
};

/// One server's counts on one worker. Written by that worker only; one cache line, so that no two workers share one.
/// Bytes are those of IP packets, without the link layer. "in" is from the client, "out" from the server.
struct alignas(64) ServerLine {
  Counter<std::uint64_t> connections;
  Counter<std::uint64_t> in_packets;
  Counter<std::uint64_t> in_bytes;
  Counter<std::uint64_t> out_packets;
  Counter<std::uint64_t> out_bytes;
  Counter<std::uint32_t> active;    // the kernel's ActiveConn
  Counter<std::uint32_t> inactive;  // the kernel's InActConn
  Counter<std::uint32_t>
      total;  // the two together; read at once, as a connection may be changing from one to the other
  Counter<std::uint32_t> persistent;  // the kernel's PersistConn: templates made less templates ended, by this worker

  // Of this worker's Watch alone (watch.hpp).
  std::uint64_t watch_slot : 18 = 0;   // who wants to know when active or inactive change; 0: nobody
  std::uint64_t watch_place : 22 = 0;  // what that one calls the server
  std::uint64_t watch_next : 22 = 0;   // the next one in its list of changed servers
};
static_assert(sizeof(ServerLine) == 64);

/// What control tells all workers of a server: whether it is in its service, and its next hop. Written by control only,
/// read by every worker for every packet; sixteen to a cache line, so that thousands of servers stay in cache.
class ServerStatus {
 public:
  struct Value {
    bool available;          // false: deleted, but connections may still refer to it
    std::uint32_t next_hop;  // index of a route::NextHop
  };

  void set(Value value) noexcept {
    packed_.store(value.next_hop << 1 | (value.available ? 1u : 0u), std::memory_order_release);
  }
  Value get() const noexcept {
    const std::uint32_t packed = packed_.load(std::memory_order_acquire);
    return {(packed & 1u) != 0, packed >> 1};
  }

 private:
  std::atomic<std::uint32_t> packed_ = 0;
};

/// Arrays by server id, as large as ids can get, and one more for connections that have no server (no_server).
using ServerLines = base::LazyArray<ServerLine>;
using ServerStatuses = base::LazyArray<ServerStatus>;
inline ServerLines make_server_lines() { return ServerLines(max_servers + 1); }
inline ServerStatuses make_server_statuses() { return ServerStatuses(max_servers + 1); }

/// A server's connections over all workers: plain loads of lines that those workers write. With several workers the sum
/// may be late by the packets in flight; with one it is exact.
class Loads {
 public:
  /// `limits`: by server id; null where no server has thresholds.
  explicit Loads(std::span<const ServerLine* const> workers, const ServerLimits* limits = nullptr)
      : workers_(workers), limits_(limits) {}

  std::uint32_t active(ServerId id) const noexcept { return sum(id, &ServerLine::active); }
  std::uint32_t inactive(ServerId id) const noexcept { return sum(id, &ServerLine::inactive); }
  std::uint32_t total(ServerId id) const noexcept { return sum(id, &ServerLine::total); }
  /// Wraps while workers count up and down, and comes out right.
  std::uint32_t persistent(ServerId id) const noexcept { return sum(id, &ServerLine::persistent); }
  bool is_quiescent(ServerId id) const noexcept { return limits_ && limits_[id.value].is_quiescent(); }
  bool is_overloaded(ServerId id) const noexcept { return limits_ && limits_[id.value].is_overloaded(); }
  /// Whether it may ever be overloaded, as long as its service is not edited.
  bool is_limited(ServerId id) const noexcept { return limits_ && limits_[id.value].has_any(); }
  /// By one worker's count, or several workers' that change while they are summed.
  bool are_of_several_workers() const noexcept { return workers_.size() > 1; }

 private:
  std::uint32_t sum(ServerId id, Counter<std::uint32_t> ServerLine::*count) const noexcept {
    std::uint32_t sum = 0;
    for (const ServerLine* lines : workers_) sum += (lines[id.value].*count).get();
    return sum;
  }

  std::span<const ServerLine* const> workers_;
  const ServerLimits* limits_;
};

/// A server gets a connection, inactive at first: counted by the worker that has these lines, and held against its
/// thresholds (ip_vs_bind_dest). The fence keeps workers from missing each other's connections: of those that bind at once
/// the last one sees all, and each sees its own, so none binds twice beyond the threshold.
inline void bind_connection(ServerId id, ServerLine* lines, ServerLimits* limits, const Loads& loads) noexcept {
  ServerLine& line = lines[id.value];
  line.connections.add(1);
  line.inactive.add(1);
  line.total.add(1);
  if (!limits || !limits[id.value].has_any()) return;
  std::atomic_thread_fence(std::memory_order_seq_cst);
  limits[id.value].bound(loads.total(id));
}

/// One ends (ip_vs_unbind_dest). `kind` is its line's active or inactive. Should that end an overload which another worker
/// is just bringing about again, one of the two sees the other.
inline void unbind_connection(ServerId id, ServerLine* lines, Counter<std::uint32_t>& kind, ServerLimits* limits,
                              const Loads& loads) noexcept {
  kind.subtract(1);
  lines[id.value].total.subtract(1);
  if (!limits || !limits[id.value].has_any()) return;
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (!limits[id.value].unbound(loads.total(id))) return;
  std::atomic_thread_fence(std::memory_order_seq_cst);
  limits[id.value].bound(loads.total(id));
}

}  // namespace fairway::service
