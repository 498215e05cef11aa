// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "route/keeper.hpp"

#include <catch2/catch.hpp>

#include "unit/route/values.hpp"

using namespace fairway;
using namespace fairway::route;

namespace {

/// A kernel's table that resolves nothing by itself. Writes down what it is told: "managed 10.0.0.9".
class FakeTable final : public NeighbourTable {
 public:
  enum class Kernel { manages, passes_over_the_flag, refuses_the_flag };
  explicit FakeTable(Kernel which) : kernel_(which) {}

  base::Result<void> enter_neighbour(const NeighbourKey& key, NeighbourUse use, const net::MacAddress& mac) override {
    constexpr const char* names[] = {"managed ", "once ", "permanent "};
    log.push_back(names[static_cast<int>(use)] + net::to_string(key.address));
    if (refuses) return base::Error{"refused"};
    if (use == NeighbourUse::managed && kernel_ == Kernel::refuses_the_flag) return base::Error{"Invalid argument"};
    Neighbour& neighbour = kernel.neighbours[key];
    neighbour.managed = use == NeighbourUse::managed && kernel_ == Kernel::manages;
    if (use == NeighbourUse::permanent) neighbour = {.mac = mac, .state = NeighbourState::permanent};
    return {};
  }
  base::Result<void> delete_neighbour(const NeighbourKey& key) override {
    log.push_back("delete " + net::to_string(key.address));
    kernel.neighbours.erase(key);
    return {};
  }
  base::Result<Neighbour> neighbour(const NeighbourKey& key) override {
    const auto found = kernel.neighbours.find(key);
    return found == kernel.neighbours.end() ? base::Result<Neighbour>(base::Error{"none"}) : found->second;
  }

  /// What was written down since the last call, in order of text.
  std::vector<std::string> told() {
    std::ranges::sort(log);
    return std::exchange(log, {});
  }

  KernelState kernel;
  bool refuses = false;

 private:
  Kernel kernel_;
  std::vector<std::string> log;
};

NeighbourKey key(const char* text) { return {2, address(text)}; }

using Told = std::vector<std::string>;

struct Setup {
  explicit Setup(FakeTable::Kernel kernel = FakeTable::Kernel::manages) : table(kernel) {}

  void keep(Keeper::Wishes wishes) {
    keeper.keep(std::move(wishes));
    keeper.enter_missing();
  }
  void pass(std::uint32_t milliseconds) {
    now = base::later(now, milliseconds);
    keeper.on_timer(table.kernel, now);
  }
  void forget(const char* text) {
    table.kernel.neighbours.erase(key(text));
    keeper.on_event({{key(text), {}}, true});
    keeper.enter_missing();
  }

  base::Stamp now{5000};
  FakeTable table;
  std::vector<std::string> complaints;
  Keeper keeper{table, [this](const std::string& text) { complaints.push_back(text); }, now};
};

}  // namespace

TEST_CASE("wishes are entered once, and deleted when they are gone") {
  Setup setup;
  setup.keep({{key("10.0.0.8"), {}}, {key("10.0.0.9"), {}}, {key("10.0.0.7"), mac("02:00:00:00:00:07")}});
  CHECK(setup.table.told() == Told{"managed 10.0.0.8", "managed 10.0.0.9", "permanent 10.0.0.7"});
  setup.keep({{key("10.0.0.9"), {}}, {key("10.0.0.10"), {}}, {key("10.0.0.7"), mac("02:00:00:00:00:77")}});
  CHECK(setup.table.told() == Told{"delete 10.0.0.8", "managed 10.0.0.10", "permanent 10.0.0.7"});
  CHECK(setup.keeper.keeps(key("10.0.0.9")));
  CHECK_FALSE(setup.keeper.keeps(key("10.0.0.8")));
}

TEST_CASE("what the kernel drops is entered again, unless it is not wished for") {
  Setup setup;
  setup.keep({{key("10.0.0.9"), {}}});
  setup.table.told();
  setup.forget("10.0.0.9");
  CHECK(setup.table.told() == Told{"managed 10.0.0.9"});
  setup.forget("10.0.0.8");
  CHECK(setup.table.told().empty());
}

TEST_CASE("after lost events only what is missing or other than wished for is entered") {
  Setup setup;
  setup.keep({{key("10.0.0.7"), mac("02:00:00:00:00:07")}, {key("10.0.0.8"), {}}, {key("10.0.0.9"), {}}});
  setup.table.told();
  setup.table.kernel.neighbours.erase(key("10.0.0.9"));
  setup.table.kernel.neighbours[key("10.0.0.7")].mac = mac("02:00:00:00:00:08");
  setup.keeper.on_resync(setup.table.kernel);
  setup.keeper.enter_missing();
  CHECK(setup.table.told() == Told{"managed 10.0.0.9", "permanent 10.0.0.7"});
}

