// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <map>
#include <string>

#include "net/address.hpp"
#include "route/tap.hpp"

namespace fairway::route {

/// The outer side of a twin in a test: an Ethernet on which hosts answer ARP requests for their addresses.
class Wire {
 public:
  struct Host {
    net::MacAddress mac;
    net::Address address;
  };

  /// Opens the twin; the test fails if that fails.
  explicit Wire(const std::string& twin);

  int descriptor() const { return tap_.descriptor(); }
  void add_host(const char* address, const char* mac);
  void remove_host(const char* address);
  /// Reads all frames that wait and answers those that are for its hosts.
  void work();
  /// How many requests work() has read for this address since the wire was made; reads what waits first.
  int requests_for(const char* address);
  /// 1: a request, 2: a reply.
  void send_arp(std::uint16_t operation, const Host& from, const Host& to);

 private:
  Tap tap_;
  std::map<net::Address, net::MacAddress> hosts_;
  std::map<net::Address, int> requests_;
};

}  // namespace fairway::route
