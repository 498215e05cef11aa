// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "config/values.hpp"

#include <catch2/catch.hpp>

using namespace fairway;
using namespace fairway::config;

namespace {

template <class T>
std::string error_of(const base::Result<T>& result) {
  return result ? "" : result.error().message;
}

}  // namespace

TEST_CASE("numbers are decimal, whole and plainly written") {
  CHECK(*parse_number("0") == 0);
  CHECK(*parse_number("1000000") == 1'000'000);
  CHECK(*parse_number("-5") == -5);
  CHECK(*parse_number("9223372036854775807") == 9'223'372'036'854'775'807);
  for (const char* text : {"", "-", "+5", "0x50", "1e6", "1.0", "1_000", " 1", "1 ", "10k", "one", "--5"})
    CHECK(error_of(parse_number(text)) == "'" + std::string(text) + "' is not a whole number");
  CHECK(error_of(parse_number("080")) == "'080' has a leading zero");
  CHECK(error_of(parse_number("00")) == "'00' has a leading zero");
  CHECK(error_of(parse_number("9223372036854775808")) == "'9223372036854775808' is too large a number");
}

TEST_CASE("durations are seconds, or have a unit") {
  CHECK(*parse_duration("300") == 300);
  CHECK(*parse_duration("300s") == 300);
  CHECK(*parse_duration("5m") == 300);
  CHECK(*parse_duration("2h") == 7200);
  CHECK(*parse_duration("0") == 0);
  for (const char* text : {"", "s", "-5s", "5d", "5ms", "1h30m", "5 m", "0x5s", "05s"})
    CHECK(error_of(parse_duration(text)) ==
          "'" + std::string(text) + "' is not a duration such as 300, 300s, 5m or 2h");
  CHECK(error_of(parse_duration("9223372036854775807h")) == "'9223372036854775807h' is too long a time");
}

TEST_CASE("a list of CPUs holds numbers and ranges") {
  using Cpus = std::vector<unsigned>;
  CHECK(*parse_cpu_list("3") == Cpus{3});
  CHECK(*parse_cpu_list("2-5") == Cpus{2, 3, 4, 5});
  CHECK(*parse_cpu_list("1,3") == Cpus{1, 3});
  CHECK(*parse_cpu_list("8,2-4") == Cpus{8, 2, 3, 4});
  CHECK(*parse_cpu_list("0,1023") == Cpus{0, 1023});
}

TEST_CASE("a list of CPUs that is none is refused") {
  for (const char* text : {"", ",", "1,", ",1", "2-", "-2", "1--2", "2-5-7", "a", "1, 2", "1;2", "01"})
    CHECK(error_of(parse_cpu_list(text)) == "'" + std::string(text) + "' is not a list of CPUs such as 2-5,8");
  CHECK(error_of(parse_cpu_list("1,5-2")) == "'5-2' counts downwards");
  CHECK(error_of(parse_cpu_list("2-5,4")) == "CPU 4 stands twice in '2-5,4'");
  CHECK(error_of(parse_cpu_list("0-1024")) == "CPU 1024 is out of range 0..1023");
  CHECK(error_of(parse_cpu_list("0-9223372036854775807")) == "CPU 9223372036854775807 is out of range 0..1023");
}

TEST_CASE("an interface's address has a prefix length") {
  CHECK(net::to_string(*parse_interface_address("192.168.4.5/24")) == "192.168.4.5/24");
  CHECK(net::to_string(*parse_interface_address("192.168.4.5/32")) == "192.168.4.5/32");
  CHECK(net::to_string(*parse_interface_address("2001:db8::5/128")) == "2001:db8::5/128");
  CHECK(error_of(parse_interface_address("192.168.4.5")) == "'192.168.4.5' has no prefix length, such as /24");
  for (const char* text : {"192.168.4.5/33", "192.168.4.5/0", "192.168.4.5/", "192.168.4.5/-1", "192.168.4.5/024"})
    CHECK(error_of(parse_interface_address(text)) ==
          "'" + std::string(text) + "' has a prefix length out of range 1..32");
  CHECK(error_of(parse_interface_address("::1/129")) == "'::1/129' has a prefix length out of range 1..128");
  for (const char* text : {"224.0.0.5/24", "0.0.0.0/8", "255.255.255.255/32", "ff02::1/64", "::/64"})
    CHECK(error_of(parse_interface_address(text)) == "'" + std::string(text) + "' is not a unicast address");
  for (const char* text : {"", "/24", "192.168.4/24", "x/24"})
    CHECK(error_of(parse_interface_address(text)) ==
          "'" + std::string(text) + "' is not an address with its prefix length, such as 192.168.4.5/24");
}

TEST_CASE("interface names are the kernel's") {
  for (const char* name : {"a", "fw-outside", "eth0.100", "fifteen-letters", "br_x", "..."})
    CHECK(check_interface_name(name));
  for (const char* name : {"", "sixteen-letters-", "a-name-much-longer-than-an-interface-may-have"})
    CHECK(check_interface_name(name).error().message ==
          "'" + std::string(name) + "' is no interface name: 1 to 15 characters");
  for (const char* name : {".", "..", "a/b", "a b", "a:1", "tap%d"})
    CHECK(check_interface_name(name).error().message ==
          "'" + std::string(name) + "' is no interface name: it may not hold spaces, '/', ':' or '%'");
}
