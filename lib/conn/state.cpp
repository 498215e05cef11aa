// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "conn/state.hpp"

namespace fairway::conn {
namespace {

enum Event : std::size_t { syn, fin, ack, rst, event_count };

constexpr std::size_t tcp_states = 11;
using Row = std::array<State, tcp_states>;
using Machine = std::array<Row, event_count>;

constexpr State no = State::none, es = State::established, ss = State::syn_sent, sr = State::syn_recv,
                fw = State::fin_wait, tw = State::time_wait, cl = State::close, cw = State::close_wait,
                la = State::last_ack, li = State::listen, sa = State::synack;

// One row an event, one column the state it finds. The kernel's tables without secure_tcp.
// clang-format off
constexpr std::array<Machine, 3> machines{{
    {{  // input: client → server of a NAT connection
     //     no  es  ss  sr  fw  tw  cl  cw  la  li  sa
     /*syn*/{sr, es, es, sr, sr, sr, sr, sr, sr, sr, sr},
     /*fin*/{cl, cw, ss, tw, tw, tw, cl, cw, la, li, tw},
     /*ack*/{es, es, ss, es, fw, tw, cl, cw, cl, li, es},
     /*rst*/{cl, cl, cl, sr, cl, cl, cl, cl, la, li, sr},
    }},
    {{  // output: server → client
     /*syn*/{ss, es, ss, sr, ss, ss, ss, ss, ss, li, sr},
     /*fin*/{tw, fw, ss, tw, fw, tw, cl, tw, la, li, tw},
     /*ack*/{es, es, ss, es, fw, tw, cl, cw, la, es, es},
     /*rst*/{cl, cl, ss, cl, cl, tw, cl, cl, cl, cl, cl},
    }},
    {{  // input_only: client → server, replies are not seen
     /*syn*/{sr, es, es, sr, sr, sr, sr, sr, sr, sr, sr},
     /*fin*/{cl, fw, ss, tw, fw, tw, cl, cw, la, li, tw},
     /*ack*/{es, es, ss, es, fw, tw, cl, cw, cl, li, es},
     /*rst*/{cl, cl, cl, sr, cl, cl, cl, cl, la, li, cl},
    }},
}};
// clang-format on

}  // namespace

State after_tcp(State state, Direction direction, std::uint8_t tcp_flags) noexcept {
  const Machine& machine = machines[static_cast<std::size_t>(direction)];
  const auto column = static_cast<std::size_t>(state);
  if (tcp_flags & net::TcpHeader::rst) return machine[rst][column];
  if (tcp_flags & net::TcpHeader::syn) return machine[syn][column];
  if (tcp_flags & net::TcpHeader::fin) return machine[fin][column];
  if (tcp_flags & net::TcpHeader::ack) return machine[ack][column];
  return State::close;
}

}  // namespace fairway::conn
