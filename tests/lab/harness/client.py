# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Clients: curl, and sockets that a scenario holds in its hand."""

import collections
import contextlib
import json
import socket
import threading
import time

from .namespace import LabError, Namespace, wait_for

REQUEST = b"GET / HTTP/1.1\r\nHost: lab\r\n\r\n"


class Connection:
    """One TCP connection to a web server that stays open; `ask()` may be repeated."""

    def __init__(self, stream):
        self.stream = stream

    def ask(self, seconds=10):
        """The name of the server that answers a GET; TimeoutError if none does."""
        self.send()
        return self.receive(seconds)

    def send(self):
        self.stream.sendall(REQUEST)

    def receive(self, seconds=10):
        self.stream.settimeout(seconds)
        data = b""
        while not (data.endswith(b"\n") and b"\r\n\r\n" in data and not data.endswith(b"\r\n\r\n")):
            part = self.stream.recv(4096)
            if not part:
                raise ConnectionResetError("the server closed the connection")
            data += part
        return data.rsplit(b"\r\n", 1)[1].decode().strip()

    def close(self):
        self.stream.close()


class Client(Namespace):
    """A host that asks."""

    def curl(self, *arguments, seconds=60):
        return self.run("curl", "-sS", "--fail", "--max-time", seconds, *arguments, seconds=seconds + 5)

    def fetch(self, url, times=1, parallel=1):
        """The names of the servers that answered, each asked in a connection of its own; fails if one request fails."""
        how = ["--parallel", "--parallel-immediate", "--parallel-max", parallel] if parallel > 1 else []
        answer = self.curl("--fail-early", "-H", "Connection: close", *how, f"{url}?[1-{times}]")
        return answer.split()

    def download_digest(self, url, seconds=120):
        """SHA-256 of what the URL gives."""
        return self.run("bash", "-o", "pipefail", "-c", f"curl -sS --fail --max-time {seconds} '{url}' | sha256sum",
                        seconds=seconds + 5).split()[0]

    def iperf(self, address, *options, seconds=2):
        """One iperf3 test; the "end" of its report. A server takes one test at a time, and a moment between two."""
        def report():
            return json.loads(self.run("iperf3", "--json", "--time", seconds, "--client", address, *options, check=False,
                                       seconds=seconds + 30))

        def unless_busy():
            done = report()
            return None if "busy" in done.get("error", "") else done

        done = wait_for(unless_busy, f"iperf3's server at {address}")
        if "error" in done:
            raise LabError(f"iperf3 to {address}: {done['error']}")
        return done["end"]

    def open(self, address, port=80, seconds=10):
        with self.inside():
            return Connection(socket.create_connection((address, port), timeout=seconds))

    def ask_udp(self, address, port, data=b"hello", from_port=0, seconds=10):
        """The echo server's words: NAME, CLIENT:PORT as it saw them, LENGTH.

        A port that the kernel gives may be one whose connection the director still remembers: name `from_port` where
        a new connection is meant.
        """
        with self.inside(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flow:
            flow.settimeout(seconds)
            flow.bind(("0.0.0.0", from_port))
            flow.connect((address, port))
            flow.send(data)
            return flow.recv(4096).decode().split()

    def upload(self, address, port, data, seconds=60):
        """Sends a stream to the echo server; its words: NAME, CLIENT:PORT as it saw them, LENGTH, SHA256."""
        with self.inside(), socket.create_connection((address, port), timeout=seconds) as stream:
            stream.sendall(data)
            stream.shutdown(socket.SHUT_WR)
            return stream.makefile("rb").read().decode().split()


Visit = collections.namedtuple("Visit", "begun connected server error")


class Visitors:
    """Clients that keep coming: each opens a connection, asks, closes and comes back until `stop()`.

    Each visit leaves one of the client's ports in TIME_WAIT for a minute. However many visitors there are, they make at
    most VISITS_PER_SECOND, so that the ports never run out.
    """

    VISITS_PER_SECOND = 400

    def __init__(self, client, address, port=80, count=8, seconds=20):
        self.visits = []
        self._to = (address, port)
        self._seconds = seconds
        self._pause = count / self.VISITS_PER_SECOND
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._come, args=(client,), daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def _come(self, client):
        with client.inside():
            while not self._stopped.wait(self._pause):
                begun, connected, server, error = time.monotonic(), None, None, None
                try:
                    with socket.create_connection(self._to, timeout=self._seconds) as stream:
                        connected = time.monotonic()
                        server = Connection(stream).ask(self._seconds)
                except OSError as reason:
                    error = reason
                self.visits.append(Visit(begun, connected, server, error))

    def stop(self):
        """The visits made; each is over."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()
        return self.visits

    def failures(self):
        return [visit for visit in self.visits if visit.error]


class Regulars:
    """Clients whose connections stay open, all to one server, and who go on asking until `stop()`."""

    def __init__(self, client, address, server, port=80, count=4, seconds=20):
        self.asked = 0
        self.errors = []
        self._server = server
        self._seconds = seconds
        self._stopped = threading.Event()
        connections = []
        while len(connections) < count:
            connection = client.open(address, port)
            if connection.ask() == server:
                connections.append(connection)
            else:
                connection.close()
        self._threads = [threading.Thread(target=self._go_on, args=(one,), daemon=True) for one in connections]
        for thread in self._threads:
            thread.start()

    def _go_on(self, connection):
        with contextlib.closing(connection):
            while not self._stopped.wait(0.02):
                try:
                    answer = connection.ask(self._seconds)
                    self.asked += 1
                    if answer != self._server:
                        self.errors.append(f"{answer} answered for {self._server}")
                except OSError as error:
                    self.errors.append(repr(error))
                    return

    def stop(self):
        """The errors met; none is how it should be."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()
        return self.errors
