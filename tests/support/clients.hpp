// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <string>

#include "support/balance.hpp"

namespace fairway::tests {

/// Servers 11, 12, 13 added in this order with weights 3, 2, 1.
inline Balance three_two_one(std::string_view scheduler) {
  Balance balance(scheduler);
  balance.add(11, 3);
  balance.add(12, 2);
  balance.add(13, 1);
  return balance;
}

/// Who serves 203.0.113.1 to .60 from ports 50001 to 50060: the last digit of the server's number, or '-' if nobody does.
inline std::string choices_for_clients(Balance& balance) {
  std::string text;
  for (std::uint16_t client = 1; client <= 60; ++client) {
    balance.come_from(0xcb007100u + client, static_cast<std::uint16_t>(50000 + client));
    const unsigned server = balance.pick();
    text += server == Balance::none ? '-' : static_cast<char>('0' + server % 10);
  }
  return text;
}

/// How many of so many clients would be served by another server than they were.
class Clients {
 public:
  explicit Clients(Balance& balance, std::uint32_t count = 20'000) : balance_(balance), count_(count) { look(); }

  /// Of all, and of those whose server is still there.
  struct Moved {
    double all = 0, needlessly = 0;
  };
  Moved moved(unsigned server_that_left) {
    const std::vector<unsigned> before = served_by;
    look();
    Moved moved;
    for (std::uint32_t i = 0; i < count_; ++i) {
      if (served_by[i] == before[i]) continue;
      moved.all += 1.0 / count_;
      if (before[i] != server_that_left) moved.needlessly += 1.0 / count_;
    }
    return moved;
  }

  std::vector<unsigned> served_by;

 private:
  void look() {
    served_by.clear();
    for (std::uint32_t i = 0; i < count_; ++i) {
      // Spread over the whole of IPv4, as the clients of a public service are.
      balance_.come_from(i * 2654435769u, 40000);
      served_by.push_back(balance_.pick());
    }
  }

  Balance& balance_;
  std::uint32_t count_;
};

}  // namespace fairway::tests
