// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "net/checksum.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <random>

#include "net/headers.hpp"
#include "support/naive_checksum.hpp"

using namespace fairway;
using namespace fairway::net;

namespace {

std::uint16_t naive(const Ipv4Header& header) {
  return tests::naive_checksum({reinterpret_cast<const std::uint8_t*>(&header), sizeof header});
}

template <class Random>
Ipv4Header random_header(Random& random) {
  Ipv4Header header;
  auto* bytes = reinterpret_cast<std::uint8_t*>(&header);
  for (std::size_t i = 0; i < sizeof header; i += 4) {
    // Words of all zeros and all ones are what carries go wrong with.
    const std::uint64_t kind = random() % 8;
    const auto word = static_cast<std::uint32_t>(kind == 0 ? 0 : kind == 1 ? ~std::uint64_t{0} : random());
    std::memcpy(bytes + i, &word, sizeof word);
  }
  header.version_length = 0x45;  // a sum that is not zero: no real header's is (RFC 1624, 3)
  header.checksum = {};
  return header;
}

}  // namespace

TEST_CASE("the example of RFC 1071, section 3") {
  const std::uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  CHECK(Big16::from_raw(fold(sum_words(bytes, sizeof bytes))).host() == 0xddf2);
  CHECK(checksum(bytes, sizeof bytes).host() == 0x220d);
}

TEST_CASE("the example of RFC 1624, section 4") {
  // HC = DD2F, m = 5555, m' = 3285: the answer is 0, where the method of RFC 1141 gives FFFF.
  ChecksumChange change;
  change.replace(Big16(std::uint16_t{0x5555}), Big16(std::uint16_t{0x3285}));
  CHECK(change.apply(Big16(std::uint16_t{0xdd2f})).host() == 0x0000);
}

TEST_CASE("a million random headers sum up as word by word") {
  std::mt19937_64 random(1);
  std::uint64_t wrong = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    const Ipv4Header header = random_header(random);
    wrong += checksum(&header, sizeof header).host() != naive(header);
    wrong += Big16::from_raw(complement_of_sum(sum_ipv4_words(&header))).host() != naive(header);
  }
  CHECK(wrong == 0);
}

TEST_CASE("every length, at every alignment, of bytes that end where their block ends") {
  std::mt19937_64 random(2);
  for (std::size_t length = 0; length <= 130; ++length)
    for (std::size_t shift = 0; shift < 8; ++shift) {
      const auto block = std::make_unique<std::uint8_t[]>(shift + length);
      for (std::size_t i = 0; i < shift + length; ++i) block[i] = static_cast<std::uint8_t>(random());
      CAPTURE(length, shift);
      REQUIRE(checksum(block.get() + shift, length).host() == tests::naive_checksum({block.get() + shift, length}));
    }
}

TEST_CASE("a long run of ones loses no carry") {
  const std::vector<std::uint8_t> bytes(65535, 0xff);
  CHECK(checksum(bytes.data(), bytes.size()).host() == tests::naive_checksum(bytes));
  CHECK(fold(0) == 0);
  CHECK(fold(~std::uint64_t{0}) == 0xffff);
  CHECK(fold(0xffff'0000'0000'0001u) == 1);
}

TEST_CASE("a changed header's incremental checksum is the full one, a million times") {
  std::mt19937_64 random(3);
  std::uint64_t wrong = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    Ipv4Header header = random_header(random);
    header.checksum = checksum(&header, sizeof header);
    const Ipv4Header other = random_header(random);
    ChecksumChange change;
    change.replace(header.source, other.source);
    change.replace(header.destination, other.destination);
    change.replace(header.id, other.id);
    const Big16 incremental = change.apply(header.checksum);
    header.source = other.source;
    header.destination = other.destination;
    header.id = other.id;
    header.checksum = {};
    wrong += incremental != checksum(&header, sizeof header);
  }
  CHECK(wrong == 0);
}

TEST_CASE("no change, and a change that is taken back, leave a checksum as it is") {
  std::mt19937_64 random(4);
  for (int i = 0; i < 10'000; ++i) {
    Ipv4Header header = random_header(random);
    header.checksum = checksum(&header, sizeof header);
    REQUIRE(ChecksumChange().apply(header.checksum) == header.checksum);
    const ServicePort before(static_cast<std::uint16_t>(random())), after(static_cast<std::uint16_t>(random()));
    ChecksumChange there, back;
    there.replace(before, after);
    back.replace(after, before);
    REQUIRE(back.apply(there.apply(header.checksum)) == header.checksum);
  }
}