TEST_CASE("what is refused is tried again each second, and complained of once until it worked") {
  Setup setup;
  setup.table.refuses = true;
  setup.keep({{key("10.0.0.7"), mac("02:00:00:00:00:07")}});
  for (int i = 0; i < 10; ++i) setup.pass(Keeper::retry_interval / 5);
  CHECK(setup.table.told() == Told(3, "permanent 10.0.0.7"));
  CHECK(setup.complaints == Told{"the kernel does not take the neighbour 10.0.0.7: refused"});

  setup.table.refuses = false;
  setup.pass(Keeper::retry_interval);
  setup.pass(Keeper::retry_interval);
  CHECK(setup.table.told() == Told{"permanent 10.0.0.7"});
  setup.table.refuses = true;
  setup.forget("10.0.0.7");
  CHECK(setup.complaints.size() == 2);
}

TEST_CASE("a refused neighbour that is not wished for any more is not tried again") {
  Setup setup;
  setup.table.refuses = true;
  setup.keep({{key("10.0.0.7"), mac("02:00:00:00:00:07")}});
  setup.keep({});
  setup.table.told();
  setup.pass(Keeper::retry_interval);
  CHECK(setup.table.told().empty());
}

TEST_CASE("a kernel that does not manage neighbours is asked for each every twenty seconds") {
  const auto kernel = GENERATE(FakeTable::Kernel::passes_over_the_flag, FakeTable::Kernel::refuses_the_flag);
  Setup setup(kernel);
  setup.keep({{key("10.0.0.9"), {}}});
  CHECK(setup.table.told() == Told{"managed 10.0.0.9", "once 10.0.0.9"});
  setup.keep({{key("10.0.0.8"), {}}, {key("10.0.0.9"), {}}});
  CHECK(setup.table.told() == Told{"once 10.0.0.8"});
  setup.pass(Keeper::ask_interval - 1);
  CHECK(setup.table.told().empty());
  setup.pass(1);
  CHECK(setup.table.told() == Told{"once 10.0.0.8", "once 10.0.0.9"});
  CHECK(setup.complaints.empty());
}

TEST_CASE("a kernel that manages neighbours is asked again only for those that it ceased to") {
  Setup setup;
  setup.keep({{key("10.0.0.8"), {}}, {key("10.0.0.9"), {}}});
  setup.table.told();
  setup.table.kernel.neighbours[key("10.0.0.9")].managed = false;
  setup.pass(Keeper::ask_interval);
  CHECK(setup.table.told() == Told{"managed 10.0.0.9"});
  setup.pass(Keeper::ask_interval);
  CHECK(setup.table.told().empty());
}

TEST_CASE("a client is asked for once until it answers, fails, vanishes or ten seconds have passed") {
  Setup setup;
  const auto ask = [&] {
    setup.keeper.ask(key("10.0.0.77"), setup.now);
    return setup.table.told().size();
  };
  CHECK(ask() == 1);
  CHECK(ask() == 0);
  setup.keeper.on_event({{key("10.0.0.77"), {.state = NeighbourState::incomplete}}});
  CHECK(ask() == 0);
  for (const NeighbourEvent& event : {NeighbourEvent{{key("10.0.0.77"), reachable("02:00:00:00:00:77")}},
                                      NeighbourEvent{{key("10.0.0.77"), {.state = NeighbourState::failed}}},
                                      NeighbourEvent{{key("10.0.0.77"), {}}, true}}) {
    setup.keeper.on_event(event);
    CHECK(ask() == 1);
  }
  setup.pass(Keeper::answer_time - 1);
  CHECK(ask() == 0);
  setup.pass(1);
  CHECK(ask() == 1);
}

TEST_CASE("only so many are asked for at a time, and none that is kept anyway") {
  Setup setup;
  setup.keep({{key("10.0.0.9"), {}}});
  setup.table.told();
  setup.keeper.ask(key("10.0.0.9"), setup.now);
  CHECK(setup.table.told().empty());
  for (std::uint32_t i = 0; i < 2 * Keeper::most_asked; ++i)
    setup.keeper.ask({2, net::Ipv4Address(0x0a010000u + i)}, setup.now);
  CHECK(setup.table.told().size() == Keeper::most_asked);
  CHECK(setup.keeper.asked() == Keeper::most_asked);
  setup.pass(Keeper::answer_time);
  CHECK(setup.keeper.asked() == 0);
}
