// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "service/marks.hpp"

#include <algorithm>
#include <charconv>

namespace fairway::service {
namespace {

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(port) : std::nullopt;
}

}  // namespace

std::string to_string(const PortRange& ports) {
  const std::string low = std::to_string(ports.low);
  return ports.low == ports.high ? low : low + "-" + std::to_string(ports.high);
}

std::optional<PortRange> parse_ports(std::string_view text) {
  const auto dash = text.find('-');
  const auto low = parse_port(text.substr(0, dash));
  const auto high = dash == std::string_view::npos ? low : parse_port(text.substr(dash + 1));
  if (!low || !high || *low > *high) return std::nullopt;
  return PortRange{*low, *high};
}

std::optional<net::Prefix> parse_network(std::string_view text) {
  if (const auto address = net::parse_address(text))
    return net::Prefix{.address = *address, .length = whole_prefix(address->family)};
  return net::parse_prefix(text);
}

std::string to_string(const MarkRule& rule) {
  std::string text = "mark " + std::to_string(rule.mark);
  if (rule.protocol) text += " " + std::string(to_string(*rule.protocol));
  if (rule.source) text += " from " + net::to_string(*rule.source);
  if (!rule.source_ports.is_any()) text += " port " + to_string(rule.source_ports);
  if (rule.destination) text += " to " + net::to_string(*rule.destination);
  if (!rule.destination_ports.is_any()) text += " port " + to_string(rule.destination_ports);
  return text;
}

std::vector<Problem> check(const MarkRule& rule) {
  std::vector<Problem> problems;
  const auto blame = [&](std::string_view key, std::string message) {
    problems.push_back({std::nullopt, key, std::move(message)});
  };
  if (rule.mark == 0) blame("mark", "mark 0 is none");
  if (rule.protocol && to_string(*rule.protocol) == "?") blame("protocol", "the protocol is not tcp or udp");
  if (rule.source && rule.destination && rule.source->address.family != rule.destination->address.family)
    blame("source", "source " + net::to_string(*rule.source) + " and destination " + net::to_string(*rule.destination) +
                        " are of different address families");
  for (const auto& [key, ports] :
       {std::pair("source_ports", rule.source_ports), {"destination_ports", rule.destination_ports}})
    if (ports.low > ports.high) blame(key, "ports " + to_string(ports) + " count downwards");
  return problems;
}

bool MarkRule::matches_without_ports(const net::Tuple4& tuple) const noexcept {
  return (!protocol || *protocol == tuple.protocol) && (!source || source->contains(tuple.source)) &&
         (!destination || destination->contains(tuple.destination));
}

bool MarkRule::matches(const net::Tuple4& tuple) const noexcept {
  return matches_without_ports(tuple) && source_ports.contains(tuple.source_port) &&
         destination_ports.contains(tuple.destination_port);
}

std::uint32_t MarkRules::mark_of(const net::Tuple4& tuple) const noexcept {
  const auto found =
      std::find_if(rules_.begin(), rules_.end(), [&](const MarkRule& rule) { return rule.matches(tuple); });
  return found == rules_.end() ? 0 : found->mark;
}

}  // namespace fairway::service
