// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "worker/worker.hpp"

#include <unistd.h>

#include <algorithm>
#include <random>

#include "forward/pipeline.hpp"
#include "worker/burst.hpp"
#include "worker/listing.hpp"
#include "worker/scheduling.hpp"

namespace fairway::worker {
namespace {

using forward::Verdict;

std::vector<int> event_descriptors(const std::vector<Receive>& queues) {
  std::vector<int> descriptors;
  for (const Receive& queue : queues)
    if (const int descriptor = queue.port->receive_event(queue.queue); descriptor >= 0)
      descriptors.push_back(descriptor);
  return descriptors;
}

bool wake_if_asleep(std::atomic<bool>& asleep, int descriptor) noexcept {
  // Pairs with the sleeper: it says that it sleeps, then looks at its rings once more.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (!asleep.load(std::memory_order_relaxed)) return false;
  const std::uint64_t one = 1;
  return write(descriptor, &one, sizeof one) == sizeof one;
}

std::uint64_t draw_seed() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

}  // namespace

Worker::Worker(unsigned number, Connections connections, Links links, Shared& shared, Crew& crew, IdleKind idle)
    : number_(number),
      connections_(std::move(connections)),
      links_(std::move(links)),
      shared_(shared),
      crew_(crew),
      channel_(crew.channel(number)),
      counters_(channel_.counters),
      idle_(idle, event_descriptors(links_.receive), event_descriptors(links_.receive).size() == links_.receive.size(),
            channel_.wake_descriptor()),
      context_{.services = shared.services,
               .statuses = shared.statuses,
               .lines = crew.lines(number),
               .loads = crew.loads(),
               .limits = crew.limits(),
               .watch = &crew.watch(number),
               .templates = &shared.templates,
               .worker = number,
               .workers = crew.size(),
               .now = clock_.now(),
               .random = base::Random(draw_seed()),
               .answers = {}},
      outboxes_(links_.transmit.size()),
      hand_overs_(crew.size()),
      template_share_(shared.templates.share_of(number, crew.size(), context_.now)),
      forget_from_(connections_.capacity()) {
  passing_.reserve(links_.receive.size() + links_.hand_over_from.size());
  connections_.use_templates(shared.templates);
  connections_.use_limits(crew.limits(), crew.loads());
  connections_.use_watch(crew.watch(number));
}

void Worker::run() noexcept {
  channel_.set_asleep(false);
  now_ = dpdk::tsc();
  while (!shared_.stop.load(std::memory_order_relaxed)) {
    const bool found_work = poll_once();
    if (idle_.is_tired(found_work)) sleep();
  }
  channel_.set_asleep(true);
  release_everything();
}

bool Worker::poll_once() noexcept {
  const std::uint64_t start = now_;
  context_.now = clock_.stamp(start);
  received_at_ = start;
  passing_.clear();
  const bool followed = follow_changes();
  bool found_work = upkeep_.run(connections_, context_, upkeep_budget);
  found_work |= receive();
  found_work |= take_handed_over();
  found_work |= transmit_for_others();
  found_work |= transmit_for_kernel();
  found_work |= expire_connections();
  found_work |= shared_.templates.sweep(template_share_, context_.now, context_.lines);
  flush_all();
  publish_counts();
  finish_loop(start, found_work || followed);
  return found_work;
}

// Everything of control's is taken here, between two bursts: what the stages see does not change under them. True if there
// was something.
bool Worker::follow_changes() noexcept {
  // Who was asleep was not waited for (Crew::settle), so it must take everything before its next burst.
  const std::uint64_t most = std::exchange(was_asleep_, false) ? Channel::mailbox_size : mail_budget;
  bool followed = channel_.drain(
      [&](const ServiceChanged& change) {
        follow(change, number_, crew_.watch(number_));
        if (change.takes_servers_away) upkeep_.server_deleted();
      },
      most);
  context_.routes = shared_.routes.load(std::memory_order_acquire);
  if (context_.routes->generation != snapshot_generation_) {
    snapshot_generation_ = context_.routes->generation;
    followed = true;
    retry_waiting();
  }
  if (context_.routes->routes_generation != routes_generation_) {
    routes_generation_ = context_.routes->routes_generation;
    forget_from_ = 0;
  }
  if (forget_from_ < connections_.capacity()) {
    followed = true;
    forget_next_hops();
  }
  if (!waiting_.empty())
    waiting_.take_late(context_.now,
                       [&](void* packet) { drop(*static_cast<dpdk::Packet*>(packet), Verdict::drop_no_neighbour); });
  if (channel_.question()) {
    followed = true;
    answer_listing();
  }
  return followed;
}

bool Worker::expire_connections() noexcept {
  const std::uint64_t before = connections_.counts().expired;
  const bool more = connections_.end_burst(context_.now, expiry_budget);
  const std::uint64_t expired = connections_.counts().expired - before;
  if (expired > counters_.most_expired_in_a_loop.get()) counters_.most_expired_in_a_loop.set(expired);
  return more;
}

// The next loop begins where this one ends, so that a loop takes two looks at the clock at most, one of them for its packets.
void Worker::finish_loop(std::uint64_t start, bool was_busy) noexcept {
  now_ = dpdk::tsc();
  if (was_busy) counters_.loop_time.add(clock_.nanoseconds(now_ - start));
  std::uint64_t packets = 0;
  for (const Passing& burst : passing_) {
    // Another core's clock may be a little ahead.
    const std::uint64_t age = now_ > burst.received_at ? now_ - burst.received_at : 0;
    counters_.packet_age.add(clock_.nanoseconds(age), burst.packets);
    packets += burst.packets;
  }
  if (packets > counters_.most_packets_in_a_loop.get()) counters_.most_packets_in_a_loop.set(packets);
}

bool Worker::receive() noexcept {
  bool found = false;
  if (!shared_.open.load(std::memory_order_relaxed)) return found;
  for (const Receive& queue : links_.receive) {
    std::array<dpdk::Packet*, forward::burst_size> packets;
    const std::uint32_t count = queue.port->receive(queue.queue, packets.data(), forward::burst_size);
    if (count == 0) continue;
    found = true;
    counters_.packets.add(count);
    received_at_ = dpdk::tsc();
    passing_.push_back({received_at_, count});
    process(packets.data(), count);
  }
  return found;
}

bool Worker::take_handed_over() noexcept {
  bool found = false;
  for (dpdk::Ring* ring : links_.hand_over_from) {
    if (!ring) continue;
    std::array<dpdk::Packet*, forward::burst_size> packets;
    const std::uint32_t count = ring->dequeue(packets.data(), forward::burst_size);
    if (count == 0) continue;
    found = true;
    counters_.received_by_hand_over.add(count);
    received_at_ = dpdk::received_at(*packets[0]);
    passing_.push_back({received_at_, count});
    process_handed_over(packets.data(), count);
  }
  return found;
}

bool Worker::transmit_for_others() noexcept {
  bool found = false;
  for (dpdk::Ring* ring : links_.transmit_for) {
    if (!ring) continue;
    std::array<dpdk::Packet*, forward::burst_size> packets;
    const std::uint32_t count = ring->dequeue(packets.data(), forward::burst_size);
    for (std::uint32_t i = 0; i < count; ++i) transmit(*packets[i], dpdk::out_port(*packets[i]));
    found |= count > 0;
  }
  return found;
}

/// What Linux sends by the twins. It goes out as it is, unless it may be a reply of a server that is the director itself.
bool Worker::transmit_for_kernel() noexcept {
  bool found = false;
  for (dpdk::Ring* ring : links_.from_kernel) {
    std::array<dpdk::Packet*, forward::burst_size> packets;
    const std::uint32_t count = ring->dequeue(packets.data(), forward::burst_size);
    if (count == 0) continue;
    found = true;
    if (has_local_server())
      process_from_kernel(packets.data(), count);
    else
      for (std::uint32_t i = 0; i < count; ++i) transmit(*packets[i], dpdk::out_port(*packets[i]));
  }
  return found;
}

bool Worker::has_local_server() const noexcept {
  return (shared_.services.specials() & service::Table::local_server) != 0;
}

/// Packets that came in by ports, and seldom packets of Linux's among them.
void Worker::process_handed_over(dpdk::Packet** packets, std::uint32_t count) noexcept {
  if (std::none_of(packets, packets + count, [](const dpdk::Packet* packet) { return dpdk::is_from_kernel(*packet); }))
    return process(packets, count);
  std::array<dpdk::Packet*, forward::burst_size> from_kernel;
  std::uint32_t received = 0, sent = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (dpdk::is_from_kernel(*packets[i])) {
      dpdk::unmark_from_kernel(*packets[i]);
      from_kernel[sent++] = packets[i];
    } else {
      packets[received++] = packets[i];
    }
  }
  if (received > 0) process(packets, received);
  if (sent > 0) process_from_kernel(from_kernel.data(), sent);
}

