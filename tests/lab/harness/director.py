# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""The director of a lab: fairwayd from its own YAML file, and fairwayctl."""

import collections
import json
import os
import pathlib
import signal
import socket

import yaml

from .namespace import LabError, Process, run, wait_for

ROOT = pathlib.Path(__file__).resolve().parents[3]


def program(name, build=None):
    """Path of a built program: below `build`, else $FAIRWAY_BUILD, else build/test."""
    path = ROOT / (build or os.environ.get("FAIRWAY_BUILD", "build/test")) / "apps" / name
    if path.is_dir():  # a program of several files has a folder of its name
        path /= name
    if not path.exists():
        raise LabError(f"{path} is not built (FAIRWAY_BUILD names the build directory)")
    return path


def start_fairwayd(config, folder, build=None, namespace=None, seconds=60):
    """Starts fairwayd with this configuration and waits for the READY=1 that a service manager would wait for."""
    file = folder / "fairway.yaml"
    file.write_text(yaml.safe_dump(config, sort_keys=False))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        path = folder / "notify"
        path.unlink(missing_ok=True)
        notify.bind(str(path))
        notify.settimeout(0.05)
        process = Process([program("fairwayd", build), "--config", file], folder / "fairwayd.log", namespace=namespace,
                          env=os.environ | {"NOTIFY_SOCKET": str(path)})
        try:
            wait_for(lambda: _is_ready(process, notify), "fairwayd's READY=1", seconds)
        except BaseException:
            process.stop(how=signal.SIGKILL)
            raise
    return process


def _is_ready(process, notify):
    if not process.alive:
        raise LabError(f"fairwayd did not start:\n{process.words()}")
    try:
        return b"READY=1" in notify.recv(4096)
    except TimeoutError:
        return False


class Control:
    """fairwayctl, one method a command. A refused command is a LabError that quotes the reason."""

    def __init__(self, path, build=None):
        self.path = path
        self.command = [program("fairwayctl", build), "--socket", path]

    def run(self, *arguments, **options):
        return run(*self.command, *arguments, seconds=120, **options)

    def show(self, what):
        """What `fairwayctl show WHAT --json` prints, decoded."""
        return json.loads(self.run("show", what, "--json"))

    def add_service(self, protocol, address, scheduler="rr", forwarding="nat"):
        self.run("service", "add", protocol, address, "--scheduler", scheduler, "--forwarding", forwarding)

    def edit_service(self, protocol, address, scheduler):
        self.run("service", "edit", protocol, address, "--scheduler", scheduler)

    def delete_service(self, protocol, address):
        self.run("service", "delete", protocol, address)

    def add_server(self, protocol, service, server, weight=1, forwarding=None):
        extra = ["--forwarding", forwarding] if forwarding else []
        self.run("server", "add", protocol, service, server, "--weight", weight, *extra)

    def edit_server(self, protocol, service, server, weight):
        self.run("server", "edit", protocol, service, server, "--weight", weight)

    def delete_server(self, protocol, service, server):
        self.run("server", "delete", protocol, service, server)

    def apply(self, lines):
        """Carries out several commands, each written as on fairwayctl's command line."""
        self.run("apply", "-", input="\n".join(lines))

    def service(self, protocol, address):
        """The row of one service, its servers a dict by "ADDRESS:PORT"."""
        for row in self.show("services")["services"]:
            if (row.get("protocol"), f"{row.get('address')}:{row.get('port')}") == (protocol, address):
                return row | {"servers": {f"{s['address']}:{s['port']}": s for s in row["servers"]}}
        raise LabError(f"no service {protocol} {address}")

    def verdicts(self):
        """How many packets ended with each verdict, by name; 0 for one not listed."""
        return collections.Counter(self.show("drops")["verdicts"])

    def workers(self):
        return self.show("workers")["workers"]


class Director:
    """fairwayd in its namespace. `config` may be changed between stop and start."""

    def __init__(self, namespace, folder, config, build=None):
        self.namespace = namespace
        self.folder = folder
        self.config = config
        self.build = build
        self.process = None
        self.control = Control(config["director"]["control_socket"], build)

    def start(self, seconds=60):
        self.process = start_fairwayd(self.config, self.folder, self.build, self.namespace.name, seconds)

    def stop(self):
        """SIGTERM; LabError unless fairwayd ends with 0 (one that crashed before does not, nor one with a sanitizer's
        report)."""
        process, self.process = self.process, None
        if process and (status := process.stop()):
            raise LabError(f"fairwayd ended with {status}:\n{process.words()}")

    def kill(self):
        process, self.process = self.process, None
        if process:
            process.stop(how=signal.SIGKILL)
