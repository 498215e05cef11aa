// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.hpp"
#include "net/tuple.hpp"
#include "service/spec.hpp"

/// Marks gather packets of several addresses, ports or protocols into one service: what `ipvsadm -f MARK` does with marks
/// that nftables has set, without nftables, which does not see what the director forwards.
namespace fairway::service {

/// Host byte order, both ends included.
struct PortRange {
  std::uint16_t low = 0, high = 65535;

  bool contains(net::ServicePort port) const noexcept { return low <= port.host() && port.host() <= high; }
  bool is_any() const noexcept { return *this == PortRange(); }
  bool operator==(const PortRange&) const = default;
};

/// "80", "8000-8010".
std::string to_string(const PortRange& ports);
std::optional<PortRange> parse_ports(std::string_view text);
/// "192.168.4.0/24", or an address alone, which is one of the longest length.
std::optional<net::Prefix> parse_network(std::string_view text);

/// Which packets get a mark. What is not given matches any.
struct MarkRule {
  std::uint32_t mark = 0;  // 1 and up
  std::optional<net::Protocol> protocol{};
  std::optional<net::Prefix> source{}, destination{};
  PortRange source_ports{}, destination_ports{};

  bool matches(const net::Tuple4& tuple) const noexcept;
  /// As far as fragments tell: they have no ports.
  bool matches_without_ports(const net::Tuple4& tuple) const noexcept;
  bool operator==(const MarkRule&) const = default;
};

/// "mark 7 tcp from 10.0.0.0/8 to 192.168.4.15/32 port 80-443": for messages.
std::string to_string(const MarkRule& rule);

/// Every rule that a mark rule breaks; for every door, as check() of services.
std::vector<Problem> check(const MarkRule& rule);

/// Rules are gone through one by one for every packet that opens a connection or belongs to none.
constexpr std::size_t most_mark_rules = 1024;

/// The rules in order; the first that matches counts. Immutable once published.
class MarkRules {
 public:
  MarkRules() = default;
  explicit MarkRules(std::vector<MarkRule> rules) : rules_(std::move(rules)) {}

  bool empty() const noexcept { return rules_.empty(); }
  /// 0: none. Looked up for packets of no known connection only.
  std::uint32_t mark_of(const net::Tuple4& tuple) const noexcept;
  const std::vector<MarkRule>& rules() const { return rules_; }

 private:
  std::vector<MarkRule> rules_;
};

}  // namespace fairway::service
