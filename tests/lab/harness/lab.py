# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""A lab: segments, hosts on them and a director between them, gone without a trace when it ends.

The hosts are network namespaces. The segments are bridges in one more namespace, the switch. A port of the director
is a DPDK net_tap device whose Linux side is plugged into the switch, or one end of a veth pair under net_af_xdp,
which outlives the director's process (a net_tap does not).
"""

import contextlib
import functools
import itertools
import os
import pathlib
import shutil
import sys
import tempfile

from .client import Client
from .director import Director
from .namespace import Namespace, Process, run, sweep, wait_for
from .server import RealServer, big_file
from .uml import Guest

HERE = pathlib.Path(__file__).resolve().parent
notes = []  # what a lab wants to tell its user, for instance which decapsulation it found
_letters = itertools.cycle(["", *"bcdefghijklmnopqrstuvwxyz"])  # labs of one process


class Lab:
    """Use it as a context: everything started in it ends with it, also after an exception or Ctrl-C."""

    def __init__(self, workers=1, ports="tap", build=None):
        self.name = f"fw{os.getpid()}{next(_letters)}"
        self.port_kind = ports
        self.build = build
        self.servers = []
        self.segments = {}
        self.config = {"director": {"workers": workers, "idle": "wait", "connections": 100_000, "hugepages": False},
                       "ports": [], "services": []}
        self._cleanup = contextlib.ExitStack()
        self._numbers = itertools.count(1)

    def __enter__(self):
        with contextlib.ExitStack() as started:  # a lab that fails half-way is cleaned up as well
            sweep()
            self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{self.name}-"))
            started.callback(shutil.rmtree, self.folder, ignore_errors=True)
            self.files = self.folder / "files"  # what the servers have at /files/
            self._cleanup = started
            self.switch = self.host("switch")
            self.dir = self.host("dir")
            self.config["director"]["control_socket"] = str(self.folder / "control.sock")
            self.director = Director(self.dir, self.folder, self.config, self.build)
            started.callback(self.director.kill)
            self._cleanup = started.pop_all()
        return self

    def __exit__(self, kind, error, trace):
        if error:
            print(self.words(), file=sys.stderr)
        with self._cleanup:
            if not error:
                self.director.stop()

    # --- hosts and wires ----------------------------------------------------------------------------------------

    def host(self, name, kind=Namespace, *arguments):
        host = kind(f"{self.name}-{name}", *arguments)
        self._cleanup.callback(host.delete)
        return host

    def run_in(self, host, *command, **options):
        """Starts a program that runs until the lab ends."""
        log = self.folder / f"{pathlib.Path(command[0]).name}-{host.name}-{next(self._numbers)}.log"
        process = Process(command, log, namespace=host.name, **options)
        self._cleanup.callback(process.stop)
        return process

    def start_echo(self, host, name, port):
        """A server for TCP and UDP that answers with NAME and what it saw; see echo.py."""
        process = self.run_in(host, sys.executable, HERE / "echo.py", name, port)
        wait_for(lambda: host.listens(port) and host.listens(port, "udp"), f"echo server of {name}")
        return process

    @contextlib.contextmanager
    def capture(self, host, expression, device="eth0"):
        """tcpdump around what the block does; the list it gives is filled when the block ends, one packet a string."""
        process = self.run_in(host, "tcpdump", "-lnv", "--immediate-mode", "-i", device, expression)
        wait_for(lambda: "listening on" in process.words(), "tcpdump")
        packets = []
        yield packets
        wait_for(lambda: len(process.words().splitlines()) > 1, f"a packet that is `{expression}`")
        process.stop()
        text = process.words(last=1 << 20).replace("\n    ", " ")
        packets += [line for line in text.splitlines() if " IP (" in line]

    def at_end(self, action):
        """Calls `action` when the lab ends, before what was begun earlier is undone."""
        self._cleanup.callback(action)

    def segment(self, name):
        """An Ethernet segment; wires and ports are plugged into it."""
        if name not in self.segments:
            self.switch.ip(f"link add {name} type bridge mcast_snooping 0")
            self.switch.ip(f"link set {name} up")
            self.segments[name] = []
        return name

    def wire(self, host, segment, *addresses, device="eth0", mtu=1500):
        """A cable from the host's new `device` to the segment; packets arrive as on a real one, with their checksums."""
        end = f"{segment[:6]}-{next(self._numbers)}"
        run("ip", "link", "add", device, "mtu", mtu, "netns", host.name, "type", "veth", "peer", "name", end,
            "mtu", mtu, "netns", self.switch.name)
        self.switch.run("ethtool", "-K", end, "tx", "off")
        self.switch.ip(f"link set {end} master {self.segment(segment)} up")
        host.ip(f"link set {device} up")
        for address in addresses:
            host.ip(f"addr add {address} dev {device}")

    def add_client(self, name, address, segment):
        client = self.host(name, Client)
        self.wire(client, segment, address)
        return client

    def add_server(self, name, address, segment, gateway=None, mtu=1500):
        """A real server with nginx."""
        server = self.host(name, RealServer, name, address.split("/")[0], self)
        self.wire(server, segment, address, mtu=mtu)
        if gateway:
            server.ip(f"route add default via {gateway}")
        server.start_nginx()
        self.servers.append(server)
        return server

    def add_guest(self, name, address, segment, gateway):
        """A TUN real server with nginx and a kernel of its own."""
        guest = self.host(name, Guest, name, address, gateway, self)
        self.wire(guest, segment)
        self.servers.append(guest)
        return guest

    @functools.cached_property
    def router(self):
        """The router beside the director, by which DR's and TUN's answers go back; its address inside."""
        router = self.host("router")
        self.wire(router, "outside", "192.168.4.254/24", device="eth0")
        self.wire(router, "inside", "192.168.2.254/24", device="eth1")
        router.sysctl("ipv4.ip_forward", 1)
        return "192.168.2.254"

    def downloads(self, vip):
        """The client fetches a file of 100 MB; whether it came whole, by its SHA-256."""
        folder, digest = big_file()
        if not self.files.exists():
            self.files.symlink_to(folder)
        return self.client.download_digest(f"http://{vip}/files/big") == digest

    # --- the director -------------------------------------------------------------------------------------------

    def port(self, name, segment, *addresses, mtu=1500, twin=True, **keys):
        """A port of the director on the segment, with a twin fw-NAME that holds the addresses."""
        if self.port_kind == "xdp":
            self.wire(self.dir, segment, device=f"{name}0")
        driver = {"tap": "net_tap", "xdp": "net_af_xdp"}[self.port_kind]
        self.segments[self.segment(segment)].append(f"{name}0")
        self.config["ports"].append({
            "name": name, "device": f"{driver}{len(self.config['ports'])},iface={name}0",
            **({"kernel_interface": f"fw-{name}"} if twin else {}), "addresses": list(addresses), "mtu": mtu, **keys})

    def serve(self, name, address, scheduler="rr", forwarding="nat", protocol="tcp", servers=None, weights=None):
        """Adds a service to the director's file and makes the real servers (default: all) ready for it.

        `address` is VIP:PORT; the real servers answer on the same port.
        """
        vip, port = address.split(":")
        servers = self.servers if servers is None else servers
        weights = weights or [1] * len(servers)
        self.hold(vip, forwarding, servers)
        self.config["services"].append({
            "name": name, "address": vip, "port": int(port), "protocol": protocol, "scheduler": scheduler,
            "forwarding": forwarding,
            "servers": [{"address": server.address, "port": int(port), "weight": weight}
                        for server, weight in zip(servers, weights, strict=True)]})

    def hold(self, vip, forwarding, servers):
        """Puts the VIP where it belongs: on the director's first port, and for DR and TUN on the servers."""
        addresses = self.config["ports"][0]["addresses"]
        if f"{vip}/32" not in addresses:
            addresses.append(f"{vip}/32")
        for server in servers if forwarding != "nat" else []:
            if forwarding == "tun":
                self._note(f"TUN real servers unpack by {server.unpack(vip)}")
            else:
                server.hold_vip(vip)
            if len(self.segments) > 1:
                server.answer_by(vip, self.router)

    def _note(self, text):
        if text not in notes:
            notes.append(text)

    def start(self):
        """Starts the director and plugs its ports in."""
        self.dir.sysctl("ipv4.ip_forward", 1)
        self.director.start()
        if self.port_kind == "tap":
            self._plug_taps()
        if any("kernel_interface" in port for port in self.config["ports"]):
            self._greet()
        return self

    def _plug_taps(self):
        """A net_tap's Linux side has the port's own MAC: it must have another before it is somebody else's."""
        for segment, devices in self.segments.items():
            for device in devices:
                self.dir.ip(f"link set {device} netns {self.switch.name}")
                self.switch.ip(f"link set {device} address 02:fa:00:00:00:{next(self._numbers):02x}")
                self.switch.ip(f"link set {device} master {segment} up")

    def _greet(self):
        """The director asked for its neighbours a moment before its ports were plugged in and would ask again in a
        second: each real server says a word, and the director's kernel learns its MAC address from that."""
        director = self.config["ports"][-1]["addresses"][0].split("/")[0]
        for server in self.servers:
            server.greet(director)
        wait_for(self._neighbours_known, "the director's kernel to know the real servers' MAC addresses")

    def _neighbours_known(self):
        wanted = {server["address"] for service in self.config["services"] for server in service["servers"]}
        known = {line.split()[0] for line in self.dir.ip("neigh show").splitlines() if "lladdr" in line}
        return wanted <= known

    def words(self):
        """The last words of every program of the lab, for whoever looks for the cause of a failure."""
        logs = [log for log in sorted(self.folder.glob("*.log")) if log.stat().st_size]
        return "\n".join(f"--- {log.name}\n{log.read_text(errors='replace')[-4000:]}" for log in logs)

    @property
    def control(self):
        """fairwayctl."""
        return self.director.control


