# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Network namespaces, the hosts of a lab, and what runs in them."""

import contextlib
import ctypes
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def _enter(namespace_fd):
    if _libc.setns(namespace_fd, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


class LabError(Exception):
    """Something of the lab itself failed; the message says what."""


def wait_for(condition, what, seconds=30.0):
    """Polls until `condition()` is true and returns its value; LabError naming `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise LabError(f"waited {seconds:g} s in vain for {what} (last seen: {value!r})")
        time.sleep(0.02)


def run(*command, check=True, seconds=30, **options):
    """Runs a command to its end and returns its standard output; LabError with its words if it fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=seconds, **options)
    if check and done.returncode:
        raise LabError(f"`{shlex.join(map(str, command))}` ended with {done.returncode}: {done.stderr or done.stdout}")
    return done.stdout


class Process:
    """A program running in a namespace; it dies with the lab, even with a killed one."""

    def __init__(self, command, log, namespace=None, **options):
        self.name = pathlib.Path(command[0]).name
        self.log = pathlib.Path(log)
        prefix = ["setpriv", "--pdeathsig", "KILL", "--"]
        if namespace:  # `ip netns exec` and not setns, so that /sys shows the namespace's devices too
            prefix += ["ip", "netns", "exec", namespace]
        with open(self.log, "ab") as sink:
            options = {"stdin": subprocess.DEVNULL, "stdout": sink, "stderr": sink} | options
            self.popen = subprocess.Popen(prefix + [str(part) for part in command], **options)

    @property
    def alive(self):
        return self.popen.poll() is None

    def words(self, last=4000):
        """The end of what the program printed."""
        return self.log.read_text(errors="replace")[-last:]

    def cpu_seconds(self):
        """CPU time that it has had so far, over all threads: unlike time, it says little of what else a machine does."""
        ticks = pathlib.Path(f"/proc/{self.popen.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")

    def stop(self, seconds=60, how=signal.SIGTERM):
        """Ends the program and returns its exit status; one that ignores SIGTERM is killed and so told from the rest."""
        if self.alive:
            self.popen.send_signal(how)
            try:
                self.popen.wait(seconds)
            except subprocess.TimeoutExpired:
                self.popen.kill()
        return self.popen.wait()


class Namespace:
    """A network namespace: a host of its own. IPv4 only, no reverse path filter, as a lab wants it."""

    def __init__(self, name):
        self.name = name
        run("ip", "netns", "add", name)
        # "default" is what devices get that appear later; a device's own value is the larger of its own and "all".
        for key in ("ipv6.conf.all.disable_ipv6", "ipv6.conf.default.disable_ipv6"):
            self.sysctl(key, 1)
        for key in ("ipv4.conf.all.rp_filter", "ipv4.conf.default.rp_filter",
                    "ipv4.conf.all.send_redirects", "ipv4.conf.default.send_redirects"):
            self.sysctl(key, 0)
        self.ip("link set lo up")

    def delete(self):
        run("ip", "netns", "del", self.name, check=False)

    @contextlib.contextmanager
    def inside(self):
        """The calling thread, its new sockets and child processes live in this namespace for a while."""
        with open("/proc/thread-self/ns/net") as outer, open(f"/run/netns/{self.name}") as inner:
            _enter(inner.fileno())
            try:
                yield
            finally:
                _enter(outer.fileno())

    def run(self, *command, **options):
        with self.inside():
            return run(*command, **options)

    def ip(self, arguments):
        """One command of iproute2: `host.ip("addr add 192.0.2.1/24 dev eth0")`."""
        return run("ip", "-n", self.name, *arguments.split())

    def sysctl(self, key, value):
        with self.inside():
            pathlib.Path("/proc/sys/net", *key.split(".")).write_text(str(value))

    def mac(self, device="eth0"):
        return self.ip(f"-o link show {device}").split("link/ether ")[1].split()[0]

    def has_device(self, device):
        return f": {device}" in self.ip("-o link show")

    def listens(self, port, protocol="tcp"):
        return bool(self.run("ss", "-Hnl", f"--{protocol}", f"sport = :{port}"))

    def nft(self, rules):
        self.run("nft", "-f", "-", input=rules)

    def lose(self, per_cent):
        """Loses this share of the packets that reach this host, before its own IP sees them: loss on the wire."""
        self.nft("table inet loss\ndelete table inet loss\n")
        if per_cent:
            self.nft("table inet loss { chain arriving { type filter hook prerouting priority -400; "
                     f"iifname != lo numgen random mod 1000 < {per_cent * 10:.0f} drop; }}; }}")


def sweep():
    """Removes what labs left behind whose process was killed and so could not clean up."""
    for name in os.listdir("/run/netns") if os.path.isdir("/run/netns") else []:
        if _is_orphan(name):
            for process in run("ip", "netns", "pids", name, check=False).split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(process), signal.SIGKILL)
            run("ip", "netns", "del", name, check=False)
    for folder in pathlib.Path(tempfile.gettempdir()).glob("fw*-*"):
        if _is_orphan(folder.name):
            shutil.rmtree(folder, ignore_errors=True)


def _is_orphan(name):
    """Names begin with "fw", the process that made them, and a letter."""
    owner = re.match(r"fw(\d+)[a-z]?-", name)
    return owner and not os.path.exists(f"/proc/{owner[1]}")
