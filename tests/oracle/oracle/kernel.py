# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""The reference: Linux IPVS in a user-mode-linux guest, which stands where the director stands.

The guest runs the commands that it is told on its console and prints what they say. Its two network cards are taps.
"""

import ipaddress
import os
import pathlib
import re
import select
import subprocess
import time

from harness import LabError
from harness.namespace import Process, run
from harness.uml import MODULES, command_line, environment, kill_guest

from . import listener, world
from .compare import COUNTERS
from .scenario import AddServer, AddService, DeleteService, EditServer, EditService, Listen, Mark, RemoveServer, Zero
from .wire import FENCE_PORT, Wire, fence_services
from .world import INSIDE, OUTSIDE

_IPVS = "kernel/net/netfilter/ipvs"
_LEFT_OUT = ("ip_vs_ftp", "ip_vs_pe_sip")  # they touch packets
_DEVICES = {OUTSIDE: "eth0", INSIDE: "eth1"}
_END = "@@end@@"
_MARKED = 100  # the routing table of packets with a mark: they come to IPVS, as those of a transparent proxy
_METHOD = {"nat": "-m", "dr": "-g", "tun": "-i"}
_TIMEOUTS = ("tcp_timeout", "tcp_fin_timeout", "udp_timeout")  # in the order of ipvsadm --set
_METHOD_NAMES = {"Masq": "nat", "Route": "dr", "Tunnel": "tun", "Local": "local"}

# /proc of the machine shows through until the guest's own is mounted.
_INIT = """\
#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
stty raw -echo
dmesg -n 1
{insmod}
echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6
echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6
for file in /proc/sys/net/ipv4/conf/*/rp_filter /proc/sys/net/ipv4/conf/*/send_redirects; do echo 0 > $file; done
echo 0 > /proc/sys/net/ipv4/icmp_ratelimit
echo 1 > /proc/sys/net/ipv4/ip_forward
echo 0 > /proc/sys/net/ipv4/tcp_synack_retries
{setup}
echo "{end} 0"
while IFS= read -r line; do
  eval "$line" 2>&1
  echo "{end} $?"
done
"""


def missing():
    """Why there can be no reference here; empty if there can."""
    for program, package in (("linux.uml", "user-mode-linux"), ("ipvsadm", "ipvsadm"), ("modinfo", "kmod")):
        if not any((pathlib.Path(folder) / program).exists() for folder in os.get_exec_path() + ["/usr/sbin", "/sbin"]):
            return f"{package} is not installed (tools/setup does it)"
    return "" if os.geteuid() == 0 else "network namespaces are root's"


def _module_files(release, names):
    """Paths of these modules below the release's folder, those that they need first."""
    files = {file.stem.replace("-", "_"): file for file in release.rglob("*.ko")}
    order = []

    def need(name):
        if files[name] in order:
            return
        for other in filter(None, run("modinfo", "-F", "depends", files[name]).strip().split(",")):
            need(other.replace("-", "_"))
        order.append(files[name])

    for name in names:
        need(name)
    return order


def _setup_commands():
    """Addresses, routes and neighbours, as iproute2 batch lines."""
    yield "link set lo up"
    for side, device in _DEVICES.items():
        yield f"link set {device} mtu {world.MTU[side]} up"
        yield f"addr add {world.DIRECTOR[side]}/24 dev {device}"
        for address, mac in world.ALL_NEIGHBOURS[side].items():
            yield f"neigh replace {address} lladdr {mac} dev {device} nud permanent"
    yield from world.routes(_DEVICES[OUTSIDE])
    yield f"route add local default dev lo table {_MARKED}"


