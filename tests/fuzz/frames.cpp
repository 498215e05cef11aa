// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "frames.hpp"

#include <array>
#include <optional>

#include "support/naive_checksum.hpp"

namespace fairway::fuzz {
namespace {

using tests::naive_checksum;
using tests::naive_sum;

constexpr std::size_t ethernet_size = 14, ipv4_size = 20;
constexpr std::uint8_t icmp = 1, tcp = 6, udp = 17;

void put16(Bytes& bytes, std::size_t value) {
  bytes.push_back(static_cast<std::uint8_t>(value >> 8));
  bytes.push_back(static_cast<std::uint8_t>(value));
}
void put32(Bytes& bytes, std::uint32_t value) {
  put16(bytes, value >> 16);
  put16(bytes, value & 0xffff);
}
void set16(Bytes& bytes, std::size_t at, std::uint16_t value) {
  bytes[at] = static_cast<std::uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<std::uint8_t>(value);
}
std::size_t get16(const Bytes& bytes, std::size_t at) { return std::size_t{bytes[at]} << 8 | bytes[at + 1]; }

/// Clients, virtual addresses, servers, addresses of the director, and those that no packet may come from or go to.
constexpr std::array<std::uint32_t, 24> addresses{
    0xc6336407, 0xc6336408, 0xcb007101, 0xc0000201, 0xc0000202, 0xc0000203, 0xc0000204, 0x0a000001,
    0x0a000002, 0x0a000003, 0x0a000004, 0x0a000005, 0x0a000006, 0x0a00000a, 0x0a0000fe, 0xc00002fe,
    0xac100001, 0x00000000, 0x7f000001, 0xe0000005, 0xffffffff, 0xf0000001, 0x0a0000ff, 0x08080808};
constexpr std::array<std::uint16_t, 16> ports{80,    8080,  53,    5353,  443,   0,    20, 21,
                                              65535, 40000, 40001, 40002, 40003, 1024, 22, 179};

void put_mac(Bytes& frame, std::uint64_t number) {
  for (int shift = 40; shift >= 0; shift -= 8) frame.push_back(static_cast<std::uint8_t>(number >> shift));
}

void put_link(Bytes& frame, std::uint8_t how, bool is_from_inside) {
  constexpr std::uint64_t outside = 0x020000000001, inside = 0x020000000002, gateway = 0x020000000c01,
                          server = 0x020000000a01, group = 0x01005e000005, stranger = 0x02000000ffff;
  const std::uint64_t own = is_from_inside ? inside : outside;
  const unsigned to = how & 7u;
  put_mac(frame, to == 6 ? group : to == 7 ? stranger : own);
  put_mac(frame, is_from_inside ? server : gateway);
  for (unsigned tags = (how >> 3 & 3u) % 3; tags > 0; --tags) {
    put16(frame, tags == 2 ? 0x88a8 : 0x8100);
    put16(frame, 100u + tags);
  }
  put16(frame, 0x0800);
}

/// What a good packet is made of. Two bytes choose addresses, one the ports, so that an input of few bytes opens a
/// connection and answers it.
Bytes good_frame(Input& input, bool is_from_inside) {
  const std::uint8_t link = input.byte(), shape = input.byte();
  const std::uint32_t source = addresses[input.byte() % addresses.size()];
  const std::uint32_t destination = addresses[input.byte() % addresses.size()];
  const std::uint8_t both_ports = input.byte(), flags = input.byte(), ttl = input.byte();
  const bool is_tcp = (shape & 1) == 0, has_checksum = (shape & 2) == 0, forbids_fragments = (shape & 4) == 0;
  const std::size_t ip_options = (shape >> 3 & 3u) == 3 ? 10 : 0, tcp_options = is_tcp && (shape & 32) != 0 ? 10 : 0;
  const std::size_t payload = (shape & 64) != 0 ? input.word() % 1500u : 0;
  const std::size_t header = is_tcp ? 20 + 4 * tcp_options : 8;

  Bytes frame;
  put_link(frame, link, is_from_inside);
  frame.push_back(static_cast<std::uint8_t>(0x45 + ip_options));
  frame.push_back(0);
  put16(frame, ipv4_size + 4 * ip_options + header + payload);
  put16(frame, 0x1234);
  put16(frame, forbids_fragments ? 0x4000 : 0);
  frame.push_back(ttl < 8 ? ttl : 64);
  frame.push_back(is_tcp ? tcp : udp);
  put16(frame, 0);
  put32(frame, source);
  put32(frame, destination);
  frame.insert(frame.end(), 4 * ip_options, 1);  // no operation
  put16(frame, ports[both_ports & 15u]);
  put16(frame, ports[both_ports >> 4]);
  if (is_tcp) {
    put32(frame, 1000);
    put32(frame, 2000);
    frame.push_back(static_cast<std::uint8_t>((5 + tcp_options) << 4));
    frame.push_back(flags);
    put16(frame, 8192);
    put32(frame, 0);
    frame.insert(frame.end(), 4 * tcp_options, 1);
  } else {
    put16(frame, header + payload);
    put16(frame, 0);
  }
  for (std::size_t i = 0; i < payload; ++i) frame.push_back(static_cast<std::uint8_t>(i % 251));
  if (is_tcp || has_checksum) repair_checksums(frame);
  return frame;
}

void damage(Bytes& frame, Input& input) {
  for (unsigned times = input.byte() & 7u; times > 0 && !frame.empty(); --times) {
    const std::uint8_t how = input.byte(), at = input.byte(), value = input.byte();
    if ((how & 3) == 0)
      frame.resize(std::min<std::size_t>(frame.size(), at));
    else
      frame[at % frame.size()] = value;
  }
}

/// Where the IPv4 header of a frame stands, behind its tags; nothing if it is none, or is not whole.
std::optional<std::size_t> ipv4_of(const Bytes& frame) {
  std::size_t at = ethernet_size - 2;
  for (int tags = 0; tags <= 2; ++tags, at += 4) {
    if (frame.size() < at + 2 + ipv4_size) return std::nullopt;
    const std::size_t type = get16(frame, at);
    if (type == 0x0800) return frame[at + 2] >> 4 == 4 ? std::optional(at + 2) : std::nullopt;
    if (type != 0x8100 && type != 0x88a8) return std::nullopt;
  }
  return std::nullopt;
}

/// The transport part of an IPv4 packet by its own lengths, if it is whole and no fragment.
std::span<const std::uint8_t> body_of(const Bytes& frame, std::size_t at) {
  const std::size_t header = (frame[at] & 15u) * 4u, whole = get16(frame, at + 2);
  if (header < ipv4_size || whole < header || at + whole > frame.size() || (get16(frame, at + 6) & 0x3fff) != 0)
    return {};
  return {frame.data() + at + header, whole - header};
}

std::uint32_t pseudo_header(const Bytes& frame, std::size_t at, std::size_t length) {
  return (naive_sum({frame.data() + at + 12, 8}) + frame[at + 9] + static_cast<std::uint32_t>(length)) % 0xffff;
}

/// Where the checksum stands in the transport header of this protocol; nothing if it has none that is looked at here.
std::optional<std::size_t> checksum_place(std::uint8_t protocol, std::size_t length) {
  if (protocol == tcp && length >= 20) return 16;
  if (protocol == udp && length >= 8) return 6;
  if (protocol == icmp && length >= 8) return 2;
  return std::nullopt;
}

}  // namespace

void repair_checksums(Bytes& frame) {
  const auto at = ipv4_of(frame);
  if (!at) return;
  const std::size_t header = (frame[*at] & 15u) * 4u;
  if (header < ipv4_size || *at + header > frame.size()) return;
  set16(frame, *at + 10, 0);
  set16(frame, *at + 10, naive_checksum({frame.data() + *at, header}));
  const auto body = body_of(frame, *at);
  const auto place = checksum_place(frame[*at + 9], body.size());
  if (!place) return;
  set16(frame, *at + header + *place, 0);
  const std::uint32_t start = frame[*at + 9] == icmp ? 0 : pseudo_header(frame, *at, body.size());
  const std::uint16_t sum = naive_checksum(body, start);
  set16(frame, *at + header + *place, sum == 0 && frame[*at + 9] == udp ? 0xffff : sum);
}

bool has_right_header(const Bytes& frame, std::size_t at) {
  const std::size_t header = (frame[at] & 15u) * 4u;
  return header >= ipv4_size && at + header <= frame.size() && naive_sum({frame.data() + at, header}) == 0xffff;
}

bool has_right_transport(const Bytes& frame, std::size_t at) {
  const auto body = body_of(frame, at);
  const std::uint8_t protocol = frame[at + 9];
  const auto place = checksum_place(protocol, body.size());
  if (!place) return true;
  if (protocol == udp && body[*place] == 0 && body[*place + 1] == 0) return true;
  return naive_sum(body, protocol == icmp ? 0 : pseudo_header(frame, at, body.size())) == 0xffff;
}

Bytes read_frame(Input& input, bool is_from_inside) {
  const std::uint8_t how = input.byte();
  Bytes frame;
  if ((how & 1) == 0) {
    frame = good_frame(input, is_from_inside);
  } else {
    const auto raw = input.take(input.word() % 2048u);
    frame.assign(raw.begin(), raw.end());
  }
  if ((how & 2) != 0) damage(frame, input);
  if ((how & 4) != 0) repair_checksums(frame);
  return frame;
}

}  // namespace fairway::fuzz