void Worker::process_from_kernel(dpdk::Packet** packets, std::uint32_t count) noexcept {
  packets_ = packets;
  show_from_kernel(packets, count, burst_);
  forward::run_from_kernel(burst_, connections_, context_);
  worker::dispatch(
      burst_, packets, counters_, [this](dpdk::Packet& packet, net::PortId port) { transmit(packet, port); },
      [this](std::uint32_t i) {
        if (burst_.verdicts[i] != Verdict::to_other_worker) return transmit(*packets_[i], burst_.packets[i].port);
        dpdk::mark_from_kernel(*packets_[i]);
        hand_over(*packets_[i], burst_.owners[i]);
      });
  connections_.end_burst(context_.now, 0);
}

void Worker::process(dpdk::Packet** packets, std::uint32_t count) noexcept {
  packets_ = packets;
  show(packets, count, links_.port_of_device, burst_);
  forward::run(burst_, connections_, context_);
  if (dpdk::has_hash(*packets[0])) check_steering();
  worker::dispatch(
      burst_, packets, counters_, [this](dpdk::Packet& packet, net::PortId port) { transmit(packet, port); },
      [this](std::uint32_t i) { dispatch(i); });
  // Nothing refers into the table any more: what was freed may be used by the next burst.
  connections_.end_burst(context_.now, 0);
}

