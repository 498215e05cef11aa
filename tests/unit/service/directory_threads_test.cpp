// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <atomic>
#include <catch2/catch.hpp>
#include <random>
#include <thread>
#include <vector>

#include "service/directory.hpp"
#include "support/retired.hpp"

using namespace fairway;
using namespace fairway::service;
using tests::Retired;

namespace {

/// A value that says whose it is, so that a reader sees when it gets another's, or one not yet written.
struct Value {
  std::uint32_t number;
  std::uint32_t check;
};

Endpoint endpoint(std::uint32_t number) {
  return {.address = net::AddressBytes(net::Ipv4Address(number)), .port = {}, .protocol = net::Protocol::tcp};
}

constexpr std::uint32_t always = 20, sometimes = 400;  // numbers below `always` are never removed

struct Reader {
  const Directory<Value>& directory;
  const std::atomic<bool>& stop;
  std::atomic<unsigned>& begun;
  std::uint64_t lookups = 0, missing = 0, wrong = 0;

  void run(unsigned seed) {
    std::mt19937 random(seed);
    while (!stop.load(std::memory_order_relaxed)) {
      const auto number = static_cast<std::uint32_t>(random() % sometimes);
      const Value* value = directory.find(endpoint(number));
      if (++lookups == 1) ++begun;
      if (!value && number < always) ++missing;
      if (value && (value->number != number || value->check != ~number)) ++wrong;
    }
  }
};

}  // namespace

TEST_CASE("readers always find what stays, and never another's value, while a writer puts and removes") {
  Retired retired;
  Directory<Value> directory(Retired::keep, &retired);
  std::vector<std::unique_ptr<Value>> values;
  const auto put = [&](std::uint32_t number) {
    values.push_back(std::make_unique<Value>(Value{number, ~number}));
    directory.put(endpoint(number), values.back().get());
  };
  for (std::uint32_t number = 0; number < always; ++number) put(number);

  std::atomic<bool> stop = false;
  std::atomic<unsigned> begun = 0;
  std::vector<Reader> readers(3, Reader{.directory = directory, .stop = stop, .begun = begun});
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < readers.size(); ++i) threads.emplace_back([&, i] { readers[i].run(i); });
  while (begun < readers.size()) std::this_thread::yield();
  std::mt19937 random(99);
  for (int i = 0; i < 100'000; ++i) {
    const auto number = static_cast<std::uint32_t>(random() % sometimes);
    if (number < always || random() % 2)
      put(number);
    else
      directory.remove(endpoint(number));
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  for (const Reader& reader : readers) {
    CHECK(reader.lookups > 0);
    CHECK(reader.missing == 0);
    CHECK(reader.wrong == 0);
  }
}
