// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/lockfree/spsc_queue.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "conn/state.hpp"
#include "forward/verdict.hpp"
#include "service/limits.hpp"
#include "service/lines.hpp"
#include "service/service.hpp"
#include "service/watch.hpp"
#include "worker/histogram.hpp"

/// Between control (one thread) and the workers: messages one way, counts the other.
namespace fairway::worker {

/// A service was added (no before), edited, or deleted (no after). Schedulers are told of every version in turn. With
/// neither it only asks the worker to say that it came by.
struct ServiceChanged {
  const service::Service* before = nullptr;
  const service::Service* after = nullptr;
  bool takes_servers_away = false;  // servers of the service before are no longer in it
};

/// One connection as a worker's table holds it; or a persistence template, whose client's port is 0.
struct ConnectionRow {
  net::Protocol protocol{};
  net::Address client, virtual_address, server;
  net::ServicePort client_port, virtual_port, server_port;
  service::Forwarding forwarding{};
  conn::State state{};
  std::uint32_t expires = 0;     // seconds from now
  std::uint32_t in_packets = 0;  // from the client
  std::uint32_t worker = 0;
  /// Of a template. If its service is one by mark, the protocol is 0 and the virtual address says the mark, as in the
  /// kernel; if it binds nobody any more, the virtual and the server's port are 65535.
  bool is_template = false, assured = false;
  std::uint32_t controls = 0;  // connections
};

/// A question to one worker: the connections in the next slots of its table, and behind the last slot the templates in
/// its share of those. Control fills the first three fields and
/// owns the whole until `done`; the worker looks at a bounded number of slots a loop and never grows `rows`.
struct ListConnections {
  std::uint32_t first_slot = 0;
  std::uint32_t limit = 0;          // rows at most
  std::vector<ConnectionRow> rows;  // with room for `limit`
  std::uint32_t next_slot = 0;      // where to go on; 0: the table's end was reached
  std::atomic<bool> done = false;   // the worker sets it last
};

/// Counts of one worker, written by it alone.
struct alignas(64) Counters {
  std::array<service::Counter<std::uint64_t>, forward::verdict_count> verdicts;
  service::Counter<std::uint64_t> packets;                // received from ports
  service::Counter<std::uint64_t> handed_over;            // to other workers
  service::Counter<std::uint64_t> hand_over_full;         // lost because the other worker's ring was full
  service::Counter<std::uint64_t> received_by_hand_over;  // from other workers
  service::Counter<std::uint64_t> from_kernel;            // sent for the twins
  service::Counter<std::uint64_t> kernel_full;            // for a twin, but its lane was full
  service::Counter<std::uint64_t> transmit_refused;       // the device did not take it
  service::Counter<std::uint64_t> expired;                // connections
  service::Counter<std::uint64_t> evicted;                // half-open connections that made room
  service::Counter<std::uint64_t> connections;            // now
  service::Counter<std::uint64_t> loops;
  service::Counter<std::uint64_t> sleeps;
  service::Counter<std::uint64_t> most_packets_in_a_loop;  // received from ports and other workers
  service::Counter<std::uint64_t> most_expired_in_a_loop;  // connections whose time was over
  // Bursts whose first packet came with a hash of the device's that is, or is not, the one by which owners are chosen.
  service::Counter<std::uint64_t> steered_right;
  service::Counter<std::uint64_t> steered_wrong;
  Histogram loop_time;   // of loops that found something to do
  Histogram packet_age;  // from a burst's receive to the end of the loop that passed it on; counts packets
};

/// One worker's end of things.
class alignas(64) Channel {
 public:
  static constexpr std::size_t mailbox_size = 1024;

  Channel();
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  // Control's side.
  bool post(const ServiceChanged& change);  // false: full; wakes a sleeping worker when it is filling up
  /// One question at a time: false while another is open.
  bool ask(ListConnections& question);
  std::uint64_t drained() const { return drained_.load(std::memory_order_acquire); }
  bool is_asleep() const { return asleep_.load(std::memory_order_seq_cst); }
  void wake() const noexcept;  // any thread; a system call
  /// Any thread, after it has put something where the worker looks. The worker says that it sleeps before it looks for
  /// the last time; the fence keeps the two from missing each other.
  void wake_if_asleep() const noexcept {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (asleep_.load(std::memory_order_relaxed)) wake();
  }
  /// Calls `f` with every neighbour that the worker asks for.
  template <class F>
  void take_wanted(F&& f) {
    wanted_.consume_all(f);
  }

