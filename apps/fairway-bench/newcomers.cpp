// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairway-bench/newcomers.hpp"

#include <algorithm>
#include <numeric>

namespace fairway::bench {

base::Result<void> Newcomers::fill_up() {
  for (std::uint32_t opened = 0; opened < there_;) {
    const std::uint32_t count = std::min(Deck::size, there_ - opened);
    for (std::uint32_t i = 0; i < count; ++i) put(i);
    setup_.lines().pass();
    opened += count;
    setup_.progress().show("opening flows", opened, there_);
  }
  return setup_.check();
}

base::Result<void> scatter_places(Setup& setup) {
  auto& connections = setup.bed().connections();
  const std::uint32_t places = connections.capacity();
  for (std::uint32_t opened = 0; opened < places;) {
    const std::uint32_t count = std::min(Deck::size, places - opened);
    for (std::uint32_t i = 0; i < count; ++i) setup.put_syn(i, opened + i);
    setup.lines().pass();
    opened += count;
    setup.progress().show("scattering places", opened, places);
  }
  std::vector<std::uint32_t> slots(places);
  std::iota(slots.begin(), slots.end(), 0u);
  std::shuffle(slots.begin(), slots.end(), setup.random());
  for (const std::uint32_t slot : slots)
    if (connections.hot(slot).has(conn::Hot::live)) connections.expire(slot);
  connections.end_burst(setup.bed().context().now, 0);
  return setup.check();
}

}  // namespace fairway::bench
