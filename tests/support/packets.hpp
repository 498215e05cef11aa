// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/packet.hpp"
#include "support/naive_checksum.hpp"

/// Whole packets for tests, written byte by byte so that they owe nothing to the code under test.
namespace fairway::tests {

using Bytes = std::vector<std::uint8_t>;

inline net::Address address(std::string_view text) { return net::parse_address(text).value(); }
inline net::Ipv4Address ipv4(std::string_view text) { return address(text).v4(); }
inline net::MacAddress mac(std::string_view text) { return net::parse_mac(text).value(); }
inline net::ServicePort port(std::uint16_t host) { return net::ServicePort(host); }

constexpr std::uint8_t tcp_fin = 0x01, tcp_syn = 0x02, tcp_rst = 0x04, tcp_psh = 0x08, tcp_ack = 0x10;

/// A packet in words. The defaults are a SYN of some client to a service at the director.
struct PacketSpec {
  std::string to_mac = "02:00:00:00:00:01", from_mac = "02:00:00:00:0c:01";
  std::vector<std::uint16_t> tags{};  // VLAN ids, outermost first
  std::string source = "198.51.100.7", destination = "192.0.2.1";
  std::uint16_t source_port = 40000, destination_port = 80;
  net::Protocol protocol = net::Protocol::tcp;
  std::uint8_t flags = tcp_syn;
  std::uint8_t service = 0, ttl = 64;
  std::uint16_t id = 0x1234, fragment = 0x4000;  // DF
  std::size_t ip_option_words = 0, tcp_option_words = 0;
  std::size_t payload = 0;
  std::size_t padding = 0;  // after the IP packet, as switches pad short frames
};

inline void put16(Bytes& bytes, std::size_t value) {
  bytes.push_back(static_cast<std::uint8_t>(value >> 8));
  bytes.push_back(static_cast<std::uint8_t>(value));
}
inline void set16(Bytes& bytes, std::size_t at, std::uint16_t value) {
  bytes[at] = static_cast<std::uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<std::uint8_t>(value);
}
inline std::uint16_t get16(const std::uint8_t* bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}
template <class T>
void put_bytes(Bytes& bytes, const T& value) {
  const auto* raw = reinterpret_cast<const std::uint8_t*>(&value);
  bytes.insert(bytes.end(), raw, raw + sizeof value);
}

/// The TCP or UDP header and payload, checksum included.
inline Bytes build_transport(const PacketSpec& spec) {
  const bool is_tcp = spec.protocol == net::Protocol::tcp;
  Bytes bytes;
  put16(bytes, spec.source_port);
  put16(bytes, spec.destination_port);
  if (is_tcp) {
    bytes.insert(bytes.end(), {0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88});
    bytes.push_back(static_cast<std::uint8_t>((5 + spec.tcp_option_words) << 4));
    bytes.push_back(spec.flags);
    bytes.insert(bytes.end(), {0xfa, 0xf0, 0, 0, 0, 0});
    bytes.insert(bytes.end(), 4 * spec.tcp_option_words, 1);  // NOP
  } else {
    put16(bytes, 8 + spec.payload);
    put16(bytes, 0);
  }
  for (std::size_t i = 0; i < spec.payload; ++i) bytes.push_back(static_cast<std::uint8_t>('a' + i % 26));

  Bytes pseudo;
  put_bytes(pseudo, ipv4(spec.source));
  put_bytes(pseudo, ipv4(spec.destination));
  put16(pseudo, static_cast<std::size_t>(spec.protocol));
  put16(pseudo, bytes.size());
  std::uint16_t checksum = naive_checksum(bytes, naive_sum(pseudo));
  if (!is_tcp && checksum == 0) checksum = 0xffff;
  set16(bytes, is_tcp ? 16 : 6, checksum);
  return bytes;
}

/// The IP packet without a link layer.
inline Bytes build_ip(const PacketSpec& spec) {
  const Bytes transport = build_transport(spec);
  Bytes bytes;
  bytes.push_back(static_cast<std::uint8_t>(0x45 + spec.ip_option_words));
  bytes.push_back(spec.service);
  put16(bytes, 20 + 4 * spec.ip_option_words + transport.size());
  put16(bytes, spec.id);
  put16(bytes, spec.fragment);
  bytes.push_back(spec.ttl);
  bytes.push_back(static_cast<std::uint8_t>(spec.protocol));
  put16(bytes, 0);
  put_bytes(bytes, ipv4(spec.source));
  put_bytes(bytes, ipv4(spec.destination));
  bytes.insert(bytes.end(), 4 * spec.ip_option_words, 1);  // no operation
  set16(bytes, 10, naive_checksum(bytes));
  bytes.insert(bytes.end(), transport.begin(), transport.end());
  return bytes;
}

inline Bytes build_link(const PacketSpec& spec, std::uint16_t type = 0x0800) {
  Bytes bytes;
  put_bytes(bytes, mac(spec.to_mac));
  put_bytes(bytes, mac(spec.from_mac));
  for (std::size_t i = 0; i < spec.tags.size(); ++i) {
    put16(bytes, i + 1 < spec.tags.size() ? 0x88a8 : 0x8100);
    put16(bytes, spec.tags[i]);
  }
  put16(bytes, type);
  return bytes;
}

/// The whole frame.
inline Bytes build(const PacketSpec& spec) {
  Bytes bytes = build_link(spec);
  const Bytes packet = build_ip(spec);
  bytes.insert(bytes.end(), packet.begin(), packet.end());
  bytes.insert(bytes.end(), spec.padding, 0);
  return bytes;
}

/// A frame in a heap block that ends where the frame ends, so that AddressSanitizer sees every byte read too many.
class Frame {
 public:
  explicit Frame(const Bytes& bytes, std::uint16_t headroom = 128)
      : memory_(std::make_unique<std::uint8_t[]>(headroom + bytes.size())),
        headroom_(headroom),
        length_(static_cast<std::uint16_t>(bytes.size())) {
    std::copy(bytes.begin(), bytes.end(), memory_.get() + headroom);
  }
  explicit Frame(const PacketSpec& spec, std::uint16_t headroom = 128) : Frame(build(spec), headroom) {}

