// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "net/headers.hpp"

/// Protocol states as IPVS keeps them, with its default timeouts.
namespace fairway::conn {

/// In the kernel's order (the numbers travel in its sync protocol); udp stands behind the TCP states.
enum class State : std::uint8_t {
  none,
  established,
  syn_sent,
  syn_recv,
  fin_wait,
  time_wait,
  close,
  close_wait,
  last_ack,
  listen,
  synack,
  udp,
};
constexpr std::size_t state_count = 12;

/// As `ipvsadm -Lnc` prints it.
constexpr std::array<std::string_view, state_count> state_names{"NONE",     "ESTABLISHED", "SYN_SENT", "SYN_RECV",
                                                                "FIN_WAIT", "TIME_WAIT",   "CLOSE",    "CLOSE_WAIT",
                                                                "LAST_ACK", "LISTEN",      "SYNACK",   "UDP"};
constexpr std::string_view name(State state) { return state_names[static_cast<std::size_t>(state)]; }

/// Seconds without a packet after which a connection in this state ends.
struct Timeouts {
  std::array<std::uint32_t, state_count> seconds{2, 900, 120, 60, 120, 120, 10, 60, 30, 120, 120, 300};

  constexpr std::uint32_t of(State state) const { return seconds[static_cast<std::size_t>(state)]; }
};

/// Whose packet moves a connection on. A director sees no replies of a DR or TUN server: `input_only`.
enum class Direction : std::uint8_t { input, output, input_only };

/// The state after a TCP packet with these flags; RST counts before SYN before FIN before ACK, and a packet with none of
/// them closes (as the kernel's set_tcp_state).
State after_tcp(State state, Direction direction, std::uint8_t tcp_flags) noexcept;

/// Counted as ActiveConn rather than InActConn.
constexpr bool is_active(State state) {
  return state == State::established || state == State::syn_sent || state == State::syn_recv || state == State::synack;
}

/// Not yet confirmed by both ends: the first to go when the table is full.
constexpr bool is_half_open(State state) {
  return state == State::none || state == State::syn_sent || state == State::syn_recv || state == State::synack;
}

/// On its way out: a new connection may take over its tuple.
constexpr bool is_closing(State state) {
  return state == State::fin_wait || state == State::time_wait || state == State::close || state == State::close_wait ||
         state == State::last_ack;
}

}  // namespace fairway::conn