/// Whether the device chose the queue of the burst's first packet by the hash that owners are chosen by.
void Worker::check_steering() noexcept {
  const net::PacketView& view = burst_.packets[0];
  const dpdk::Faces faces = links_.faces[links_.port_of_device[dpdk::device(*packets_[0])].value];
  if (faces == dpdk::Faces::both || !burst_.transmitted.contains(0)) return;
  const net::Tuple4& tuple = view.tuple;
  const std::uint16_t hash = faces == dpdk::Faces::clients
                                 ? net::steering_hash(tuple.source, tuple.source_port)
                                 : net::steering_hash(tuple.destination, tuple.destination_port);
  const bool is_right = (hash ^ dpdk::hash(*packets_[0])) % net::steering_buckets == 0;
  (is_right ? counters_.steered_right : counters_.steered_wrong).add(1);
}

/// What is not simply transmitted.
void Worker::dispatch(std::uint32_t i) noexcept {
  const net::PacketView& view = burst_.packets[i];
  dpdk::Packet& packet = *packets_[i];
  const Verdict verdict = burst_.verdicts[i];
  if (forward::is_answer(verdict)) {
    counters_.verdicts[static_cast<std::size_t>(verdict)].add(1);
    dpdk::write(view, packet);
    return transmit(packet, view.port);
  }
  switch (verdict) {
    case Verdict::to_kernel: return give_to_kernel(packet, view.port);
    case Verdict::to_other_worker: return hand_over(packet, burst_.owners[i]);
    case Verdict::wait_for_neighbour: return keep_waiting(i);
    default: return drop(packet, verdict);
  }
}

