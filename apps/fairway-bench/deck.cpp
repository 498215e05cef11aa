// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairway-bench/deck.hpp"

#include <array>
#include <cstring>
#include <numeric>

#include "net/checksum.hpp"
#include "net/headers.hpp"

namespace fairway::bench {
namespace {

constexpr std::size_t checksum_bytes = 4;  // of the frame, which no buffer holds
constexpr std::size_t frame_bytes = FrameSizes::least - checksum_bytes;
constexpr net::MacAddress client_mac{{0x02, 0, 0, 0, 0x0c, 0x01}};

struct Frame {
  net::EthernetHeader ethernet;
  net::Ipv4Header ip;
  net::TcpHeader tcp;
  std::array<std::uint8_t, 6> padding;
};
static_assert(sizeof(Frame) == frame_bytes);

}  // namespace

const net::MacAddress director_mac{{0x02, 0, 0, 0, 0, 0x01}};

FrameSizes FrameSizes::imix() {
  FrameSizes mix;
  mix.sizes_ = {64, 594, 64, 64, 594, 64, 64, 594, 64, 64, 594, 1518};
  return mix;
}

double FrameSizes::mean() const {
  return std::accumulate(sizes_.begin(), sizes_.end(), 0.0) / static_cast<double>(sizes_.size());
}

dpdk::PoolSettings Deck::pool_settings() { return {.packets = size + 512, .cache = 0}; }

base::Result<Deck> Deck::create(const FrameSizes& sizes) {
  auto pool = dpdk::Pool::create(pool_settings());
  if (!pool) return pool.error();
  Deck deck(std::move(*pool), sizes);
  if (!deck.pool_.allocate(deck.packets_)) return base::Error{"the pool does not hold the packets"};
  return deck;
}

dpdk::Packet& Deck::write(std::uint32_t i, const net::Tuple4& tuple, std::uint8_t tcp_flags, net::PortId port) {
  const std::uint16_t bytes = sizes_.of(i);
  // The least frame is padded.
  const auto length =
      static_cast<std::uint16_t>(bytes == FrameSizes::least ? sizeof(net::Ipv4Header) + sizeof(net::TcpHeader)
                                                            : bytes - checksum_bytes - sizeof(net::EthernetHeader));
  Frame frame{.ethernet = {director_mac, client_mac, net::EtherType::ipv4},
              .ip = {.version_length = 0x45,
                     .service = 0,
                     .total_length = net::Big16(length),
                     .id = net::Big16(static_cast<std::uint16_t>(i)),
                     .fragment = net::Big16(net::Ipv4Header::dont_fragment),
                     .ttl = 64,
                     .protocol = static_cast<std::uint8_t>(tuple.protocol),
                     .checksum = {},
                     .source = tuple.source,
                     .destination = tuple.destination},
              .tcp = {.source = tuple.source_port,
                      .destination = tuple.destination_port,
                      .sequence = {},
                      .acknowledgment = {},
                      .offset = 5 << 4,
                      .flags = tcp_flags,
                      .window = net::Big16(std::uint16_t{0xffff}),
                      .checksum = net::Big16(std::uint16_t{0x1234}),
                      .urgent = {}},
              .padding = {}};
  frame.ip.checksum = net::checksum(&frame.ip, sizeof frame.ip);
  dpdk::Packet& packet = *packets_[i];
  dpdk::reset(packet);
  dpdk::set_out_port(packet, port);
  dpdk::fill(packet, {reinterpret_cast<const std::uint8_t*>(&frame), sizeof frame});
  dpdk::set_length(packet, static_cast<std::uint16_t>(bytes - checksum_bytes));
  return packet;
}

}  // namespace fairway::bench
