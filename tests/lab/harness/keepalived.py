# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Unmodified keepalived on a director's host, and two directors that share a virtual address by it."""

import contextlib
import os
import pathlib
import signal
import time

from .director import Director, program
from .namespace import Process, run, wait_for

ROLES = ("pid", "vrrp", "checkers")  # keepalived is one process each, with a file that holds its number


class Keepalived:
    """keepalived through the bridge, as its systemd drop-in has it. `folder` gets its configuration, its pids and its log."""

    def __init__(self, host, folder, socket):
        self.host = host
        self.folder = pathlib.Path(folder)
        self.bridge = [program("fairway-ipvs"), "--socket", socket]
        self.process = None

    def start(self, configuration):
        self._write(configuration)
        pids = [part for role in ROLES for part in (f"-{role[0]}", self.folder / f"{role}")]
        pids[2] = "-r"  # VRRP's
        # A session of its own: when it reloads, keepalived may signal the whole process group of a script that has just ended.
        self.process = Process([*self.bridge, "--wait", 10, "keepalived", "-n", "-l", "-D", "-f", self._file, *pids],
                               self.log, namespace=self.host.name, start_new_session=True)
        return self

    def reload(self, configuration):
        """SIGHUP with another file; returns when each of its processes has read it."""
        before = self.words().count("Reload complete")
        self._write(configuration)
        self.process.popen.send_signal(signal.SIGHUP)
        wait_for(lambda: self.words().count("Reload complete") > before, "keepalived to have reloaded")

    def stop(self):
        """As systemd does; its exit status."""
        status = self.process.stop() if self.process else 0
        self.process = None
        return status

    def kill(self):
        """All of its processes, at once."""
        if self.process:
            self.process.stop(how=signal.SIGKILL)
        for role in ROLES:
            with contextlib.suppress(OSError, ValueError):
                os.kill(int((self.folder / role).read_text()), signal.SIGKILL)
        self.process = None

    def words(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def ipvsadm(self, *arguments):
        return self.host.run(*self.bridge, "ipvsadm", *arguments)

    @property
    def log(self):
        return self.folder.parent / f"{self.folder.name}-keepalived.log"  # where Lab.words() finds it

    @property
    def _file(self):
        return self.folder / "keepalived.conf"

    def _write(self, configuration):
        self._file.write_text(configuration)


class Half:
    """One of two directors on a lab's segment "lan": host, fairwayd with an AF_XDP port, keepalived, and their cable."""

    def __init__(self, lab, name, address):
        self.name = name
        self.host = lab.host(name)
        self._lab = lab
        before = set(self._cables())
        lab.wire(self.host, "lan", device="lan0")
        self._cable = (set(self._cables()) - before).pop()
        folder = lab.folder / name
        folder.mkdir()
        config = {"director": {"workers": 1, "idle": "wait", "connections": 10_000, "hugepages": False,
                               "kernel_packets_per_second": 5000, "control_socket": str(folder / "control.sock")},
                  "ports": [{"name": "lan", "device": "net_af_xdp0,iface=lan0", "kernel_interface": "fw-lan",
                             "addresses": [address]}],
                  "services": []}
        self.director = Director(self.host, folder, config, lab.build)
        lab.at_end(self.director.kill)
        self.keepalived = Keepalived(self.host, folder, folder / "ipvs.sock")
        lab.at_end(self.keepalived.kill)

    def _cables(self):
        return [line.split(": ")[1].split("@")[0] for line in self._lab.switch.ip("-o link show").splitlines()]

    def plug(self, state):
        """Pulls the cable out of the switch ("down") or puts it back ("up")."""
        self._lab.switch.ip(f"link set {self._cable} {state}")

    def holds(self, vip, device="fw-lan"):
        return any(line.split()[1] == device and f" {vip}/" in line for line in self.host.ip("-o -4 addr show").splitlines())


def longest_silence(visits):
    """Seconds: the longest time in which no visit was answered, over the connections that were made one after the other."""
    times = sorted(visit.connected for visit in visits if visit.server)
    return max(later - earlier for earlier, later in zip(times, times[1:]))
