// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "config/values.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>

#include "config/problem.hpp"

namespace fairway::config {
namespace {

constexpr std::string_view all_digits = "0123456789";
constexpr std::int64_t largest_cpu = 1023;

base::Error complain(std::string_view text, std::string_view about) {
  return {quoted(text) + " " + std::string(about)};
}

base::Error no_cpu_list(std::string_view text) { return complain(text, "is not a list of CPUs such as 2-5,8"); }

/// Adds the CPUs of "3" or "2-5".
base::Result<void> add_cpus(std::string_view part, std::string_view whole, std::vector<unsigned>& cpus) {
  const std::size_t dash = part.find('-');
  const auto first = parse_number(part.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_number(part.substr(dash + 1));
  if (!first || !last || *first < 0 || *last < 0) return no_cpu_list(whole);
  if (*first > *last) return complain(part, "counts downwards");
  if (*last > largest_cpu) return base::Error{"CPU " + std::to_string(*last) + " is out of range 0..1023"};
  for (auto cpu = static_cast<unsigned>(*first); cpu <= static_cast<unsigned>(*last); ++cpu) {
    if (std::find(cpus.begin(), cpus.end(), cpu) != cpus.end())
      return base::Error{"CPU " + std::to_string(cpu) + " stands twice in " + quoted(whole)};
    cpus.push_back(cpu);
  }
  return {};
}

}  // namespace

base::Result<std::int64_t> parse_number(std::string_view text) {
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.empty() || digits.find_first_not_of(all_digits) != std::string_view::npos)
    return complain(text, "is not a whole number");
  if (digits.size() > 1 && digits.front() == '0') return complain(text, "has a leading zero");
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return complain(text, "is too large a number");
  return number;
}

base::Result<std::int64_t> parse_duration(std::string_view text) {
  std::int64_t unit = 1;
  std::string_view number = text;
  for (const auto& [letter, seconds] : {std::pair{'s', 1}, {'m', 60}, {'h', 3600}})
    if (text.ends_with(letter)) {
      unit = seconds;
      number.remove_suffix(1);
    }
  const auto count = parse_number(number);
  if (!count || *count < 0) return complain(text, "is not a duration such as 300, 300s, 5m or 2h");
  if (*count > std::numeric_limits<std::int64_t>::max() / unit) return complain(text, "is too long a time");
  return *count * unit;
}

base::Result<std::vector<unsigned>> parse_cpu_list(std::string_view text) {
  std::vector<unsigned> cpus;
  for (std::string_view rest = text;;) {
    const std::size_t comma = rest.find(',');
    if (const auto added = add_cpus(rest.substr(0, comma), text, cpus); !added) return added.error();
    if (comma == std::string_view::npos) return cpus;
    rest.remove_prefix(comma + 1);
  }
}

base::Result<net::Prefix> parse_interface_address(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = net::parse_address(text.substr(0, slash));
  if (!address) return complain(text, "is not an address with its prefix length, such as 192.168.4.5/24");
  if (slash == std::string_view::npos) return complain(text, "has no prefix length, such as /24");
  const std::int64_t longest = address->is_v4() ? 32 : 128;
  const auto length = parse_number(text.substr(slash + 1));
  if (!length || *length < 1 || *length > longest)
    return complain(text, "has a prefix length out of range 1.." + std::to_string(longest));
  if (!is_unicast(*address)) return complain(text, "is not a unicast address");
  return net::Prefix{.address = *address, .length = static_cast<std::uint8_t>(*length)};
}

bool is_unicast(const net::Address& address) {
  const bool broadcast = address.is_v4() && address.v4().host() == 0xffffffffu;
  return !net::is_unspecified(address) && !net::is_multicast(address) && !broadcast;
}

base::Result<void> check_interface_name(std::string_view name) {
  constexpr std::size_t longest = 15;  // IFNAMSIZ - 1
  if (name.empty() || name.size() > longest) return complain(name, "is no interface name: 1 to 15 characters");
  const auto refused = [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; };
  if (name == "." || name == ".." || name.find_first_of("/:%") != std::string_view::npos ||
      std::any_of(name.begin(), name.end(), refused))
    return complain(name, "is no interface name: it may not hold spaces, '/', ':' or '%'");
  return {};
}

}  // namespace fairway::config
