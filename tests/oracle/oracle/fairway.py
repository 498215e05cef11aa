# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""The subject: fairwayd with one worker. Its ports are net_tap devices whose Linux sides are the oracle's ends."""

import http.client
import ipaddress
import json
import os
import socket
import time

from harness import LabError, wait_for
from harness.director import Director
from harness.namespace import Process, run

from . import listener, world
from .compare import COUNTERS
from .scenario import AddServer, AddService, DeleteService, EditServer, EditService, Listen, Mark, RemoveServer, Zero
from .wire import FENCE_PORT, Wire, fence_services
from .world import OUTSIDE


_LONGEST_SILENCE = 5  # seconds after which the director may have closed the connection


class _Connection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path):
        super().__init__("fairwayd", timeout=20)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Fairway:
    name = "fairway"

    def __init__(self, folder, namespace, wires, build=None, environment=None):
        self.folder = folder / "fairway"
        self.folder.mkdir()
        self._namespace = namespace
        self._wires = wires
        self._director = Director(namespace, self.folder, self._configuration(), build)
        self._environment = environment or {}
        self._connection = None
        self._asked = 0.0  # when it was used last
        self._listeners = {}  # by their events
        self.wire = None

    def _configuration(self):
        return {
            "director": {"workers": 1, "idle": "wait", "connections": 200_000, "hugepages": False, "summary_interval": 0,
                         "control_socket": str(self.folder / "control.sock"), "journal": "none"},
            "ports": [{"name": side, "device": f"net_tap{number},iface=f-{side},mac={world.DIRECTOR_MAC[side]}",
                       "kernel_interface": f"fw-{side}", "addresses": [f"{world.DIRECTOR[side]}/24"],
                       "mtu": world.MTU[side], "neighbours": world.ALL_NEIGHBOURS[side]}
                      for number, side in enumerate(world.SIDES)],
            "services": [{"name": f"fence-{side}", "address": vip, "port": FENCE_PORT, "protocol": "udp", "scheduler": "rr",
                          "forwarding": "dr", "servers": [{"address": server}]}
                         for side, (vip, server) in zip(world.SIDES, fence_services())]}

    def start(self):
        self._namespace.sysctl("ipv4.ip_forward", 1)
        self._namespace.sysctl("ipv4.icmp_ratelimit", 0)
        self._namespace.sysctl("ipv4.tcp_synack_retries", 0)
        before = os.environ.copy()
        os.environ.update(self._environment)
        try:
            self._director.start()
        finally:
            os.environ.clear()
            os.environ.update(before)
        devices = {side: f"f-{side}" for side in world.SIDES}
        for device in devices.values():
            self._namespace.ip(f"link set {device} netns {self._wires.name}")
            self._wires.ip(f"link set {device} txqueuelen {world.QUEUE} up")
        batch = [f"neigh replace {address} lladdr {mac} dev fw-{side} nud permanent"
                 for side in world.SIDES for address, mac in world.ALL_NEIGHBOURS[side].items()]
        file = self.folder / "addresses"
        file.write_text("\n".join([*batch, *(line.replace(" add ", " replace ") for line in world.routes(f"fw-{OUTSIDE}"))]))
        run("ip", "-n", self._namespace.name, "-batch", file)
        self.wire = Wire(self.name, self._wires, devices)
        self._connection = _Connection(str(self.folder / "control.sock"))
        self._wait_for_routes()

    def _wait_for_routes(self):
        """Fences go round as soon as the director follows the routes that were just made."""
        self.wire.collect(self.wire.send(OUTSIDE, []))

    def stop(self):
        if self.wire:
            self.wire.close()
        if self._connection:
            self._connection.close()
        self._director.stop()

    def kill(self):
        self._stop_listeners()
        self._director.kill()

    def _stop_listeners(self):
        while self._listeners:
            self._listeners.popitem()[1].stop()

    def restart(self, environment=None):
        """Forgets all services and connections, and the programs on the director itself."""
        self._stop_listeners()
        self._environment = self._environment if environment is None else environment
        self.stop()
        self.start()

    def words(self):
        return self._director.process.words() if self._director.process else ""

    # --- what a director can be told and asked ------------------------------------------------------------------

    def _ask(self, method, path, body=None, tries=5):
        if time.monotonic() - self._asked > _LONGEST_SILENCE:
            self._connection.close()  # it opens itself again
        self._asked = time.monotonic()
        headers = {"Content-Type": "application/json"} if body is not None else {}
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = self._connection.getresponse()
        text = response.read()
        if response.status == 503 and method == "GET" and tries > 1:  # a busy machine keeps the worker from answering
            return self._ask(method, path, body, tries - 1)
        if response.status != 200:
            raise LabError(f"fairway: {method} {path}: {response.status} {text.decode(errors='replace')}")
        return json.loads(text)

    def apply(self, edits):
        for event in {event for event, _ in edits if isinstance(event, Listen)} - self._listeners.keys():
            self._listeners[event] = Process(listener.command(event), self.folder / "listener", self._namespace.name)
            wait_for(lambda event=event: self._namespace.listens(event.port, event.protocol), f"{event}")
        edits = [edit for edit in edits if not isinstance(edit[0], Listen)]
        results = self._ask("POST", "/v1/commands", [_command(event, service) for event, service in edits])["results"]
        for (event, _), result in zip(edits, results):
            if "error" in result:
                raise LabError(f"fairway: {event}: {result['error']}")

    def set(self, name, value):
        self._carry_out({"edit_settings": {name: int(value)}})

    def _carry_out(self, command):
        result = self._ask("POST", "/v1/commands", [command])["results"][0]
        if "error" in result:
            raise LabError(f"fairway: {command}: {result['error']}")

    def snapshot(self, statistics=False):
        services = {}
        for row in self._ask("GET", "/v1/services")["services"]:
            key = f"mark {row['mark']}" if row.get("mark") else f"{row['protocol']} {row['address']}:{row['port']}"
            services[key] = _counters(row, statistics) | {
                "scheduler": row["scheduler"], "options": _options_of(row),
                "servers": {f"{one['address']}:{one['port']}": _server(one, statistics) for one in reversed(row["servers"])}}
        return {"services": services, "connections": self.connections()}

    def connections(self):
        """(protocol, client, virtual, server) → [(state, seconds left)]"""
        connections = {}
        for row in self._ask("GET", "/v1/connections?limit=1000000")["connections"]:
            key = (row["protocol"], row["client"], row["virtual"], row["server"])
            connections.setdefault(key, []).append((row["state"], row["expires"]))
        return connections

    def verdicts(self):
        return self._ask("GET", "/v1/drops")["verdicts"]


