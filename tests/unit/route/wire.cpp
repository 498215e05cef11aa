// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "unit/route/wire.hpp"

#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>

#include "net/headers.hpp"
#include "unit/route/values.hpp"

namespace fairway::route {
namespace {

/// RFC 826, for IPv4 over Ethernet, with the Ethernet header before it.
struct ArpFrame {
  net::EthernetHeader ethernet;
  net::Big16 hardware{std::uint16_t{1}};
  net::Big16 protocol = net::EtherType::ipv4;
  std::uint8_t hardware_length = 6;
  std::uint8_t protocol_length = 4;
  net::Big16 operation;
  net::MacAddress sender_mac;
  net::Ipv4Address sender;
  net::MacAddress target_mac;
  net::Ipv4Address target;
};
static_assert(sizeof(ArpFrame) == 42);

constexpr std::uint16_t request = 1, reply = 2;

Tap open_tap(const std::string& twin) {
  auto tap = Tap::open(twin);
  REQUIRE(tap);
  return std::move(*tap);
}

}  // namespace

Wire::Wire(const std::string& twin) : tap_(open_tap(twin)) {}

void Wire::add_host(const char* text, const char* mac_text) { hosts_[address(text)] = mac(mac_text); }
void Wire::remove_host(const char* text) { hosts_.erase(address(text)); }

void Wire::work() {
  std::array<std::uint8_t, 2048> buffer;
  while (::read(tap_.descriptor(), buffer.data(), buffer.size()) >= static_cast<ssize_t>(sizeof(ArpFrame))) {
    ArpFrame frame;
    std::memcpy(&frame, buffer.data(), sizeof frame);
    if (frame.ethernet.type != net::EtherType::arp || frame.operation.host() != request) continue;
    ++requests_[frame.target];
    if (const auto host = hosts_.find(frame.target); host != hosts_.end())
      send_arp(reply, {host->second, host->first}, {frame.sender_mac, frame.sender});
  }
}

int Wire::requests_for(const char* text) {
  work();
  return requests_[address(text)];
}

void Wire::send_arp(std::uint16_t operation, const Host& from, const Host& to) {
  ArpFrame frame;
  frame.ethernet = {to.mac, from.mac, net::EtherType::arp};
  frame.operation = net::Big16(operation);
  frame.sender_mac = from.mac;
  frame.sender = from.address.v4();
  frame.target_mac = to.mac;
  frame.target = to.address.v4();
  REQUIRE(::write(tap_.descriptor(), &frame, sizeof frame) == sizeof frame);
}

}  // namespace fairway::route