@contextlib.contextmanager
def two_arm(servers=3, inside_mtu=1500, **options):
    """Clients outside (192.168.4.0/24), servers inside (192.168.2.0/24), the director between them and their gateway.

        client .4.1 ---- outside ---- .4.5 director .2.1 ---- inside ---- s1 .2.101, s2 .2.102, ...
                            '--- .4.254 router .2.254 ----------'   (there for DR and TUN only)
    """
    with Lab(**options) as lab:
        lab.port("outside", "outside", "192.168.4.5/24")
        lab.port("inside", "inside", "192.168.2.1/24", mtu=inside_mtu)
        lab.client = lab.add_client("client", "192.168.4.1/24", "outside")
        for number in range(1, servers + 1):
            lab.add_server(f"s{number}", f"192.168.2.{100 + number}/24", "inside", "192.168.2.1", inside_mtu)
        yield lab


@contextlib.contextmanager
def one_arm(servers=3, behind_director=False, **options):
    """Everybody on one segment: client .4.1, director .4.5, real servers s1 .4.101, s2 .4.102, ...

    `behind_director` is for NAT: the servers are .2.101, ... and have the director (.2.1) as their gateway.
    """
    network, gateway = ("192.168.2", "192.168.2.1") if behind_director else ("192.168.4", None)
    with Lab(**options) as lab:
        lab.port("lan", "lan", "192.168.4.5/24", *(["192.168.2.1/24"] if behind_director else []))
        lab.client = lab.add_client("client", "192.168.4.1/24", "lan")
        for number in range(1, servers + 1):
            lab.add_server(f"s{number}", f"{network}.{100 + number}/24", "lan", gateway)
        yield lab


VIPS = {"nat": "192.168.4.15", "dr": "192.168.4.16", "tun": "192.168.4.17"}


@contextlib.contextmanager
def three_methods(servers=3, **options):
    """Two arms, and a web service for each forwarding method at a VIP of its own (VIPS)."""
    with two_arm(servers, **options) as lab:
        for method, vip in VIPS.items():
            lab.serve(f"web-{method}", f"{vip}:80", forwarding=method)
        yield lab
