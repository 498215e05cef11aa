// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "net/address.hpp"

#include <catch2/catch.hpp>
#include <unordered_set>

using namespace fairway::net;
using namespace std::string_literals;

TEST_CASE("addresses are read and written in their usual text") {
  const auto text = GENERATE("0.0.0.0", "192.168.4.15", "255.255.255.255", "::", "::1", "2001:db8::1",
                             "2001:db8:1:2:3:4:5:6", "::ffff:192.0.2.1", "fe80::");
  const auto address = parse_address(text);
  REQUIRE(address);
  CHECK(to_string(*address) == text);
  CHECK(address->is_v4() == (std::string_view(text).find(':') == std::string_view::npos));
}

TEST_CASE("an IPv4 address is kept as it stands on the wire") {
  const auto address = parse_address("192.168.4.15");
  REQUIRE(address);
  CHECK(address->v4().host() == 0xc0a8040f);
  CHECK(address->bytes.bytes == std::array<std::uint8_t, 16>{192, 168, 4, 15});
  CHECK(to_string(address->v4()) == "192.168.4.15");
}

TEST_CASE("what is no address is refused") {
  const auto text = GENERATE(""s, "1"s, "1.2.3"s, "1.2.3.4.5"s, "1.2.3.256"s, "1.2.3.-4"s, "1.2.3.4 "s, " 1.2.3.4"s,
                             "0x1.2.3.4"s, "01.2.3.4"s, "1.2.3.4/24"s, "localhost"s, ":"s, ":::"s, "1::2::3"s,
                             "2001:db8::g"s, "2001:db8::12345"s, "::1%lo"s, "1:2:3:4:5:6:7"s, "1.2.3.4\0"s,
                             "1111:2222:3333:4444:5555:6666:7777:8888:9999"s, std::string(10'000, '1'));
  CAPTURE(text);
  CHECK_FALSE(parse_address(text));
}

TEST_CASE("prefixes keep their host part") {
  const auto prefix = parse_prefix("192.168.4.5/24");
  REQUIRE(prefix);
  CHECK(to_string(prefix->address) == "192.168.4.5");
  CHECK(prefix->length == 24);
  CHECK(to_string(*prefix) == "192.168.4.5/24");
  CHECK(to_string(*parse_prefix("2001:db8::1/128")) == "2001:db8::1/128");
  CHECK(parse_prefix("0.0.0.0/0")->length == 0);
}

TEST_CASE("what is no prefix is refused") {
  const auto text = GENERATE("", "/", "1.2.3.4", "1.2.3.4/", "/24", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/24x",
                             "1.2.3.4/ 24", "1.2.3.4/+24", "::/129", "1.2.3.4/24/24", "1.2.3.4/4294967320");
  CAPTURE(text);
  CHECK_FALSE(parse_prefix(text));
}

TEST_CASE("a prefix contains what agrees with it in its first bits") {
  const auto contains = [](const char* prefix, const char* address) {
    return parse_prefix(prefix)->contains(*parse_address(address));
  };
  CHECK(contains("192.168.4.5/24", "192.168.4.255"));
  CHECK_FALSE(contains("192.168.4.5/24", "192.168.5.5"));
  CHECK(contains("10.1.2.3/15", "10.0.255.255"));
  CHECK_FALSE(contains("10.1.2.3/15", "10.2.0.0"));
  CHECK(contains("10.1.2.3/32", "10.1.2.3"));
  CHECK_FALSE(contains("10.1.2.3/32", "10.1.2.2"));
  CHECK(contains("0.0.0.0/0", "255.255.255.255"));
  CHECK_FALSE(contains("0.0.0.0/0", "::"));
  CHECK(contains("2001:db8::/33", "2001:db8:7fff::1"));
  CHECK_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
  CHECK(contains("::1/128", "::1"));
  CHECK_FALSE(contains("::1/128", "::2"));
}

TEST_CASE("prefixes contain exactly the addresses between their first and their last") {
  for (std::uint8_t length = 0; length <= 32; ++length) {
    const std::uint32_t base = 0xa5c3f00f, mask = length == 0 ? 0 : ~0u << (32 - length);
    const Prefix prefix{Ipv4Address(base), length};
    CAPTURE(int{length});
    CHECK(prefix.contains(Ipv4Address(base & mask)));
    CHECK(prefix.contains(Ipv4Address(base | ~mask)));
    if (length == 0) continue;
    CHECK_FALSE(prefix.contains(Ipv4Address((base & mask) - 1)));
    CHECK_FALSE(prefix.contains(Ipv4Address((base | ~mask) + 1)));
  }
}

TEST_CASE("MAC addresses are six bytes between colons") {
  const auto mac = parse_mac("02:00:00:fE:0a:Ff");
  REQUIRE(mac);
  CHECK(mac->bytes == std::array<std::uint8_t, 6>{2, 0, 0, 0xfe, 0x0a, 0xff});
  CHECK(to_string(*mac) == "02:00:00:fe:0a:ff");
  CHECK_FALSE(mac->is_group());
  CHECK(parse_mac("01:00:5e:00:00:01")->is_group());
  CHECK(parse_mac("ff:ff:ff:ff:ff:ff")->is_group());
}

TEST_CASE("what is no MAC address is refused") {
  const auto text = GENERATE("", "02:00:00:fe:0a", "02:00:00:fe:0a:ff:", "02:00:00:fe:0a:f", "02:00:00:fe:0a:fff",
                             "02-00-00-fe-0a-ff", "02:00:00:fe:0a:fg", "02:00:00:fe:0a:-f", "0x:00:00:fe:0a:ff",
                             " 2:00:00:fe:0a:ff", "+2:00:00:fe:0a:ff", "0200:00:fe:0a:ff:", "02:00:00fe::0a:ff");
  CAPTURE(text);
  CHECK_FALSE(parse_mac(text));
}

TEST_CASE("an address and a service port are written as in a URL") {
  CHECK(to_string(*parse_address("192.0.2.1"), ServicePort(80)) == "192.0.2.1:80");
  CHECK(to_string(*parse_address("2001:db8::1"), ServicePort(65535)) == "[2001:db8::1]:65535");
}

TEST_CASE("groups and the address that is none are told apart") {
  CHECK(is_multicast(*parse_address("224.0.0.1")));
  CHECK(is_multicast(*parse_address("239.255.255.255")));
  CHECK(is_multicast(*parse_address("ff02::1")));
  CHECK_FALSE(is_multicast(*parse_address("223.255.255.255")));
  CHECK_FALSE(is_multicast(*parse_address("240.0.0.1")));
  CHECK_FALSE(is_multicast(*parse_address("fe80::1")));
  CHECK(is_unspecified(*parse_address("0.0.0.0")));
  CHECK(is_unspecified(*parse_address("::")));
  CHECK_FALSE(is_unspecified(*parse_address("0.0.0.1")));
}

TEST_CASE("addresses of different families differ, also in a hash set") {
  std::unordered_set<Address> seen{*parse_address("0.0.0.0"), *parse_address("::")};
  CHECK(seen.size() == 2);
  CHECK(seen.contains(*parse_address("::")));
  CHECK_FALSE(seen.contains(*parse_address("::1")));
}

TEST_CASE("numbers on the wire are big-endian at any alignment, and compare without a swap") {
  const Big16 two(std::uint16_t{0x1234});
  CHECK(two.bytes == std::array<std::uint8_t, 2>{0x12, 0x34});
  CHECK(two.host() == 0x1234);
  CHECK(two == Big16::from_raw(two.raw()));
  const Big32 four(0x12345678u);
  CHECK(four.bytes == std::array<std::uint8_t, 4>{0x12, 0x34, 0x56, 0x78});
  CHECK(four.host() == 0x12345678u);
  CHECK(BigEndian<std::uint64_t>(0x0102030405060708u).bytes == std::array<std::uint8_t, 8>{1, 2, 3, 4, 5, 6, 7, 8});
  CHECK(swap_bytes(std::uint8_t{0x12}) == 0x12);
}

TEST_CASE("addresses that mean this host, or all hosts") {
  for (const char* text : {"127.0.0.1", "127.255.255.255", "::1"}) CHECK(is_loopback(*parse_address(text)));
  for (const char* text : {"126.255.255.255", "128.0.0.0", "::", "::2", "1::1", "0.0.0.127"})
    CHECK_FALSE(is_loopback(*parse_address(text)));
  CHECK(is_broadcast(*parse_address("255.255.255.255")));
  for (const char* text : {"255.255.255.254", "::", "ffff:ffff::"}) CHECK_FALSE(is_broadcast(*parse_address(text)));
}
