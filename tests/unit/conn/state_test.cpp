// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "conn/state.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <sstream>
#include <string>

using namespace fairway::conn;

namespace {

// The changes that Linux makes (net/netfilter/ipvs, secure_tcp off), in words; everything else stays as it is.
const std::map<Direction, std::string> changes{
    {Direction::input,
     "SYN NO FW TW CL CW LA LI SA > SR\n"
     "SYN SS > ES\n"
     "FIN NO > CL\n"
     "FIN ES > CW\n"
     "FIN SR FW SA > TW\n"
     "ACK NO SR SA > ES\n"
     "ACK LA > CL\n"
     "RST NO ES SS FW TW CW > CL\n"
     "RST SA > SR\n"},
    {Direction::output,
     "SYN NO FW TW CL CW LA > SS\n"
     "SYN SA > SR\n"
     "FIN NO SR CW SA > TW\n"
     "FIN ES > FW\n"
     "ACK NO SR LI SA > ES\n"
     "RST NO ES SR FW CW LA LI SA > CL\n"},
    {Direction::input_only,
     "SYN NO FW TW CL CW LA LI SA > SR\n"
     "SYN SS > ES\n"
     "FIN NO > CL\n"
     "FIN ES > FW\n"
     "FIN SR SA > TW\n"
     "ACK NO SR SA > ES\n"
     "ACK LA > CL\n"
     "RST NO ES SS FW TW CW SA > CL\n"},
};

// Those with secure_tcp on.
const std::map<Direction, std::string> secure_changes{
    {Direction::input,
     "SYN NO FW TW CL CW LA LI > SR\n"
     "SYN SS > ES\n"
     "FIN NO > CL\n"
     "FIN ES > CW\n"
     "FIN SR FW > TW\n"
     "ACK NO > ES\n"
     "ACK LA > CL\n"
     "RST NO ES SS FW TW CW SA > CL\n"},
    {Direction::output,
     "SYN NO FW TW CL CW LA > SS\n"
     "SYN SR > SA\n"
     "FIN NO SR CW SA > TW\n"
     "FIN ES > FW\n"
     "ACK NO SR LI SA > ES\n"
     "RST NO ES SR FW CW LA LI SA > CL\n"},
    {Direction::input_only,
     "SYN NO FW TW CL CW LA LI > SA\n"
     "SYN SS > ES\n"
     "FIN NO > CL\n"
     "FIN ES > FW\n"
     "FIN SR SA > TW\n"
     "ACK NO SR SA > ES\n"
     "ACK LA > CL\n"
     "RST NO ES SS FW TW CW SA > CL\n"},
};

const std::map<std::string, State> short_names{
    {"NO", State::none},     {"ES", State::established}, {"SS", State::syn_sent}, {"SR", State::syn_recv},
    {"FW", State::fin_wait}, {"TW", State::time_wait},   {"CL", State::close},    {"CW", State::close_wait},
    {"LA", State::last_ack}, {"LI", State::listen},      {"SA", State::synack},
};

State expected(const std::string& rules, const std::string& event, State state) {
  std::istringstream lines(rules);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string word;
    words >> word;
    if (word != event) continue;
    std::set<State> from;
    while (words >> word && word != ">") from.insert(short_names.at(word));
    words >> word;
    if (from.contains(state)) return short_names.at(word);
  }
  return state;
}

std::string event_of(unsigned flags) {
  if (flags & 0x04) return "RST";
  if (flags & 0x02) return "SYN";
  if (flags & 0x01) return "FIN";
  if (flags & 0x10) return "ACK";
  return "none";
}

}  // namespace

TEST_CASE("every TCP state moves with every combination of flags, in each direction, as in Linux") {
  const bool is_secure = GENERATE(false, true);
  const auto& machines = is_secure ? tcp::secure_machines : tcp::machines;
  for (const auto& [direction, rules] : is_secure ? secure_changes : changes)
    for (const auto& [short_name, state] : short_names)
      for (unsigned flags = 0; flags < 256; ++flags) {
        const std::string event = event_of(flags);
        const State next = event == "none" ? State::close : expected(rules, event, state);
        CAPTURE(static_cast<int>(direction), short_name, flags);
        REQUIRE(after_tcp(state, direction, static_cast<std::uint8_t>(flags), machines) == next);
      }
}

TEST_CASE("timeouts are the kernel's defaults, in seconds") {
  const std::map<State, std::uint32_t> defaults{
      {State::none, 2},       {State::established, 900}, {State::syn_sent, 120}, {State::syn_recv, 60},
      {State::fin_wait, 120}, {State::time_wait, 120},   {State::close, 10},     {State::close_wait, 60},
      {State::last_ack, 30},  {State::listen, 120},      {State::synack, 120},   {State::udp, 300},
  };
  REQUIRE(defaults.size() == state_count);
  for (const auto& [state, seconds] : defaults) CHECK(Timeouts().of(state) == seconds);
}

TEST_CASE("states are named as ipvsadm prints them") {
  CHECK(name(State::none) == "NONE");
  CHECK(name(State::established) == "ESTABLISHED");
  CHECK(name(State::syn_sent) == "SYN_SENT");
  CHECK(name(State::syn_recv) == "SYN_RECV");
  CHECK(name(State::fin_wait) == "FIN_WAIT");
  CHECK(name(State::time_wait) == "TIME_WAIT");
  CHECK(name(State::close) == "CLOSE");
  CHECK(name(State::close_wait) == "CLOSE_WAIT");
  CHECK(name(State::last_ack) == "LAST_ACK");
  CHECK(name(State::listen) == "LISTEN");
  CHECK(name(State::synack) == "SYNACK");
  CHECK(name(State::udp) == "UDP");
}

TEST_CASE("which states count as active, half open and closing") {
  const std::set<State> active{State::established, State::syn_sent, State::syn_recv, State::synack};
  const std::set<State> half_open{State::none, State::syn_sent, State::syn_recv, State::synack};
  const std::set<State> closing{State::fin_wait, State::time_wait, State::close, State::close_wait, State::last_ack};
  for (std::size_t i = 0; i < state_count; ++i) {
    const auto state = static_cast<State>(i);
    CAPTURE(name(state));
    CHECK(is_active(state) == active.contains(state));
    CHECK(is_half_open(state) == half_open.contains(state));
    CHECK(is_closing(state) == closing.contains(state));
  }
}