class Kernel:
    name = "kernel"

    def __init__(self, folder):
        self.folder = folder / "kernel"
        self.folder.mkdir()
        self._process = None
        self._buffer = b""
        self._has_marks = False
        self._listeners = {}  # process numbers by their events
        self.wire = None

    def start(self, namespace):
        devices = {side: f"k-{side}" for side in world.SIDES}
        for side, device in devices.items():
            namespace.ip(f"tuntap add {device} mode tap")
            namespace.ip(f"link set {device} mtu {world.MTU[side]} txqueuelen {world.QUEUE} up")
        self._boot(namespace, devices)
        self.wire = Wire(self.name, namespace, devices)

    def _boot(self, namespace, taps):
        releases = sorted(MODULES.iterdir())
        kinds = sorted(file.stem for file in (releases[-1] / _IPVS).glob("ip_vs_*.ko") if file.stem not in _LEFT_OUT)
        insmod = [f"insmod {file}" for file in _module_files(releases[-1], ["ip_vs", *kinds])]
        batch = self.folder / "addresses"
        batch.write_text("\n".join(_setup_commands()) + "\n")
        init = self.folder / "init"
        init.write_text(_INIT.format(insmod="\n".join(insmod), setup=f"ip -batch {batch}", end=_END))
        init.chmod(0o755)
        # Not by the driver of vec0: its packets go through GRO, where TCP data waits for more and others overtake it.
        cards = [f"eth{number}=tuntap,{tap},{world.DIRECTOR_MAC[side]}" for number, (side, tap) in enumerate(taps.items())]
        # On one CPU: what a guest sends from two may change its order.
        cpus = sorted(os.sched_getaffinity(0))
        self._process = Process(["taskset", "-c", cpus[os.getpid() % len(cpus)], *command_line(init, self.folder, 160, cards)],
                                self.folder / "log", namespace=namespace.name,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(self.folder))
        self._read_answer(time.monotonic() + 60, "boot")
        for vip, server in fence_services():
            self.ask(f"ipvsadm -A -u {vip}:{FENCE_PORT} -s rr && ipvsadm -a -u {vip}:{FENCE_PORT} -r {server} -g")

    def stop(self):
        if self.wire:
            self.wire.close()
        if self._process:
            kill_guest(self.folder)
            self._process.popen.wait()

    def ask(self, command, seconds=20):
        """Runs a line of shell in the guest and returns what it printed; LabError if it failed."""
        self._process.popen.stdin.write(command.encode() + b"\n")
        self._process.popen.stdin.flush()
        answer, status = self._read_answer(time.monotonic() + seconds, command)
        if status:
            raise LabError(f"kernel: `{command}` ended with {status}: {answer}")
        return answer

    def _read_answer(self, deadline, command):
        pipe = self._process.popen.stdout
        while True:
            done = re.search(rb"(?s)^(.*?)" + _END.encode() + rb" (\d+)\r?\n", self._buffer)
            if done:
                self._buffer = self._buffer[done.end():]
                return done[1].decode().replace("\r", ""), int(done[2])
            if not select.select([pipe], [], [], max(0, deadline - time.monotonic()))[0]:
                raise LabError(f"kernel: no answer to `{command}`: {self._buffer[-2000:].decode(errors='replace')}")
            chunk = os.read(pipe.fileno(), 65536)
            if not chunk:
                raise LabError(f"kernel: the guest died: {self._buffer[-2000:].decode(errors='replace')}\n{self._process.words()}")
            self._buffer += chunk

    # --- what a director can be told and asked ------------------------------------------------------------------

    def apply(self, edits):
        """Edits of one moment: (event, service) pairs, the service as `world.Target`."""
        file = self.folder / "edits"
        file.write_text("".join(_ipvsadm(event, service) + "\n" for event, service in edits if not isinstance(event, (Mark, Listen))))
        for event in {event for event, _ in edits if isinstance(event, Listen)} - self._listeners.keys():
            self._listeners[event] = int(self.ask(" ".join(listener.command(event, background=True)) + " < /dev/null"))
        marks = [(event, service) for event, service in edits if isinstance(event, Mark)]
        if marks:
            self._make_marks(marks)
        complaints = self.ask(f"ipvsadm -R < {file}") if file.stat().st_size else ""
        if complaints:
            raise LabError(f"kernel: {complaints} of\n{file.read_text()}")

    def _make_marks(self, marks):
        """By tc, on what comes from the clients: the guest's kernel has nftables for no family. Its modules are loaded when
        a first rule wants them."""
        file = self.folder / "rules"
        rules = [_tc(event, service) for event, service in marks]
        file.write_text("".join(f"rule add fwmark {mark} lookup {_MARKED}\n" for mark in {service.mark for _, service in marks}))
        self.ask(f"ip -batch {file}")
        if not self._has_marks:
            release = sorted(MODULES.iterdir())[-1]
            for module in _module_files(release, ["sch_ingress", "cls_flower", "act_skbedit"]):
                self.ask(f"insmod {module}")
            rules = [f"qdisc add dev {_DEVICES[OUTSIDE]} ingress", *rules]
            self._has_marks = True
        file.write_text("\n".join(rules) + "\n")
        self.ask(f"tc -batch {file}")

    def set(self, name, value):
        """A setting by the name that Fairway has for it: a sysctl of IPVS, or a timeout of ipvsadm --set."""
        if name in _TIMEOUTS:
            values = [str(value) if name == one else "0" for one in _TIMEOUTS]
            self.ask(f"ipvsadm --set {' '.join(values)}")
        else:
            self.ask(f"echo {value} > /proc/sys/net/ipv4/vs/{name}")

    def settings(self):
        """Names and values of all of them."""
        text = self.ask("cd /proc/sys/net/ipv4/vs; grep . * ; cd /")
        timeouts = self.ask("ipvsadm -L --timeout").partition(":")[2].split()
        return dict(line.split(":", 1) for line in text.splitlines()) | dict(zip(_TIMEOUTS, timeouts))

    def snapshot(self, statistics=False):
        """Services and connections, as `compare` wants them."""
        text = self.ask("ipvsadm -Ln --nosort; echo ----; ipvsadm -Lnc; echo ----" +
                        ("; ipvsadm -Ln --stats --exact; echo ----; ipvsadm -Ln --persistent-conn" if statistics else ""))
        services, connections, *counts = text.split("----\n")
        result = {"services": _read_services(services), "connections": _read_connections(connections)}
        if statistics:
            _read_statistics(counts[0], result["services"])
            _read_persistent(counts[1], result["services"])
        return result

    def flush(self):
        """Forgets all services but the fence's, their connections and the programs on the director itself."""
        while self._listeners:
            self.ask(f"kill {self._listeners.popitem()[1]}")
        self.set("expire_nodest_conn", 1)
        keep = "|".join(f"{vip}:*" for vip, _ in fence_services())
        self.ask("ipvsadm -Sn | grep ^-A | while read a kind at rest; do case $at in " + keep +
                 ") ;; *) ipvsadm -D $kind $at;; esac; done")
        self.set("expire_nodest_conn", 0)


