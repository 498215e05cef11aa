// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors

// libFuzzer's target: net::parse and the whole pipeline, fed with packets, time and edits as an input says. tools/fuzz
// builds and runs it.
#include "director.hpp"
#include "require.hpp"

using fairway::fuzz::Director;
using fairway::fuzz::Extras;
using fairway::fuzz::Input;

namespace {

/// One input in so many is played again, and by a director that has played nothing before: it must end the same.
constexpr std::uint64_t again = 32, anew = 4096;
/// One of so many inputs that ask for a slow scheduler gets it.
constexpr std::uint64_t slow = 8;

/// The rest make memory for thousands of clients each time.
bool is_quick(std::size_t scheduler) {
  constexpr std::array<std::string_view, 3> others{"lblc", "lblcr", "mh"};
  const auto all = fairway::sched::all();
  return scheduler >= all.size() || std::ranges::find(others, all[scheduler]->name()) == others.end();
}

std::uint64_t digest_of(const std::uint8_t* data, std::size_t size) {
  const std::size_t stride = size / 16 + 1;
  std::uint64_t digest = size;
  for (std::size_t i = 0; i < size; i += stride) digest = (digest ^ data[i]) * 0x9e3779b97f4a7c15u;
  return digest >> 32;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::array<std::unique_ptr<Director>, Extras::kinds> directors;
  Input input({data, size});
  const std::uint8_t wanted = input.byte(), how = input.byte();
  const std::uint64_t chance = digest_of(data, size);
  const std::size_t scheduler = is_quick(wanted) || chance / anew % slow == 0 ? wanted : 0;
  const unsigned extras = how % Extras::kinds, workers = (how & 4) != 0 ? 2 : 1;
  std::unique_ptr<Director>& director = directors[extras];
  if (!director) director = std::make_unique<Director>(extras);
  const std::uint64_t ending = director->play(input, scheduler, workers);
  if (chance % again == 0)
    fairway::fuzz::require(director->play(input, scheduler, workers) == ending, "an input ends the same again");
  if (chance % anew == 0)
    fairway::fuzz::require(Director(extras).play(input, scheduler, workers) == ending,
                           "an input ends the same whatever was before");
  return 0;
}