def _counters(row, statistics):
    return {key: row[key] for key in COUNTERS} if statistics else {}


def _server(row, statistics):
    shown = ("forwarding", "weight", "active", "inactive") + (("persistent",) if statistics else ())
    return {key: row[key] for key in shown} | _counters(row, statistics)


def _options_of(row):
    """As ipvsadm prints them behind the scheduler."""
    words = [f"({','.join(row['scheduler_flags'])})"] if row["scheduler_flags"] else []
    if row["persistence"]:
        words += ["persistent", str(row["persistence"])]
        if row["persistence_netmask"] != 32:
            words += ["mask", str(ipaddress.ip_network(f"0.0.0.0/{row['persistence_netmask']}").netmask)]
    return " ".join(words + (["ops"] if row["one_packet"] else []))


def _key(service):
    if service.mark:
        return {"mark": service.mark}
    return {"protocol": service.protocol, "address": service.vip, "port": service.port}


def _command(event, service):
    """The event as the director's command; see lib/control/json.cpp."""
    if isinstance(event, Mark):
        rule = {"mark": service.mark, "protocol": event.protocol, "destination": f"{service.vip}/32"}
        return {"add_mark": rule | ({"destination_ports": event.ports} if event.ports != "all" else {})}
    key = _key(service)
    if isinstance(event, (AddService, EditService)):
        body = key | {"scheduler": event.scheduler, "scheduler_flags": list(event.flags), "persistence": event.persistent,
                      "one_packet": event.ops}
        if event.persistent:
            body |= {"persistence_netmask": event.netmask or 32}
        return {"add_service": body | {"forwarding": event.method}} if isinstance(event, AddService) else {"edit_service": body}
    if isinstance(event, DeleteService):
        return {"delete_service": key}
    if isinstance(event, Zero):
        return {"zero_statistics": {"service": key}}
    server = {"service": key, "address": service.address(event.server), "port": event.port or service.port}
    if isinstance(event, RemoveServer):
        return {"delete_server": server}
    assert isinstance(event, (AddServer, EditServer))
    body = server | {"weight": event.weight, "forwarding": event.method or service.method,
                     "upper_threshold": event.upper, "lower_threshold": event.lower}
    return {"add_server" if isinstance(event, AddServer) else "edit_server": body}