void Worker::give_to_kernel(dpdk::Packet& packet, net::PortId port) noexcept {
  if (!links_.has_twin[port.value]) return drop(packet, Verdict::drop_no_twin);
  counters_.verdicts[static_cast<std::size_t>(Verdict::to_kernel)].add(1);
  dpdk::set_out_port(packet, port);
  const auto traffic_class = static_cast<std::size_t>(class_of(dpdk::first_bytes(packet)));
  Outbox& outbox = to_kernel_[traffic_class];
  if (outbox.add(packet)) flush_to_kernel(traffic_class);
}

void Worker::hand_over(dpdk::Packet& packet, unsigned owner) noexcept {
  counters_.verdicts[static_cast<std::size_t>(Verdict::to_other_worker)].add(1);
  counters_.handed_over.add(1);
  dpdk::set_received_at(packet, received_at_);
  if (hand_overs_[owner].add(packet)) flush_hand_over(owner);
}

void Worker::keep_waiting(std::uint32_t i) noexcept {
  const net::PacketView& view = burst_.packets[i];
  const auto kept = waiting_.keep(packets_[i], view.port, burst_.waits_for[i], context_.now);
  if (kept == Waiting::Kept::no) return drop(*packets_[i], Verdict::drop_no_neighbour);
  counters_.verdicts[static_cast<std::size_t>(Verdict::wait_for_neighbour)].add(1);
  if (kept == Waiting::Kept::first && channel_.ask_for(burst_.waits_for[i])) {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = write(shared_.control_descriptor, &one, sizeof one);
  }
}

void Worker::drop(dpdk::Packet& packet, Verdict verdict) noexcept {
  counters_.verdicts[static_cast<std::size_t>(verdict)].add(1);
  dpdk::free(&packet);
}

void Worker::retry_waiting() noexcept {
  std::array<dpdk::Packet*, Waiting::most> packets;
  std::uint32_t count = 0;
  waiting_.take_all([&](void* packet, net::PortId) { packets[count++] = static_cast<dpdk::Packet*>(packet); });
  for (std::uint32_t from = 0; from < count; from += forward::burst_size)
    process(packets.data() + from, std::min(forward::burst_size, count - from));
}

// A route has changed: replies look their next hop up again. In slices, as the table may be large.
void Worker::forget_next_hops() noexcept {
  const std::uint32_t end = std::min(connections_.capacity(), forget_from_ + expiry_budget);
  for (; forget_from_ < end; ++forget_from_) connections_.hot(forget_from_).next_hop_to_client = 0;
}

/// From a slot on; returns the slot to go on from.
std::uint32_t Worker::list_connections(ListConnections& question, std::uint32_t slot) noexcept {
  const std::uint32_t end = std::min(connections_.capacity(), slot + listing_budget);
  for (; slot < end && question.rows.size() < question.limit; ++slot) {
    const conn::Hot& entry = connections_.hot(slot);
    if (!entry.has(conn::Hot::live)) continue;
    question.rows.push_back(row_of(entry, context_.now, number_));
  }
  return slot;
}

void Worker::answer_listing() noexcept {
  ListConnections& question = *channel_.question();
  const std::uint32_t capacity = connections_.capacity();
  std::uint32_t slot = question.first_slot + listing_slot_;
  if (slot < capacity)
    slot = list_connections(question, slot);
  else
    slot = capacity + list_templates(question, shared_.templates, template_share_, slot - capacity,
                                     listing_budget / conn::Templates::ways, context_.now, number_);
  listing_slot_ = slot - question.first_slot;
  const bool at_end = slot == capacity + places_of(template_share_);
  if (!at_end && question.rows.size() < question.limit) return;
  question.next_slot = at_end ? 0 : slot;
  listing_slot_ = 0;
  channel_.answered();
  question.done.store(true, std::memory_order_release);
}