def _ipvsadm(event, service):
    at = f"-f {service.mark}" if service.mark else f"{'-t' if service.protocol == 'tcp' else '-u'} {service.vip}:{service.port}"
    if isinstance(event, (AddService, EditService)):
        verb = "-A" if isinstance(event, AddService) else "-E"
        words = [verb, at, "-s", event.scheduler]
        words += ["-b", ",".join(event.flags)] if event.flags else []
        words += ["-p", str(event.persistent)] if event.persistent else []
        words += ["-M", str(ipaddress.ip_network(f"0.0.0.0/{event.netmask}").netmask)] if event.netmask else []
        return " ".join(words + (["-o"] if event.ops else []))
    if isinstance(event, (DeleteService, Zero)):
        return f"{'-D' if isinstance(event, DeleteService) else '-Z'} {at}"
    port = event.port or service.port
    server = f"-r {service.address(event.server)}{f':{port}' if port else ''}"
    if isinstance(event, RemoveServer):
        return f"-d {at} {server}"
    verb = "-a" if isinstance(event, AddServer) else "-e"
    assert isinstance(event, (AddServer, EditServer))
    return f"{verb} {at} {server} {_METHOD[event.method or service.method]} -w {event.weight} -x {event.upper} -y {event.lower}"


def _tc(event, service):
    ports = f"dst_port {event.ports} " if event.ports != "all" else ""
    return (f"filter add dev {_DEVICES[OUTSIDE]} ingress protocol ip flower dst_ip {service.vip} ip_proto {event.protocol} {ports}"
            f"action skbedit mark {service.mark}")


def _rows(text):
    """Of ipvsadm -L: (service row, server rows) as lists of words."""
    found = []
    for words in map(str.split, text.splitlines()):
        if words and words[0] in ("TCP", "UDP", "FWM"):
            found.append((words, []))
        elif words and words[0] == "->" and found:
            found[-1][1].append(words)
    return found


def _read_services(text):
    services = {}
    for service, servers in _rows(text):
        services[_service_key(service)] = {
            "scheduler": service[2], "options": _options_of(service[3:]),
            "servers": {words[1]: {"forwarding": _METHOD_NAMES[words[2]], "weight": int(words[3]), "active": int(words[4]),
                                   "inactive": int(words[5])} for words in servers}}
    return services


def _service_key(words):
    return f"{'mark' if words[0] == 'FWM' else words[0].lower()} {words[1]}"


def _options_of(words):
    """Flags, persistence, netmask, one-packet, as ipvsadm prints them behind the scheduler."""
    return " ".join(words)


def _read_statistics(text, services):
    for service, servers in _rows(text):
        row = services[_service_key(service)]
        row |= zip(COUNTERS, map(int, service[2:]))
        for words in servers:
            row["servers"][words[1]] |= zip(COUNTERS, map(int, words[2:]))


def _read_persistent(text, services):
    for service, servers in _rows(text):
        for words in servers:
            services[_service_key(service)]["servers"][words[1]]["persistent"] = int(words[3])


def _read_connections(text):
    """(protocol, client, virtual, server) → [(state, seconds left)]; a connection and a new one after it may share them."""
    connections = {}
    for line in text.splitlines()[2:]:
        protocol, expire, state, client, virtual, server = line.split()
        minutes, seconds = map(int, expire.split(":"))
        if protocol == "IP":  # the template of a service by mark, which is printed as an address
            virtual = f"mark {int(ipaddress.ip_address(virtual.partition(':')[0]))}"
        connections.setdefault((protocol.lower(), client, virtual, server), []).append((state, 60 * minutes + seconds))
    return connections