  // The worker's side.
  /// Calls `handle` with the changes that wait, at most so many of them, in order, then says so. Between two bursts only.
  /// False if there were none.
  template <class F>
  bool drain(F&& handle, std::uint64_t most = mailbox_size) {
    const std::uint64_t announced = posted_.load(std::memory_order_seq_cst);
    std::uint64_t taken = drained_.load(std::memory_order_relaxed);
    if (announced == taken) return false;
    for (const std::uint64_t end = std::min(announced, taken + most); taken != end; ++taken) {
      handle(mailbox_.front());
      mailbox_.pop();
    }
    drained_.store(taken, std::memory_order_release);
    return true;
  }
  ListConnections* question() const { return question_.load(std::memory_order_acquire); }
  void answered() { question_.store(nullptr, std::memory_order_release); }  // before `done` is set
  bool has_mail() const {
    return posted_.load(std::memory_order_seq_cst) != drained_.load(std::memory_order_relaxed) || question();
  }
  /// Going to sleep: set, then look for work once more. Waking: clear, then drain, before the next burst.
  void set_asleep(bool asleep) { asleep_.store(asleep, std::memory_order_seq_cst); }
  int wake_descriptor() const { return wake_descriptor_; }  // readable after wake(); the worker reads it empty
  /// Asks control to find an on-link neighbour. False if too many such questions are open.
  bool ask_for(const net::Address& neighbour) noexcept { return wanted_.push(neighbour); }

  Counters counters;

 private:
  boost::lockfree::spsc_queue<ServiceChanged, boost::lockfree::capacity<mailbox_size>> mailbox_;
  boost::lockfree::spsc_queue<net::Address, boost::lockfree::capacity<256>> wanted_;
  std::atomic<ListConnections*> question_ = nullptr;  // control sets, the worker clears
  std::atomic<std::uint64_t> posted_ = 0;             // control writes
  std::atomic<std::uint64_t> drained_ = 0;            // the worker writes
  std::atomic<bool> asleep_ = true;  // the worker writes; true before its first and after its last burst
  int wake_descriptor_;
};

/// All workers, as control sees them.
class Crew {
 public:
  explicit Crew(unsigned workers);

  unsigned size() const { return static_cast<unsigned>(channels_.size()); }
  Channel& channel(unsigned worker) { return *channels_[worker]; }
  const Counters& counters(unsigned worker) const { return channels_[worker]->counters; }
  service::ServerLine* lines(unsigned worker) { return lines_[worker].get(); }
  const service::ServerLine* lines(unsigned worker) const { return lines_[worker].get(); }
  std::vector<const service::ServerLine*> all_lines() const;
  /// The worker's alone.
  service::Watch& watch(unsigned worker) { return watches_[worker]; }
  /// By server id. Control sets thresholds, workers the overload.
  service::ServerLimits* limits() { return limits_.get(); }
  service::Loads loads() const { return service::Loads(line_pointers_, limits_.get()); }

  /// Control only. Tells every worker, in order; waits (asleep, in steps of 50 µs) where a mailbox is full.
  void post(const ServiceChanged& change);
  /// Control only. Waits until every worker that is awake has taken all that was posted: from then on none acts on what
  /// was before. A sleeping worker takes its messages before its next burst, so it need not be waited for.
  void settle();
  /// Control only. Keeps what a worker may still read until each has begun a burst after this call; collect() frees it.
  void retire(std::shared_ptr<const void> garbage);
  void collect();
  std::size_t uncollected() const { return garbage_.size(); }

 private:
  std::uint64_t least_drained() const;

  std::vector<std::unique_ptr<Channel>> channels_;
  std::vector<service::ServerLines> lines_;
  std::vector<const service::ServerLine*> line_pointers_;
  std::vector<service::Watch> watches_;
  service::AllServerLimits limits_ = service::make_server_limits();
  std::deque<std::pair<std::uint64_t, std::shared_ptr<const void>>> garbage_;  // with what must be drained first
  std::uint64_t posted_ = 0;
};

}  // namespace fairway::worker
