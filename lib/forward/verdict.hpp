// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fairway::forward {

/// What becomes of a packet: exactly one of these for each. The name is the metric's label, the row of `show drops` and of
/// docs/life-of-a-packet.md. A drop has a name of its own for each reason.
enum class Verdict : std::uint8_t {
  transmit,
  to_kernel,
  to_other_worker,
  wait_for_neighbour,
  answer_port_unreachable,
  answer_fragmentation_needed,
  answer_time_exceeded,
  drop_malformed,
  drop_bad_checksum,
  drop_segmented,
  drop_fragment,
  drop_too_big,
  drop_no_neighbour,
  drop_no_route,
  drop_no_headroom,
  drop_no_twin,
  drop_server_gone,
  drop_table_full,
  drop_tuple_taken,
  drop_martian,
  drop_defence,
  drop_answer_limited,
  drop_unanswerable,
  drop_to_loopback,
  drop_not_local,
};
constexpr std::size_t verdict_count = 25;

struct VerdictInfo {
  std::string_view name;
  std::string_view meaning;
};

/// By verdict, in the order of the enumeration.
constexpr std::array<VerdictInfo, verdict_count> verdicts{{
    {"transmit", "rewritten and sent to its real server or client"},
    {"to_kernel", "for no service: given to the port's twin in Linux"},
    {"to_other_worker", "handed over to the worker that owns its flow"},
    {"wait_for_neighbour", "kept until its next hop's MAC address is known (at most three for one next hop)"},
    {"answer_port_unreachable", "no real server is available: ICMP port unreachable from the virtual address"},
    {"answer_fragmentation_needed", "too big for the next hop and must not be fragmented: ICMP with the MTU"},
    {"answer_time_exceeded", "its TTL ran out here: ICMP time exceeded"},
    {"drop_malformed", "truncated, or its lengths contradict each other"},
    {"drop_bad_checksum", "the checksum of its IPv4 header is wrong"},
    {"drop_segmented", "its headers reach beyond the first buffer"},
    {"drop_fragment", "a fragment of a packet to a service or from a NAT real server"},
    {"drop_too_big", "too big for the next hop, and would have to be fragmented"},
    {"drop_no_neighbour", "its next hop does not answer, and enough packets wait for it"},
    {"drop_no_route", "no route leads to its real server or client"},
    {"drop_no_headroom", "no room before it for the outer header"},
    {"drop_no_twin", "for no service, and its port has no twin in Linux"},
    {"drop_server_gone", "of a connection whose real server was deleted"},
    {"drop_table_full", "a new connection, and no half-open one to make room for it"},
    {"drop_tuple_taken", "a new connection whose reply tuple is taken on every real server"},
    {"drop_martian",
     "a new connection from an address that no client has: 0.0.0.0/8, 127.0.0.0/8, a group, its own destination"},
    {"drop_defence", "would have opened a connection, but the setting drop_packet takes its share"},
    {"drop_answer_limited", "would have been answered, but answers are limited in rate"},
    {"drop_unanswerable", "would have been answered, but its sender must not be (RFC 1122, 3.2.2)"},
    {"drop_to_loopback", "its NAT server is 127.0.0.0/8, where nothing from outside may go (RFC 1122, 3.2.1.3)"},
    {"drop_not_local", "its DR or TUN server is the director itself, which has not the address that it was sent to"},
}};

constexpr std::string_view name(Verdict verdict) { return verdicts[static_cast<std::size_t>(verdict)].name; }
constexpr bool is_answer(Verdict verdict) {
  return verdict >= Verdict::answer_port_unreachable && verdict <= Verdict::answer_time_exceeded;
}
constexpr bool is_drop(Verdict verdict) { return verdict >= Verdict::drop_malformed; }

}  // namespace fairway::forward
