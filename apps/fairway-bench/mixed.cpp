// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairway-bench/mixture.hpp"
#include "fairway-bench/newcomers.hpp"

namespace fairway::bench {
namespace {

/// The bench's time goes fast: established flows, which it does not ask for in turn, must not run out meanwhile.
void let_established_stay(Setup& setup) {
  conn::Timeouts timeouts;
  timeouts.seconds[static_cast<std::size_t>(conn::State::established)] = 1'000'000;
  setup.bed().connections().use_timeouts(timeouts);
}

}  // namespace

// The flows that come and go are a sixteenth of those that stay, so that they fit into the table too.
base::Result<Report> measure_mixed(Setup& setup) {
  let_established_stay(setup);
  if (auto established = setup.establish(); !established) return established.error();
  Newcomers newcomers(setup, setup.plan().flows, setup.plan().flows / 16 + 32);
  newcomers.hurry(setup.options().burst);
  if (auto filled = newcomers.fill_up(); !filled) return filled.error();
  auto report =
      measure_mixture(setup, {.syns_of_a_hundred = setup.options().new_share,
                              .put_syn = [&](std::uint32_t i) { newcomers.put(i); },
                              .begin = [&](double share) { newcomers.hurry(share * setup.options().burst); }});
  if (!report) return report;
  if (auto good = setup.check(); !good) return good.error();
  return report;
}

}  // namespace fairway::bench
