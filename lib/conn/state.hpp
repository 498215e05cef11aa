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

/// The kernel's state machines.
namespace tcp {

enum Event : std::uint8_t { syn, fin, ack, rst, nothing, event_count };

constexpr std::size_t row_length = 16;  // of 11 states; so that a place is found by shifts
using Row = std::array<State, row_length>;
using Machine = std::array<Row, event_count>;
using Machines = std::array<Machine, 3>;  // by Direction

constexpr State no = State::none, es = State::established, ss = State::syn_sent, sr = State::syn_recv,
                fw = State::fin_wait, tw = State::time_wait, cl = State::close, cw = State::close_wait,
                la = State::last_ack, li = State::listen, sa = State::synack;

constexpr Row all_closed{cl, cl, cl, cl, cl, cl, cl, cl, cl, cl, cl};

// One row an event, one column the state it finds. The kernel's tables without secure_tcp.
// clang-format off
inline constexpr Machines machines{{
    {{  // input: client → server of a NAT connection
     //     no  es  ss  sr  fw  tw  cl  cw  la  li  sa
     /*syn*/{sr, es, es, sr, sr, sr, sr, sr, sr, sr, sr},
     /*fin*/{cl, cw, ss, tw, tw, tw, cl, cw, la, li, tw},
     /*ack*/{es, es, ss, es, fw, tw, cl, cw, cl, li, es},
     /*rst*/{cl, cl, cl, sr, cl, cl, cl, cl, la, li, sr},
            all_closed,
    }},
    {{  // output: server → client
     /*syn*/{ss, es, ss, sr, ss, ss, ss, ss, ss, li, sr},
     /*fin*/{tw, fw, ss, tw, fw, tw, cl, tw, la, li, tw},
     /*ack*/{es, es, ss, es, fw, tw, cl, cw, la, es, es},
     /*rst*/{cl, cl, ss, cl, cl, tw, cl, cl, cl, cl, cl},
            all_closed,
    }},
    {{  // input_only: client → server, replies are not seen
     /*syn*/{sr, es, es, sr, sr, sr, sr, sr, sr, sr, sr},
     /*fin*/{cl, fw, ss, tw, fw, tw, cl, cw, la, li, tw},
     /*ack*/{es, es, ss, es, fw, tw, cl, cw, cl, li, es},
     /*rst*/{cl, cl, cl, sr, cl, cl, cl, cl, la, li, cl},
            all_closed,
    }},
}};

/// Those with secure_tcp: a client alone does not make a connection established.
inline constexpr Machines secure_machines{{
    {{  // input
     //     no  es  ss  sr  fw  tw  cl  cw  la  li  sa
     /*syn*/{sr, es, es, sr, sr, sr, sr, sr, sr, sr, sa},
     /*fin*/{cl, cw, ss, tw, tw, tw, cl, cw, la, li, sa},
     /*ack*/{es, es, ss, sr, fw, tw, cl, cw, cl, li, sa},
     /*rst*/{cl, cl, cl, sr, cl, cl, cl, cl, la, li, cl},
            all_closed,
    }},
    {{  // output
     /*syn*/{ss, es, ss, sa, ss, ss, ss, ss, ss, li, sa},
     /*fin*/{tw, fw, ss, tw, fw, tw, cl, tw, la, li, tw},
     /*ack*/{es, es, ss, es, fw, tw, cl, cw, la, es, es},
     /*rst*/{cl, cl, ss, cl, cl, tw, cl, cl, cl, cl, cl},
            all_closed,
    }},
    {{  // input_only
     /*syn*/{sa, es, es, sr, sa, sa, sa, sa, sa, sa, sa},
     /*fin*/{cl, fw, ss, tw, fw, tw, cl, cw, la, li, tw},
     /*ack*/{es, es, ss, es, fw, tw, cl, cw, cl, li, es},
     /*rst*/{cl, cl, cl, sr, cl, cl, cl, cl, la, li, cl},
            all_closed,
    }},
}};
// clang-format on

/// RST counts before SYN before FIN before ACK.
constexpr Event event_of(std::uint8_t flags) {
  if (flags & net::TcpHeader::rst) return rst;
  if (flags & net::TcpHeader::syn) return syn;
  if (flags & net::TcpHeader::fin) return fin;
  return flags & net::TcpHeader::ack ? ack : nothing;
}

constexpr std::uint8_t event_flags = 0x1f;
/// By the flags: a table, since no branch of these could be foreseen.
constexpr auto events = [] {
  std::array<Event, event_flags + 1> all{};
  for (std::uint8_t flags = 0; flags <= event_flags; ++flags) all[flags] = event_of(flags);
  return all;
}();

}  // namespace tcp

/// The state after a TCP packet with these flags; one with none that matters closes (as the kernel's set_tcp_state).
constexpr State after_tcp(State state, Direction direction, std::uint8_t tcp_flags,
                          const tcp::Machines& machines = tcp::machines) noexcept {
  const tcp::Event event = tcp::events[tcp_flags & tcp::event_flags];
  return machines[static_cast<std::size_t>(direction)][event][static_cast<std::size_t>(state)];
}

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
