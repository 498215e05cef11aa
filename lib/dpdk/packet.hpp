// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <rte_mbuf.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "net/packet.hpp"

namespace fairway::dpdk {

/// A packet as DPDK owns it. Rooms above hold pointers to it and look inside only through this header.
using Packet = rte_mbuf;

inline std::size_t length(const Packet& packet) noexcept { return packet.pkt_len; }
/// DPDK's number of the device that received it.
inline std::uint16_t device(const Packet& packet) noexcept { return packet.port; }
/// Where another thread is to send it. It takes the place of the device's number.
inline void set_out_port(Packet& packet, net::PortId port) noexcept { packet.port = port.value; }
inline net::PortId out_port(const Packet& packet) noexcept { return {packet.port}; }
/// Marks a packet of Linux's, with its out port, for a worker that gets it among received ones.
constexpr std::uint16_t from_kernel_bit = 0x8000;
inline void mark_from_kernel(Packet& packet) noexcept { packet.port |= from_kernel_bit; }
inline bool is_from_kernel(const Packet& packet) noexcept { return (packet.port & from_kernel_bit) != 0; }
inline void unmark_from_kernel(Packet& packet) noexcept {
  packet.port = static_cast<std::uint16_t>(packet.port & ~from_kernel_bit);
}
/// Whether the device that received it says by which hash it chose the queue.
inline bool has_hash(const Packet& packet) noexcept { return (packet.ol_flags & RTE_MBUF_F_RX_RSS_HASH) != 0; }
inline std::uint32_t hash(const Packet& packet) noexcept { return packet.hash.rss; }
/// When it was received, in ticks: for the worker that it is handed over to. It takes the place of the device's hash.
inline void set_received_at(Packet& packet, std::uint64_t ticks) noexcept {
  packet.ol_flags &= ~RTE_MBUF_F_RX_RSS_HASH;
  static_assert(sizeof packet.hash == sizeof ticks);
  std::memcpy(&packet.hash, &ticks, sizeof ticks);
}
inline std::uint64_t received_at(const Packet& packet) noexcept {
  std::uint64_t ticks;
  std::memcpy(&ticks, &packet.hash, sizeof ticks);
  return ticks;
}
inline std::span<const std::uint8_t> first_bytes(const Packet& packet) noexcept {
  return {rte_pktmbuf_mtod(&packet, const std::uint8_t*), packet.data_len};
}
inline std::uint8_t* frame(Packet& packet) noexcept { return rte_pktmbuf_mtod(&packet, std::uint8_t*); }
/// Of a packet that the device has just filled in: the packet is in the cache, its first bytes may not be.
inline void prefetch(const Packet* packet) noexcept { __builtin_prefetch(rte_pktmbuf_mtod(packet, const void*)); }
/// Of a packet that nobody has looked at yet: itself, and the place of its first bytes in a fresh buffer.
inline void prefetch_with_data(const Packet* packet) noexcept {
  __builtin_prefetch(packet);
  __builtin_prefetch(reinterpret_cast<const std::uint8_t*>(packet) + sizeof(Packet) + RTE_PKTMBUF_HEADROOM);
}
inline void free(Packet* packet) noexcept { rte_pktmbuf_free(packet); }
inline void free(Packet** packets, std::uint32_t count) noexcept { rte_pktmbuf_free_bulk(packets, count); }

/// Shows a received packet to the rooms without DPDK. The view covers the first segment; what parse fills stays as it is.
inline void read(Packet& packet, net::PortId port, net::PacketView& view) noexcept {
  const std::uint16_t headroom = packet.data_off;
  view.frame = static_cast<std::uint8_t*>(packet.buf_addr) + headroom;
  view.length = packet.data_len;
  view.headroom = headroom;
  view.segmented = packet.nb_segs > 1;
  view.port = port;
}

/// Frees all segments but the first.
inline void drop_further_segments(Packet& packet) noexcept {
  rte_pktmbuf_free(packet.next);
  packet.next = nullptr;
  packet.nb_segs = 1;
}

/// Gives the packet its view's place and length. A view that is no longer segmented (an answer was built in the first
/// buffer) cuts the other segments off.
inline void write(const net::PacketView& view, Packet& packet) noexcept {
  const std::uint16_t length = view.length;
  std::uint32_t whole = length;
  if (view.segmented) [[unlikely]]
    whole = packet.pkt_len - packet.data_len + length;
  else if (packet.nb_segs > 1) [[unlikely]]
    drop_further_segments(packet);
  packet.pkt_len = whole;
  packet.data_len = length;
  packet.data_off = static_cast<std::uint16_t>(view.frame - static_cast<std::uint8_t*>(packet.buf_addr));
  // What the device said of the packet it received does not hold for the one to be sent.
  packet.ol_flags &= RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL;
}

/// Makes a packet of one segment empty, as fresh from its pool.
inline void reset(Packet& packet) noexcept {
  rte_pktmbuf_reset_headroom(&packet);
  packet.data_len = 0;
  packet.pkt_len = 0;
}

/// Fills a fresh packet. False, and nothing written, if it has no room for the bytes.
inline bool fill(Packet& packet, std::span<const std::uint8_t> bytes) noexcept {
  if (bytes.size() > rte_pktmbuf_tailroom(&packet)) return false;
  std::memcpy(rte_pktmbuf_mtod(&packet, void*), bytes.data(), bytes.size());
  packet.data_len = static_cast<std::uint16_t>(bytes.size());
  packet.pkt_len = packet.data_len;
  return true;
}

/// Of a packet of one segment with room for it. Bytes that are new are those that the buffer has there.
inline void set_length(Packet& packet, std::uint16_t bytes) noexcept {
  packet.data_len = bytes;
  packet.pkt_len = bytes;
}

/// The packet's bytes, from all its segments. Returns their number, or 0 if they do not fit.
inline std::size_t copy_out(const Packet& packet, std::span<std::uint8_t> bytes) noexcept {
  if (packet.pkt_len > bytes.size()) return 0;
  std::size_t copied = 0;
  for (const Packet* segment = &packet; segment != nullptr; segment = segment->next) {
    std::memcpy(bytes.data() + copied, rte_pktmbuf_mtod(segment, const void*), segment->data_len);
    copied += segment->data_len;
  }
  return copied;
}

}  // namespace fairway::dpdk
