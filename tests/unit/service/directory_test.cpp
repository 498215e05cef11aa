// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "service/directory.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <vector>

#include "support/retired.hpp"

using namespace fairway;
using namespace fairway::service;
using tests::Retired;

namespace {

Endpoint endpoint(std::uint32_t number) {
  return {.address = net::AddressBytes(net::Ipv4Address(0x0a000000u + number / 7)),
          .port = net::ServicePort(static_cast<std::uint16_t>(number % 7)),
          .protocol = net::Protocol::tcp};
}

}  // namespace

TEST_CASE("what was put is found until it is removed") {
  Retired retired;
  Directory<int> directory(Retired::keep, &retired);
  const int one = 1, other = 2;
  CHECK(directory.find(endpoint(1)) == nullptr);
  directory.put(endpoint(1), &one);
  CHECK(directory.find(endpoint(1)) == &one);
  CHECK(directory.find(endpoint(2)) == nullptr);
  directory.put(endpoint(1), &other);
  CHECK(directory.find(endpoint(1)) == &other);
  CHECK(directory.size() == 1);
  CHECK(directory.remove(endpoint(1)));
  CHECK_FALSE(directory.remove(endpoint(1)));
  CHECK(directory.find(endpoint(1)) == nullptr);
  CHECK(directory.size() == 0);
}

TEST_CASE("every part of an endpoint tells") {
  Retired retired;
  Directory<int> directory(Retired::keep, &retired);
  const int value = 1;
  const Endpoint put{.address = net::AddressBytes(net::Ipv4Address(0x0a000001u)),
                     .port = net::ServicePort(80),
                     .protocol = net::Protocol::tcp,
                     .family = net::Family::ipv4};
  directory.put(put, &value);
  Endpoint other = put;
  SECTION("the address") { other.address.bytes[15] = 1; }
  SECTION("the port") { other.port = net::ServicePort(81); }
  SECTION("the protocol") { other.protocol = net::Protocol::udp; }
  SECTION("the family") { other.family = net::Family::ipv6; }
  CHECK(directory.find(other) == nullptr);
  CHECK(directory.find(put) == &value);
}

TEST_CASE("replacing a value is one store: nothing is retired") {
  Retired retired;
  Directory<int> directory(Retired::keep, &retired);
  const int one = 1, two = 2;
  directory.put(endpoint(1), &one);
  directory.put(endpoint(1), &two);
  CHECK(retired.garbage.empty());
}

TEST_CASE("a removed node and an outgrown array stay readable until the retired are freed") {
  Retired retired;
  Directory<int> directory(Retired::keep, &retired);
  const int value = 1;
  directory.put(endpoint(0), &value);
  directory.remove(endpoint(0));
  CHECK(retired.garbage.size() == 1);
  for (std::uint32_t i = 0; i < 1000; ++i) directory.put(endpoint(i), &value);
  CHECK(retired.garbage.size() > 1);
  for (const auto& garbage : retired.garbage) CHECK(garbage.use_count() == 1);
}

TEST_CASE("puts and removals without end find room and stay in order with a map") {
  Retired retired;
  Directory<int> directory(Retired::keep, &retired);
  std::map<std::uint32_t, const int*> model;
  const std::vector<int> values(100);
  std::mt19937_64 random(1);
  for (int i = 0; i < 200'000; ++i) {
    const auto number = static_cast<std::uint32_t>(random() % 500);
    if (random() % 2) {
      const int* value = &values[random() % values.size()];
      directory.put(endpoint(number), value);
      model[number] = value;
    } else {
      REQUIRE(directory.remove(endpoint(number)) == (model.erase(number) == 1));
    }
    const auto asked = static_cast<std::uint32_t>(random() % 500);
    const auto found = model.find(asked);
    REQUIRE(directory.find(endpoint(asked)) == (found == model.end() ? nullptr : found->second));
    REQUIRE(directory.size() == model.size());
  }
}

TEST_CASE("endpoints that differ in one or two bytes, wherever, spread over the buckets") {
  // As many endpoints as buckets: by chance the fullest holds about six or seven.
  const std::size_t high = GENERATE(0u, 1u, 2u, 3u, 7u, 8u, 14u), low = GENERATE(3u, 7u, 8u, 15u);
  if (high == low) return;
  std::vector<std::uint32_t> buckets(4096);
  std::uint32_t fullest = 0;
  for (std::uint32_t i = 0; i < buckets.size(); ++i) {
    Endpoint it{.address = {}, .port = net::ServicePort(80), .protocol = net::Protocol::tcp};
    it.address.bytes[low] = static_cast<std::uint8_t>(i);
    it.address.bytes[high] = static_cast<std::uint8_t>(i >> 8);
    fullest = std::max(fullest, ++buckets[it.hash() % buckets.size()]);
  }
  CAPTURE(high, low);
  CHECK(fullest <= 12);
}

TEST_CASE("service ports of one address spread over the buckets") {
  std::vector<std::uint32_t> buckets(4096);
  std::uint32_t fullest = 0;
  for (std::uint32_t i = 0; i < buckets.size(); ++i) {
    const Endpoint it{
        .address = {}, .port = net::ServicePort(static_cast<std::uint16_t>(i)), .protocol = net::Protocol::tcp};
    fullest = std::max(fullest, ++buckets[it.hash() % buckets.size()]);
  }
  CHECK(fullest <= 12);
}