void Worker::flush_port(std::size_t port) noexcept {
  const Transmit& way = links_.transmit[port];
  if (way.via == number_) {
    counters_.transmit_refused.add(outboxes_[port].flush(
        [&](dpdk::Packet** packets, std::uint32_t count) { return way.port->transmit(way.queue, packets, count); }));
    return;
  }
  const net::PortId id{static_cast<std::uint16_t>(port)};
  counters_.transmit_refused.add(outboxes_[port].flush([&](dpdk::Packet** packets, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) dpdk::set_out_port(*packets[i], id);
    return put(*links_.transmit_via[way.via], packets, count);
  }));
  crew_.channel(way.via).wake_if_asleep();
}

void Worker::flush_hand_over(unsigned worker) noexcept {
  counters_.hand_over_full.add(hand_overs_[worker].flush(
      [&](dpdk::Packet** packets, std::uint32_t count) { return put(*links_.hand_over_to[worker], packets, count); }));
  crew_.channel(worker).wake_if_asleep();
}

void Worker::flush_to_kernel(std::size_t traffic_class) noexcept {
  counters_.kernel_full.add(to_kernel_[traffic_class].flush([&](dpdk::Packet** packets, std::uint32_t count) {
    return put(*links_.to_kernel[traffic_class], packets, count);
  }));
}

void Worker::flush_all() noexcept {
  for (std::size_t port = 0; port < outboxes_.size(); ++port)
    if (!outboxes_[port].empty()) flush_port(port);
  for (unsigned worker = 0; worker < hand_overs_.size(); ++worker)
    if (!hand_overs_[worker].empty()) flush_hand_over(worker);
  bool lane_has_work = false;
  for (std::size_t traffic_class = 0; traffic_class < traffic_class_count; ++traffic_class) {
    if (to_kernel_[traffic_class].empty()) continue;
    lane_has_work = true;
    flush_to_kernel(traffic_class);
  }
  if (lane_has_work) wake_if_asleep(shared_.lane_asleep, shared_.lane_descriptor);
}

void Worker::publish_counts() noexcept {
  const auto& counts = connections_.counts();
  counters_.connections.set(counts.connections);
  counters_.expired.set(counts.expired);
  counters_.evicted.set(counts.evicted);
  counters_.loops.add(1);
}

// Every order of events leads to a wake-up: a device's event is armed before its queue is looked at for the last time, and
// who puts something for this worker looks at `asleep` afterwards, while this worker says that it sleeps before it looks.
void Worker::sleep() noexcept {
  const bool has_events = idle_.waits_for_events();
  if (has_events)
    for (const Receive& queue : links_.receive) queue.port->arm_receive_event(queue.queue);
  now_ = dpdk::tsc();
  if (!has_events || !poll_once()) {
    channel_.set_asleep(true);
    if (!has_something_to_do()) {
      counters_.sleeps.add(1);
      idle_.sleep();
    }
    channel_.set_asleep(false);
    was_asleep_ = true;
  }
  if (has_events)
    for (const Receive& queue : links_.receive) queue.port->disarm_receive_event(queue.queue);
  now_ = dpdk::tsc();
}

bool Worker::has_something_to_do() const noexcept {
  const auto has_packets = [](const std::vector<dpdk::Ring*>& rings) {
    return std::any_of(rings.begin(), rings.end(), [](const dpdk::Ring* ring) { return ring && !ring->empty(); });
  };
  return channel_.has_mail() || has_packets(links_.hand_over_from) || has_packets(links_.transmit_for) ||
         has_packets(links_.from_kernel);
}

void Worker::release_everything() noexcept {
  flush_all();
  waiting_.take_all([](void* packet, net::PortId) { dpdk::free(static_cast<dpdk::Packet*>(packet)); });
}

}  // namespace fairway::worker
