// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "forward/nat.hpp"

#include "net/checksum.hpp"

namespace fairway::forward {
namespace {

/// A checksum that was wrong stays wrong by as much: the receiver must see it. UDP without a checksum stays so (RFC 768;
/// the kernel computes one there), and one that comes out as zero is sent as 0xffff.
void update_transport(net::PacketView& packet, const net::ChecksumChange& change) noexcept {
  if (packet.tuple.protocol == net::Protocol::tcp) {
    packet.tcp()->checksum = change.apply(packet.tcp()->checksum);
    return;
  }
  net::Big16& checksum = packet.udp()->checksum;
  if (checksum.raw() == 0) return;
  checksum = change.apply(checksum);
  if (checksum.raw() == 0) checksum = net::Big16::from_raw(0xffff);
}

void replace_endpoint(net::PacketView& packet, net::Ipv4Address& address, net::ServicePort& port,
                      net::Ipv4Address new_address, net::ServicePort new_port) noexcept {
  net::ChecksumChange change;
  change.replace(address, new_address);
  packet.ipv4()->checksum = change.apply(packet.ipv4()->checksum);
  change.replace(port, new_port);
  address = new_address;
  port = new_port;
  update_transport(packet, change);
}

}  // namespace

void nat_to_server(net::PacketView& packet, const conn::Hot& entry) noexcept {
  replace_endpoint(packet, packet.ipv4()->destination, packet.udp()->destination, entry.v4.server, entry.server_port);
}

void nat_to_client(net::PacketView& packet, const conn::Hot& entry) noexcept {
  replace_endpoint(packet, packet.ipv4()->source, packet.udp()->source, entry.v4.virtual_address, entry.virtual_port);
}

}  // namespace fairway::forward
