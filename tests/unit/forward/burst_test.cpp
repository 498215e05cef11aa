// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "forward/burst.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <string_view>
#include <vector>

#include "forward/verdict.hpp"

using namespace fairway::forward;

TEST_CASE("a set of packets is walked in order, as it was at the start") {
  PacketSet set = PacketSet::of_bits(0b1010'0110);
  std::vector<std::uint32_t> walked;
  for (const std::uint32_t i : set) {
    walked.push_back(i);
    set.remove(5);
    set.add(6);
  }
  CHECK(walked == std::vector<std::uint32_t>{1, 2, 5, 7});
  CHECK(set.contains(6));
  CHECK_FALSE(set.contains(5));
  CHECK(set.count() == 4);
}

TEST_CASE("sets are compared by what is in both or in one") {
  const PacketSet all = PacketSet::first(burst_size), low = PacketSet::first(3);
  CHECK(all.count() == burst_size);
  CHECK(PacketSet::first(0).empty());
  CHECK(all.without(low).count() == burst_size - 3);
  CHECK_FALSE(all.without(low).contains(2));
  CHECK(all.both(low).count() == 3);
}

TEST_CASE("a burst begins with all of its packets undecided, and forgets the last one") {
  Burst burst;
  burst.begin(32);
  burst.missed.add(3);
  burst.decide(31, Verdict::to_kernel);
  CHECK(burst.undecided.count() == 31);
  CHECK(burst.verdicts[31] == Verdict::to_kernel);
  burst.begin(2);
  CHECK(burst.undecided.count() == 2);
  CHECK(burst.missed.empty());
}

TEST_CASE("every verdict has a name of its own and says what it means") {
  std::set<std::string_view> names;
  for (const VerdictInfo& info : verdicts) {
    names.insert(info.name);
    CHECK_FALSE(info.meaning.empty());
  }
  CHECK(names.size() == verdict_count);
  CHECK(name(Verdict::transmit) == "transmit");
  CHECK(name(Verdict::drop_not_local) == "drop_not_local");
  CHECK(static_cast<std::size_t>(Verdict::drop_not_local) + 1 == verdict_count);
}

TEST_CASE("drops and answers are told by their names") {
  for (std::size_t i = 0; i < verdict_count; ++i) {
    const auto verdict = static_cast<Verdict>(i);
    CHECK(is_drop(verdict) == name(verdict).starts_with("drop_"));
    CHECK(is_answer(verdict) == name(verdict).starts_with("answer_"));
  }
}
