# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""What the names of a scenario mean. Every scenario has a network number and with it clients and VIPs of its own, so that
scenarios played on the same director do not meet; real servers are shared.

    clients c1, c2 ...   10.N.N.1 ...      behind the router 192.168.4.254
    far     f1, f2 ...   10.64+N.N.1 ...   likewise, but the route back has an MTU of 1300
    VIPs    vip1 ...     10.128+N.N.1 ...  local addresses of the director
    servers s1 ... s120  192.168.2.101 ... on the inside (MTU 1400)
            o1 ... o120  192.168.4.101 ... on the outside (MTU 1500)
    itself  inside, outside, loopback      the director's addresses
"""

import ipaddress
import re

OUTSIDE, INSIDE = "outside", "inside"
SIDES = (OUTSIDE, INSIDE)
MTU = {OUTSIDE: 1500, INSIDE: 1400}
QUEUE = 20_000  # packets before a director that is slow for a while: none may be lost
FAR_MTU = 1300
DIRECTOR = {OUTSIDE: "192.168.4.5", INSIDE: "192.168.2.1"}
DIRECTOR_MAC = {OUTSIDE: "02:00:00:00:aa:01", INSIDE: "02:00:00:00:aa:02"}
NETWORK = {OUTSIDE: ipaddress.ip_network("192.168.4.0/24"), INSIDE: ipaddress.ip_network("192.168.2.0/24")}
ROUTER = "192.168.4.254"
CLIENTS, FAR_CLIENTS, VIPS = "10.0.0.0/10", "10.64.0.0/10", "10.128.0.0/9"
TEST_NETS = ("198.51.100.0/24", "203.0.113.0/24")  # clients whose address a scenario writes out
LOCAL_NETS = (VIPS, "192.0.2.0/24")
LAST_NETWORK = 64 * 256 - 1
_SERVERS = range(1, 121)
_MARKS = 16  # that a scenario may have, less one
_FIRST = {"c": 0, "f": 64, "vip": 128}


def neighbours(side):
    """Everybody on the segment, and the MAC address that he has for ever."""
    prefix = str(NETWORK[side].network_address).rpartition(".")[0]
    third = 4 if side == OUTSIDE else 2
    hosts = [100 + number for number in _SERVERS] + [250, 251] + ([254] if side == OUTSIDE else [])
    return {f"{prefix}.{host}": f"02:00:00:00:{third:02x}:{host:02x}" for host in hosts}


ALL_NEIGHBOURS = {side: neighbours(side) for side in SIDES}


def routes(outside):
    """The director's routes, as iproute2's batch lines, `outside` being the device there."""
    for network in (CLIENTS, *TEST_NETS):
        yield f"route add {network} via {ROUTER} dev {outside}"
    yield f"route add {FAR_CLIENTS} via {ROUTER} dev {outside} mtu {FAR_MTU}"
    for network in LOCAL_NETS:
        yield f"route add local {network} dev lo"


OWN = {"outside": DIRECTOR[OUTSIDE], "inside": DIRECTOR[INSIDE], "loopback": "127.0.0.1"}


class World:
    """The addresses of one scenario."""

    def __init__(self, network):
        if not 0 < network <= LAST_NETWORK:
            raise ValueError(f"networks are numbered 1 to {LAST_NETWORK}")
        self.network = network
        self._high, self._low = divmod(network, 256)
        self._written_out = set()

    def address(self, name):
        """Of a name, or of an address written out."""
        if name in OWN:
            return OWN[name]
        named = re.fullmatch(r"(c|f|vip|s|o)(\d+)", name)
        if not named:
            self._written_out.add(name)
            return str(ipaddress.ip_address(name))
        kind, number = named[1], int(named[2])
        if kind in _FIRST:
            return f"10.{_FIRST[kind] + self._high}.{self._low}.{number}"
        return f"192.168.{4 if kind == 'o' else 2}.{100 + number}"

    def name(self, address):
        """The name of an address, or itself."""
        parts = address.split(".")
        for kind, first in _FIRST.items():
            if address.startswith(f"10.{first + self._high}.{self._low}."):
                return f"{kind}{parts[3]}"
        for prefix, kind in (("192.168.2.", "s"), ("192.168.4.", "o")):
            if address.startswith(prefix) and int(parts[3]) - 100 in _SERVERS:
                return f"{kind}{int(parts[3]) - 100}"
        return address

    def mark(self, number):
        """What the scenario's mark is among all."""
        return self.network * _MARKS + number if number else 0

    def owns(self, address):
        """Whether this is a client or a VIP of this scenario."""
        return address != "" and (self.name(address)[0] in "cfv" or address in self._written_out)


def network_of(address):
    """The number of the network that a client's address or a VIP belongs to; None of an address of all."""
    first, high, low, _ = address.split(".")
    return int(high) % 64 * 256 + int(low) if first == "10" else None


def network_of_mark(mark):
    """The number of the network whose scenario this mark is of."""
    return mark // _MARKS


def side_of(address):
    """The segment by which an address is reached."""
    return INSIDE if ipaddress.ip_address(address) in NETWORK[INSIDE] else OUTSIDE


def mac_of(address):
    """The MAC address that frames of this host come from."""
    side = side_of(address)
    return ALL_NEIGHBOURS[side].get(address, ALL_NEIGHBOURS[OUTSIDE][ROUTER])
