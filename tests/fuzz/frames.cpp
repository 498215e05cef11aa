// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "frames.hpp"

#include <array>
#include <optional>

namespace fairway::fuzz {
namespace {

constexpr std::size_t ethernet_size = 14, ipv4_size = 20;
constexpr std::uint8_t icmp = 1, tcp = 6, udp = 17;

void set16(Frame& frame, std::size_t at, std::uint16_t value) {
  frame[at] = static_cast<std::uint8_t>(value >> 8);
  frame[at + 1] = static_cast<std::uint8_t>(value);
}
std::size_t get16(Bytes bytes, std::size_t at) { return std::size_t{bytes[at]} << 8 | bytes[at + 1]; }

/// RFC 1071, one big-endian word after the other. Plain, as what faster code is held against, but that the fuzzer does not
/// watch it: half of all time would go into its loop.
__attribute__((no_sanitize("address", "undefined", "coverage"))) std::uint16_t sum_of(Bytes bytes,
                                                                                      std::uint64_t start = 0) {
  std::uint64_t sum = start;
  const std::size_t even = bytes.size() & ~std::size_t{1};
  for (std::size_t i = 0; i < even; i += 2)
    sum += static_cast<std::uint32_t>(bytes.data()[i] << 8 | bytes.data()[i + 1]);
  if (even < bytes.size()) sum += static_cast<std::uint32_t>(bytes.data()[even] << 8);
  while (sum > 0xffff) sum = (sum >> 16) + (sum & 0xffff);
  return static_cast<std::uint16_t>(sum);
}
std::uint16_t checksum_of(Bytes bytes, std::uint64_t start = 0) {
  return static_cast<std::uint16_t>(0xffff - sum_of(bytes, start));
}

/// Clients, virtual addresses, servers, addresses of the director, and those that no packet may come from or go to.
constexpr std::array<std::uint32_t, 28> addresses{
    0xc6336407, 0xc6336408, 0xcb007101, 0xc0000201, 0xc0000202, 0xc0000203, 0xc0000204,
    0x0a000001, 0x0a000002, 0x0a000003, 0x0a000004, 0x0a000005, 0x0a000006, 0x0a00000a,
    0x0a0000fe, 0xc00002fe, 0xac100001, 0x00000000, 0x7f000001, 0xe0000005, 0xffffffff,
    0xf0000001, 0x0a0000ff, 0x08080808, 0xc0000205, 0x0a000007, 0x0a000008, 0x0a000009};
constexpr std::array<std::uint16_t, 16> ports{80,    8080,  53,    5353,  443,   0,    20, 21,
                                              65535, 40000, 40001, 40002, 40003, 1024, 22, 179};

void put_mac(Frame& frame, std::uint64_t number) {
  for (int shift = 40; shift >= 0; shift -= 8) frame.put8(number >> shift & 0xff);
}

void put_link(Frame& frame, std::uint8_t how, Origin origin) {
  constexpr std::uint64_t outside = 0x020000000001, inside = 0x020000000002, gateway = 0x020000000c01,
                          server = 0x020000000a01, group = 0x01005e000005, stranger = 0x02000000ffff;
  constexpr std::array<std::uint64_t, 3> senders{gateway, server, outside}, receivers{outside, inside, gateway};
  const auto who = static_cast<std::size_t>(origin);
  const unsigned to = how & 7u;
  put_mac(frame, to == 6 ? group : to == 7 ? stranger : receivers[who]);
  put_mac(frame, senders[who]);
  for (unsigned tags = (how >> 3 & 3u) % 3; tags > 0; --tags) {
    frame.put16(tags == 2 ? 0x88a8 : 0x8100);
    frame.put16(100u + tags);
  }
  frame.put16(0x0800);
}

/// What a good packet is made of. Two bytes choose addresses, one the ports, so that an input of few bytes opens a
/// connection and answers it.
void put_good_frame(Frame& frame, Input& input, Origin origin) {
  const std::uint8_t link = input.byte(), shape = input.byte();
  const std::uint32_t source = addresses[input.byte() % addresses.size()];
  const std::uint32_t destination = addresses[input.byte() % addresses.size()];
  const std::uint8_t both_ports = input.byte(), flags = input.byte(), ttl = input.byte();
  const bool is_tcp = (shape & 1) == 0, has_checksum = (shape & 2) == 0, forbids_fragments = (shape & 4) == 0;
  const std::size_t ip_options = (shape >> 3 & 3u) == 3 ? 10 : 0, tcp_options = is_tcp && (shape & 32) != 0 ? 10 : 0;
  const std::size_t payload = (shape & 64) != 0 ? input.word() % 1500u : 0;
  const std::size_t header = is_tcp ? 20 + 4 * tcp_options : 8;

  put_link(frame, link, origin);
  frame.put8(0x45 + ip_options);
  frame.put8(0);
  frame.put16(ipv4_size + 4 * ip_options + header + payload);
  frame.put16(0x1234);
  frame.put16(forbids_fragments ? 0x4000 : 0);
  frame.put8(ttl < 8 ? ttl : 64);
  frame.put8(is_tcp ? tcp : udp);
  frame.put16(0);
  frame.put32(source);
  frame.put32(destination);
  frame.fill(4 * ip_options, 1);  // no operation
  frame.put16(ports[both_ports & 15u]);
  frame.put16(ports[both_ports >> 4]);
  if (is_tcp) {
    frame.put32(1000);
    frame.put32(2000);
    frame.put8((5 + tcp_options) << 4);
    frame.put8(flags);
    frame.put16(8192);
    frame.put32(0);
    frame.fill(4 * tcp_options, 1);
  } else {
    frame.put16(header + payload);
    frame.put16(0);
  }
  frame.fill(payload, flags);
  if (is_tcp || has_checksum) repair_checksums(frame);
}

void damage(Frame& frame, Input& input) {
  for (unsigned times = input.byte() & 7u; times > 0 && frame.size > 0; --times) {
    const std::uint8_t how = input.byte(), at = input.byte(), value = input.byte();
    if ((how & 3) == 0)
      frame.size = std::min<std::size_t>(frame.size, at);
    else
      frame[at % frame.size] = value;
  }
}

/// Where the IPv4 header of a frame stands, behind its tags; nothing if it is none, or is not whole.
std::optional<std::size_t> ipv4_of(Bytes frame) {
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
Bytes body_of(Bytes frame, std::size_t at) {
  const std::size_t header = (frame[at] & 15u) * 4u, whole = get16(frame, at + 2);
  if (header < ipv4_size || whole < header || at + whole > frame.size() || (get16(frame, at + 6) & 0x3fff) != 0)
    return {};
  return frame.subspan(at + header, whole - header);
}

std::uint64_t pseudo_header(Bytes frame, std::size_t at, std::size_t length) {
  return std::uint64_t{sum_of(frame.subspan(at + 12, 8))} + frame[at + 9] + length;
}

/// Where the checksum stands in the transport header of this protocol; nothing if it has none that is looked at here.
std::optional<std::size_t> checksum_place(std::uint8_t protocol, std::size_t length) {
  if (protocol == tcp && length >= 20) return 16;
  if (protocol == udp && length >= 8) return 6;
  if (protocol == icmp && length >= 8) return 2;
  return std::nullopt;
}

}  // namespace

void repair_checksums(Frame& frame) {
  const auto at = ipv4_of(frame.bytes());
  if (!at) return;
  const std::size_t header = (frame[*at] & 15u) * 4u;
  if (header < ipv4_size || *at + header > frame.size) return;
  set16(frame, *at + 10, 0);
  set16(frame, *at + 10, checksum_of(frame.bytes().subspan(*at, header)));
  const Bytes body = body_of(frame.bytes(), *at);
  const std::uint8_t protocol = frame[*at + 9];
  const auto place = checksum_place(protocol, body.size());
  if (!place) return;
  set16(frame, *at + header + *place, 0);
  const std::uint64_t start = protocol == icmp ? 0 : pseudo_header(frame.bytes(), *at, body.size());
  const std::uint16_t sum = checksum_of(body, start);
  set16(frame, *at + header + *place, sum == 0 && protocol == udp ? std::uint16_t{0xffff} : sum);
}

bool has_right_header(Bytes frame, std::size_t at) {
  if (at + ipv4_size > frame.size()) return false;
  const std::size_t header = (frame[at] & 15u) * 4u;
  return header >= ipv4_size && at + header <= frame.size() && sum_of(frame.subspan(at, header)) == 0xffff;
}

bool has_checksum(Bytes frame, std::size_t at) {
  const Bytes body = body_of(frame, at);
  return frame[at + 9] != udp || body.size() < 8 || body[6] != 0 || body[7] != 0;
}

bool has_right_transport(Bytes frame, std::size_t at) {
  const Bytes body = body_of(frame, at);
  const std::uint8_t protocol = frame[at + 9];
  const auto place = checksum_place(protocol, body.size());
  if (!place || !has_checksum(frame, at)) return true;
  return sum_of(body, protocol == icmp ? 0 : pseudo_header(frame, at, body.size())) == 0xffff;
}

void read_frame(Input& input, Origin origin, Frame& frame) {
  frame.size = 0;
  const std::uint8_t how = input.byte();
  if ((how & 1) == 0) {
    put_good_frame(frame, input, origin);
  } else {
    const Bytes raw = input.take(input.word() % 2048u);
    std::copy(raw.begin(), raw.end(), frame.room.begin());
    frame.size = raw.size();
  }
  if ((how & 2) != 0) damage(frame, input);
  if ((how & 4) != 0) repair_checksums(frame);
}

}  // namespace fairway::fuzz
