# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""What directors say of all services and connections, given out to the scenarios that they belong to.

One reading serves all that are being played, so it is sorted once: each asking all rows whether they are its own would take
longer than all the rest.
"""

from . import world


def _address(endpoint):
    return endpoint.rpartition(":")[0]


def _service_network(key):
    kind, name = key.split()
    return world.network_of_mark(int(name)) if kind == "mark" else world.network_of(_address(name))


def _connection_network(key):
    """Of the client, else of the VIP or the mark; None where a client's address is written out."""
    client, virtual = key[1:3]
    found = world.network_of(_address(client))
    if found is not None:
        return found
    return world.network_of_mark(int(virtual[5:])) if virtual.startswith("mark ") else world.network_of(_address(virtual))


class Shares:
    def __init__(self, snapshot):
        self._of = {}
        for kind, network_of in (("services", _service_network), ("connections", _connection_network)):
            for key, row in snapshot[kind].items():
                self._share(network_of(key))[kind][key] = row

    def _share(self, network):
        return self._of.setdefault(network, {"services": {}, "connections": {}})

    def of(self, network):
        """The services and connections of this network."""
        return self._share(network)
