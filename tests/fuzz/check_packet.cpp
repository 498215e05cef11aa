// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "check_packet.hpp"

#include <algorithm>

#include "require.hpp"

namespace fairway::fuzz {
namespace {

using forward::Verdict;

constexpr std::size_t largest_link = 18;

bool must_be_untouched(Verdict verdict) {
  switch (verdict) {
    case Verdict::to_kernel:
    case Verdict::to_other_worker:
    case Verdict::wait_for_neighbour:
    case Verdict::drop_malformed:
    case Verdict::drop_bad_checksum:
    case Verdict::drop_segmented:
    case Verdict::drop_fragment:
    case Verdict::drop_no_route:
    case Verdict::drop_server_gone:
    case Verdict::drop_table_full:
    case Verdict::drop_tuple_taken:
    case Verdict::drop_martian:
    case Verdict::drop_defence:
    case Verdict::drop_to_loopback:
    case Verdict::drop_not_local: return true;
    default: return false;
  }
}

Bytes bytes_of(const net::PacketView& view) { return {view.frame, view.length}; }

bool is_as_it_came(const net::PacketView& view, const Received& packet) {
  return std::ranges::equal(bytes_of(view), packet.sent.bytes());
}

void check_place(const net::PacketView& view, const Received& packet) {
  require(view.frame >= packet.memory.get() && view.frame + view.length <= packet.memory.get() + packet.size,
          "a packet lies within its buffer");
}

/// The transport's checksum is as right or wrong as it was.
void check_transport(Bytes out, std::size_t at, const Received& packet, std::size_t before) {
  require(has_right_transport(out, at) == has_right_transport(packet.sent.bytes(), before),
          "the transport's checksum is as right as it was");
  require(has_checksum(out, at) == has_checksum(packet.sent.bytes(), before), "UDP has a checksum if it had one");
}

/// Addresses and service ports as they stand in a packet of TCP or UDP.
struct Ends {
  net::Ipv4Address source, destination;
  net::ServicePort source_port, destination_port;

  bool operator==(const Ends&) const = default;
};

Ends ends_of(Bytes frame, std::size_t at) {
  Ends ends;
  std::memcpy(&ends.source, &frame[at + 12], 8);
  std::memcpy(&ends.source_port, &frame[at + (frame[at] & 15u) * 4u], 4);
  return ends;
}

/// NAT has changed the one end that it is to change, the other methods none.
void check_ends(Bytes out, std::size_t at, const Received& packet, std::size_t before, const conn::Hot& entry,
                bool is_reply) {
  Ends ends = ends_of(packet.sent.bytes(), before);
  if (entry.forwarding == service::Forwarding::nat && is_reply) {
    ends.source = entry.v4.virtual_address;
    ends.source_port = entry.virtual_port;
  } else if (entry.forwarding == service::Forwarding::nat) {
    ends.destination = entry.v4.server;
    ends.destination_port = entry.server_port;
  }
  require(ends_of(out, at) == ends, "a packet's ends are what its connection makes of them");
}

/// One hop older, behind the next hop's header.
void check_transmitted(const forward::Burst& burst, std::uint32_t i, const Received& packet) {
  constexpr std::uint8_t ipip = 4;
  const net::PacketView& view = burst.packets[i];
  const route::NextHop& hop = *burst.next_hops[i];
  const conn::Hot& entry = *burst.entries[i];
  const Bytes out = bytes_of(view);
  const std::size_t link = hop.header_length, before = view.network_offset;  // sending leaves the offsets
  require(link <= largest_link && std::equal(out.begin(), out.begin() + hop.header_length, hop.header.begin()),
          "what goes out begins with its next hop's header");
  require(view.port == hop.port, "what goes out goes out by its next hop's port");
  require(has_right_header(out, link), "what goes out has a right IP checksum");
  const std::size_t inner = out[link + 9] == ipip ? link + 20 : link;
  require(has_right_header(out, inner), "what is tunnelled has a right IP checksum");
  require(out[inner + 8] + 1 == packet.sent[before + 8], "the TTL is one less");
  const bool is_reply = burst.references[i].is_reply();
  require((inner != link) == (entry.forwarding == service::Forwarding::tun && !is_reply), "TUN tunnels, and only TUN");
  if (inner != link)
    require(std::memcmp(&out[link + 12], &hop.source, 4) == 0 && std::memcmp(&out[link + 16], &entry.v4.server, 4) == 0,
            "a tunnel goes from the director to the server");
  check_ends(out, inner, packet, before, entry, is_reply);
  check_transport(out, inner, packet, before);
}

/// With the server's address perhaps, else as it came: nothing is routed.
void check_delivered(const forward::Burst& burst, std::uint32_t i, const Received& packet) {
  const net::PacketView& view = burst.packets[i];
  const Bytes out = bytes_of(view), sent = packet.sent.bytes();
  const std::size_t at = view.network_offset;
  require(out.size() == sent.size(), "what is delivered is as long as it came");
  require(std::equal(out.begin(), out.begin() + view.network_offset, sent.begin()),
          "what is delivered keeps its link header");
  require(out[at + 8] == sent[at + 8], "what is delivered is no hop older");
  require(has_right_header(out, at), "what is delivered has a right IP checksum");
  check_ends(out, at, packet, at, *burst.entries[i], burst.references[i].is_reply());
  check_transport(out, at, packet, at);
}

void check_answer(const net::PacketView& view) {
  const Bytes answer = bytes_of(view);
  require(has_right_header(answer, view.network_offset), "an answer has a right IP checksum");
  require(has_right_transport(answer, view.network_offset), "an answer has a right ICMP checksum");
  require(view.network_length <= 576, "an answer is no longer than 576 bytes");
  require(answer.size() == std::size_t{view.network_offset} + view.network_length,
          "an answer ends where its packet ends");
}

}  // namespace

void check_packet(const forward::Burst& burst, std::uint32_t i, const Received& packet) {
  const net::PacketView& view = burst.packets[i];
  const Verdict verdict = burst.verdicts[i];
  require(static_cast<std::size_t>(verdict) < forward::verdict_count, "a verdict is one of those named");
  require(!name(verdict).empty(), "a verdict has a name");
  require(burst.transmitted.contains(i) == (verdict == Verdict::transmit), "transmitted are those with that verdict");
  check_place(view, packet);
  if (verdict == Verdict::to_kernel && burst.for_this_host.contains(i))
    check_delivered(burst, i, packet);
  else if (must_be_untouched(verdict))
    require(is_as_it_came(view, packet), "what does not go on stays as it was");
  if (verdict == Verdict::transmit) check_transmitted(burst, i, packet);
  if (forward::is_answer(verdict)) check_answer(view);
}

void check_packet_from_kernel(const forward::Burst& burst, std::uint32_t i, const Received& packet) {
  const net::PacketView& view = burst.packets[i];
  const Verdict verdict = burst.verdicts[i];
  require(burst.transmitted.contains(i) == (verdict == Verdict::transmit), "transmitted are those with that verdict");
  check_place(view, packet);
  require(view.port == packet.view.port, "what the kernel sends goes out where it sent it");
  if (verdict == Verdict::transmit) return check_delivered(burst, i, packet);
  require(!is_drop(verdict) && (verdict == Verdict::to_kernel || verdict == Verdict::to_other_worker),
          "what the kernel sends is not dropped");
  require(is_as_it_came(view, packet), "what is the kernel's own stays as it was");
}

}  // namespace fairway::fuzz
