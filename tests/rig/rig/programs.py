# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""The two programs that are compared, each with one forwarding thread on one CPU, and what that thread has done so far."""

import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile

from harness.director import Control, start_fairwayd
from harness.namespace import LabError, Process, wait_for

_PAGES = pathlib.Path("/proc/sys/vm/nr_hugepages")


def cpus():
    """(CPU of the generator and of whatever else there is, CPU of the program that is measured)."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]


def thread_cpu_ns(pid, name):
    """CPU time of a process's thread of this name, in ns."""
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        if (task / "comm").read_text().strip() == name:
            return int((task / "schedstat").read_text().split()[0])
    raise LabError(f"process {pid} has no thread {name}")


@contextlib.contextmanager
def huge_pages(megabytes):
    """For a while there are so many 2 MB pages more; 0 asks for none. Yields whether there are."""
    wanted, before = megabytes // 2, int(_PAGES.read_text())
    try:
        if wanted:
            _PAGES.write_text(str(before + wanted))
        yield 0 < wanted <= int(_PAGES.read_text()) - before
    finally:
        if wanted:
            _PAGES.write_text(str(max(0, int(_PAGES.read_text()) - wanted)))


@dataclasses.dataclass
class Reading:
    """What a forwarding thread has done since its start."""
    cpu_ns: int
    received: int
    sent: int

    def __sub__(self, other):
        return Reading(self.cpu_ns - other.cpu_ns, self.received - other.received, self.sent - other.sent)


class Program:
    """One that forwards: `read()` at two moments tells what it did between them."""

    process = None
    thread = "rte-worker-1"

    def pid(self):
        return self.process.popen.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Testpmd(Program):
    """dpdk-testpmd on one device, forwarding on one CPU. Its counts are asked for by DPDK's telemetry socket."""

    def __init__(self, folder, name, device, mode, cpu, huge, buffers=16384, eal=(), options=()):
        if not shutil.which("dpdk-testpmd"):
            raise LabError("dpdk-testpmd is missing: run tools/setup")
        self.device = device
        self.prefix = f"rig{os.getpid()}{name}"
        # Telemetry has its socket where the runtime directory says, with and without huge pages.
        runtime = folder / f"run-{name}"
        runtime.mkdir(exist_ok=True)
        self.socket = runtime / "dpdk" / self.prefix / "dpdk_telemetry.v2"
        # Without huge pages each buffer takes a page of 4 KB.
        memory = ["--in-memory", "--single-file-segments"] if huge else ["--no-huge", "-m", str(128 + buffers // 200)]
        command = ["stdbuf", "-oL", "dpdk-testpmd", "--lcores", f"0@({cpus()[0]}),1@{cpu}", "--no-pci", "--file-prefix", self.prefix,
                   *memory, "--vdev", device, *eal, "--", f"--forward-mode={mode}",
                   f"--total-num-mbufs={buffers}", "--no-lsc-interrupt", "--auto-start", "--burst=32", *options]
        log = folder / f"{name}.log"
        log.unlink(missing_ok=True)
        # It ends with the end of its input.
        self.process = Process(command, log, stdin=subprocess.PIPE,
                               env=os.environ | {"XDG_RUNTIME_DIR": str(runtime), "RUNTIME_DIRECTORY": str(runtime)})
        try:
            wait_for(self._forwards, f"testpmd on {device}", 60)
        except BaseException:
            self.stop()
            raise

    def _forwards(self):
        if not self.process.alive:
            raise LabError(f"testpmd did not start:\n{self.process.words()}")
        # A port that is not started yet must not be asked: vhost's crashes.
        return "Press enter to exit" in self.process.words()

    def counts(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.settimeout(5)
            client.connect(str(self.socket))
            client.recv(1 << 14)  # it introduces itself
            client.send(b"/ethdev/stats,0")
            return json.loads(client.recv(1 << 16))["/ethdev/stats"]

    def read(self):
        counts = self.counts()
        return Reading(thread_cpu_ns(self.pid(), self.thread), counts["ipackets"], counts["opackets"])

    def stop(self):
        process, self.process = self.process, None
        if process:
            process.stop(10)


class Fairwayd(Program):
    """The director with one port, which a device of DPDK's is, static neighbours and one worker that spins."""

    def __init__(self, folder, device, cpu, huge, services, port=None, connections=262144, buffers=0, extra=None):
        socket_path = folder / "control.sock"
        config = {
            "director": {"workers": str(cpu), "idle": "spin", "connections": connections, "summary_interval": 0,
                         "hugepages": huge, "control_socket": str(socket_path),
                         **({"packet_buffers": buffers} if buffers else {})},
            "ports": [{"name": "wire", "device": device, **(port or {})}],
            "services": services,
            **(extra or {}),
        }
        self.process = start_fairwayd(config, folder)
        self.control = Control(socket_path)

    def worker(self):
        return self.control.workers()[0]

    def read(self):
        worker = self.worker()
        return Reading(thread_cpu_ns(self.pid(), self.thread), worker["packets"],
                       worker["verdicts"]["transmit"] - worker["transmit_refused"])

    def stop(self):
        process, self.process = self.process, None
        if process and (status := process.stop()):
            raise LabError(f"fairwayd ended with {status}:\n{process.words()}")


@contextlib.contextmanager
def folder():
    """Where a run has its files."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="fairway-rig-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
