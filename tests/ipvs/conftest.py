# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Unmodified IPVS tools on a director without packets, and on Linux IPVS in a guest (tests/oracle) for comparison."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "lab"), str(ROOT / "tests" / "oracle")]
sys.path.insert(0, str(pathlib.Path(__file__).parent))

from harness.director import program, start_fairwayd  # noqa: E402
from harness.namespace import Namespace  # noqa: E402
from oracle import kernel as oracle_kernel  # noqa: E402
from saturated import saturate  # noqa: E402


def pytest_configure():
    if os.geteuid():
        pytest.exit("IPVS is administered by root: run it as root", 2)
    if not shutil.which("ipvsadm", path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
        pytest.exit("ipvsadm is not installed (tools/setup does it)", 2)


class Bridge:
    """Runs programs whose IPVS traffic goes to a socket."""

    def __init__(self, path):
        self.path = path
        self.wrapper = program("fairway-ipvs")

    def popen(self, *command, options=(), **more):
        return subprocess.Popen([self.wrapper, "--socket", self.path, *options, *command],
                                **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT,
                                   "text": True} | more)

    def run(self, *command, input=None, seconds=120, **more):
        """(exit status, what it printed)."""
        process = self.popen(*command, stdin=subprocess.PIPE if input is not None else subprocess.DEVNULL, **more)
        try:
            said, _ = process.communicate(input, timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return process.returncode, said

    def ask(self, line, seconds=120):
        """A line of shell, as the kernel's guest is asked; what it printed, and how it ended."""
        status, said = self.run("sh", "-c", line, seconds=seconds)
        return said, status


class Director:
    """fairwayd with one device."""

    def __init__(self, folder, device):
        self.folder = pathlib.Path(folder)
        self.config = {
            "director": {"workers": 1, "connections": 4096, "idle": "sleep", "hugepages": False,
                         "control_socket": str(self.folder / "control.sock")},
            "ports": [{"name": "a", "device": device}], "services": []}
        self.socket = str(self.folder / "ipvs.sock")
        self.bridge = Bridge(self.socket)
        self.process = None

    def start(self):
        self.process = start_fairwayd(self.config, self.folder)

    def stop(self):
        return self.process.stop() if self.process else None


@pytest.fixture(scope="session")
def director():
    with tempfile.TemporaryDirectory(prefix=f"fwipvs-{os.getpid()}-") as folder:
        made = Director(folder, "net_null0,no-rx=1")
        made.start()
        yield made
        assert made.stop() == 0


@pytest.fixture(scope="session")
def busy_director():
    """Its worker has packets of a service at every turn."""
    with tempfile.TemporaryDirectory(prefix=f"fwipvs-{os.getpid()}-") as folder:
        made = Director(folder, "")
        saturate(made)
        made.start()
        yield made
        assert made.stop() == 0


@pytest.fixture
def bridge(director):
    """Of a director without services."""
    status, said = director.bridge.run("ipvsadm", "-C")
    assert (status, said) == (0, "")
    director.bridge.ask("ipvsadm --set 900 120 300; ipvsadm --stop-daemon master; ipvsadm --stop-daemon backup")
    return director.bridge


class Kernel:
    """Linux IPVS in its guest."""

    def __init__(self, guest):
        self.guest = guest

    def ask(self, line):
        text = self.guest.ask(f"({line}); echo @@status $?", seconds=60)
        said, _, status = text.rpartition("@@status ")
        return said, int(status)


@pytest.fixture(scope="session")
def guest():
    missing = oracle_kernel.missing()
    if missing:
        pytest.skip(missing)
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"fwipvs-{os.getpid()}-"))
    namespace = Namespace(f"fwi{os.getpid()}-k")
    made = oracle_kernel.Kernel(folder)
    try:
        made.start(namespace)
        yield Kernel(made)
    finally:
        made.stop()
        namespace.delete()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def kernel(guest):
    guest.ask("ipvsadm -C; ipvsadm --set 900 120 300; ipvsadm --stop-daemon master; ipvsadm --stop-daemon backup")
    return guest