  net::PacketView view(net::PortId in = {}) const {
    net::PacketView packet;
    packet.frame = memory_.get() + headroom_;
    packet.length = length_;
    packet.headroom = headroom_;
    packet.port = in;
    return packet;
  }

 private:
  std::unique_ptr<std::uint8_t[]> memory_;
  std::uint16_t headroom_;
  std::uint16_t length_;
};

inline Bytes bytes_of(const net::PacketView& packet) { return {packet.frame, packet.frame + packet.length}; }
/// From the IP header on.
inline Bytes ip_bytes_of(const net::PacketView& packet) {
  return {packet.frame + packet.network_offset, packet.frame + packet.length};
}

/// Whether the checksums of an IPv4 packet (TCP, UDP or ICMP) are right; a UDP checksum of zero is.
inline bool has_right_checksums(const Bytes& ip) {
  const std::size_t header = (ip[0] & 15u) * 4, whole = get16(ip.data(), 2);
  if (whole > ip.size() || naive_sum({ip.data(), header}) != 0xffff) return false;
  const std::span body(ip.data() + header, whole - header);
  if (ip[9] == 1) return naive_sum(body) == 0xffff;
  if (ip[9] == 17 && get16(body.data(), 6) == 0) return true;
  const std::uint32_t pseudo =
      naive_sum({ip.data() + 12, 8}) + std::uint32_t{ip[9]} + static_cast<std::uint32_t>(body.size());
  return naive_sum(body, pseudo % 0xffff) == 0xffff;
}

}  // namespace fairway::tests
