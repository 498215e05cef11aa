// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "worker/lane.hpp"

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <cstring>

#include "net/headers.hpp"

namespace fairway::worker {
namespace {

constexpr std::size_t largest_frame = 65'536;
constexpr std::uint32_t frames_at_once = 32;
constexpr std::size_t addresses = 2 * sizeof(net::MacAddress);  // of a frame, before its type or tag

/// Puts a tag into a frame that has as many free bytes before it; returns the new frame.
std::span<std::uint8_t> add_tag(std::span<std::uint8_t> frame, std::uint16_t vlan) {
  std::uint8_t* start = frame.data() - sizeof(net::VlanTag);
  std::memmove(start, frame.data(), addresses);
  // On the wire the tag's type comes first; VlanTag is what stands behind that type.
  const net::Big16 tag[] = {net::EtherType::vlan, net::Big16(vlan)};
  std::memcpy(start + addresses, tag, sizeof tag);
  return {start, frame.size() + sizeof(net::VlanTag)};
}

/// Takes the outer tag off a frame of this VLAN; others are left as they are.
std::span<std::uint8_t> remove_tag(std::span<std::uint8_t> frame, std::uint16_t vlan) {
  constexpr std::uint16_t id_bits = 0x0fff;
  net::Big16 tag[2];
  if (frame.size() < addresses + sizeof tag) return frame;
  std::memcpy(tag, frame.data() + addresses, sizeof tag);
  if (tag[0] != net::EtherType::vlan || (tag[1].host() & id_bits) != vlan) return frame;
  std::memmove(frame.data() + sizeof tag, frame.data(), addresses);
  return frame.subspan(sizeof tag);
}

}  // namespace

Lane::Lane(std::vector<std::unique_ptr<Twin>> twins, std::vector<LaneRings> from_workers, LaneRings to_transmitter,
           Channel& transmitter, dpdk::Pool& pool, Shared& shared)
    : twins_(std::move(twins)),
      from_workers_(std::move(from_workers)),
      to_transmitter_(to_transmitter),
      transmitter_(transmitter),
      pool_(pool),
      shared_(shared),
      buffer_(largest_frame) {}

Lane::~Lane() { stop(); }

void Lane::start() {
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "fairway-lane");
}

void Lane::stop() {
  if (!thread_.joinable()) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = write(shared_.lane_descriptor, &one, sizeof one);
  thread_.join();
}

void Lane::run() {
  while (!shared_.stop.load(std::memory_order_relaxed)) {
    now_ = clock_.now();
    bool found_work = false;
    // What keeps the network alive goes first, each time round.
    for (const TrafficClass traffic_class : {TrafficClass::control, TrafficClass::bulk})
      found_work |= carry_to_kernel(static_cast<std::size_t>(traffic_class));
    for (const auto& twin : twins_) found_work |= carry_from_kernel(*twin);
    if (!found_work) sleep();
  }
}

Twin* Lane::twin_of(net::PortId port) const {
  for (const auto& twin : twins_)
    if (twin->port == port) return twin.get();
  return nullptr;
}

bool Lane::carry_to_kernel(std::size_t traffic_class) {
  bool found = false;
  for (const LaneRings& rings : from_workers_) {
    std::array<dpdk::Packet*, frames_at_once> packets;
    const std::uint32_t count = rings[traffic_class]->dequeue(packets.data(), frames_at_once);
    for (std::uint32_t i = 0; i < count; ++i) {
      write_frame(*packets[i], traffic_class);
      dpdk::free(packets[i]);
    }
    found |= count > 0;
  }
  return found;
}

void Lane::write_frame(dpdk::Packet& packet, std::size_t traffic_class) {
  Twin* twin = twin_of(dpdk::out_port(packet));
  if (!twin) return;
  Twin::Counts& counts = twin->to_kernel[traffic_class];
  if (traffic_class == static_cast<std::size_t>(TrafficClass::bulk) && !twin->to_kernel_cap.take(now_))
    return counts.capped.add(1);
  std::span<std::uint8_t> frame(buffer_.data(), dpdk::copy_out(packet, buffer_));
  if (twin->vlan != 0) frame = remove_tag(frame, twin->vlan);
  if (!frame.empty() && write(twin->descriptor, frame.data(), frame.size()) == static_cast<ssize_t>(frame.size()))
    counts.packets.add(1);
  else
    counts.lost.add(1);  // the interface is down, or its queue is full
}

bool Lane::carry_from_kernel(Twin& twin) {
  std::uint32_t frames = 0;
  for (; frames < frames_at_once; ++frames) {
    constexpr std::size_t room = sizeof(net::VlanTag);
    const ssize_t length = read(twin.descriptor, buffer_.data() + room, buffer_.size() - room);
    if (length <= 0) break;
    std::span frame(buffer_.data() + room, static_cast<std::size_t>(length));
    take_frame(twin, twin.vlan != 0 ? add_tag(frame, twin.vlan) : frame);
  }
  if (frames > 0) transmitter_.wake_if_asleep();
  return frames > 0;
}

void Lane::take_frame(Twin& twin, std::span<const std::uint8_t> frame) {
  const auto traffic_class = static_cast<std::size_t>(class_of(frame));
  Twin::Counts& counts = twin.from_kernel[traffic_class];
  if (traffic_class == static_cast<std::size_t>(TrafficClass::bulk) && !twin.from_kernel_cap.take(now_))
    return counts.capped.add(1);
  dpdk::Packet* packet = pool_.copy_in(frame);
  if (!packet) return counts.lost.add(1);
  dpdk::set_out_port(*packet, twin.port);
  if (to_transmitter_[traffic_class]->enqueue(&packet, 1) == 1) return counts.packets.add(1);
  dpdk::free(packet);
  counts.lost.add(1);
}

void Lane::sleep() {
  shared_.lane_asleep.store(true, std::memory_order_seq_cst);
  bool has_packets = false;
  for (const LaneRings& rings : from_workers_)
    for (const dpdk::Ring* ring : rings) has_packets |= !ring->empty();
  if (!has_packets) {
    std::vector<pollfd> descriptors{{.fd = shared_.lane_descriptor, .events = POLLIN, .revents = 0}};
    for (const auto& twin : twins_) descriptors.push_back({.fd = twin->descriptor, .events = POLLIN, .revents = 0});
    poll(descriptors.data(), descriptors.size(), 100);
    std::uint64_t count;
    [[maybe_unused]] const auto got = read(shared_.lane_descriptor, &count, sizeof count);
  }
  shared_.lane_asleep.store(false, std::memory_order_relaxed);
}

}  // namespace fairway::worker
