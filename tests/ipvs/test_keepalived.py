# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Unmodified keepalived, its checkers alone: real servers that fail are taken out of the director and come back."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import threading

import pytest
from conftest import Director
from harness.namespace import wait_for

CONFIGURATION = """
global_defs {{
  router_id fairway
}}
virtual_server 10.0.0.1 80 {{
  delay_loop 1
  lb_algo wlc
  lb_kind NAT
  persistence_timeout 50
  protocol TCP
  sorry_server 127.0.0.1 {sorry}
  real_server 127.0.0.1 {one} {{
    weight 3
    {check}
  }}
  real_server 127.0.0.1 {two} {{
    weight 2
    inhibit_on_failure
    {check}
  }}
}}
virtual_server fwmark 7 {{
  delay_loop 1
  lb_algo sh
  lb_kind NAT
  sh-port
  real_server 127.0.0.1 {one} {{
    weight 1
    {check}
  }}
}}
"""
CHECK = """TCP_CHECK {
      connect_timeout 1
      retry 0
      delay_before_retry 1
    }"""


class Listener:
    """A real server that accepts, until it is closed."""

    def __init__(self, port=0):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", port))
        self.socket.listen()
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                self.socket.accept()[0].close()
            except OSError:
                return

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


@contextlib.contextmanager
def keepalived_with(configuration, bridge, folder, **more):
    """keepalived's checkers with this file: the process, and where it logs."""
    if not shutil.which("keepalived", path=os.environ["PATH"] + ":/usr/sbin"):
        pytest.skip("keepalived is not installed (tools/setup does it)")
    file, log = folder / "keepalived.conf", folder / "keepalived.log"
    file.write_text(configuration)
    with open(log, "w") as out:
        process = bridge.popen("keepalived", "-n", "-l", "-C", "-f", file, "-p", folder / "pid", "-c", folder / "checkers",
                               stdout=out, **more)
    try:
        yield process, log
    finally:
        if process.poll() is None:
            process.kill()
            for name in ("checkers", "pid"):
                with contextlib.suppress(OSError, ValueError):
                    os.kill(int(pathlib.Path(folder / name).read_text()), signal.SIGKILL)


def becomes(bridge, rules, log):
    def is_so():
        status, said = bridge.run("ipvsadm", "-Sn")
        return status == 0 and sorted(said.splitlines()) == sorted(rules)
    wait_for(is_so, f"{rules}, not {bridge.ask('ipvsadm -Sn')[0]}\n{log.read_text()[-2000:]}", 30)


def test_checkers_take_servers_out_and_back_in(bridge, tmp_path):
    one, two = Listener(), Listener()
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        sorry = unused.getsockname()[1]
    service, mark = "-A -t 10.0.0.1:80 -s wlc -p 50", "-A -f 7 -s sh -b sh-port"
    one_there = f"-a -t 10.0.0.1:80 -r 127.0.0.1:{one.port} -m -w 3"
    one_of_mark = f"-a -f 7 -r 127.0.0.1:{one.port} -m -w 1"

    def two_there(weight):
        return f"-a -t 10.0.0.1:80 -r 127.0.0.1:{two.port} -m -w {weight}"

    configuration = CONFIGURATION.format(one=one.port, two=two.port, sorry=sorry, check=CHECK)
    with keepalived_with(configuration, bridge, tmp_path) as (keepalived, log):
        becomes(bridge, [service, one_there, two_there(2), mark, one_of_mark], log)
        one.close()
        becomes(bridge, [service, two_there(2), mark], log)
        two.close()
        becomes(bridge, [service, two_there(0), f"-a -t 10.0.0.1:80 -r 127.0.0.1:{sorry} -m -w 1", mark], log)
        one = Listener(one.port)
        becomes(bridge, [service, one_there, two_there(0), mark, one_of_mark], log)
        two = Listener(two.port)
        becomes(bridge, [service, one_there, two_there(2), mark, one_of_mark], log)
        keepalived.terminate()
        assert keepalived.wait(20) == 0
        becomes(bridge, [], log)
    assert "rror" not in log.read_text()


def test_waits_for_the_director_and_ends_in_time_without_it(tmp_path):
    """keepalived gives its checkers five seconds to end, in which they say good-bye to each server of theirs."""
    there = Listener()
    servers = [f"127.0.0.{i}" for i in range(1, 13)]
    configuration = "virtual_server 10.0.0.1 80 { \n delay_loop 1 \n lb_algo rr \n lb_kind NAT \n protocol TCP \n" + "".join(
        f"real_server {server} {there.port} {{ \n weight 1 \n }} \n" for server in servers) + "}\n"
    rules = ["-A -t 10.0.0.1:80 -s rr", *(f"-a -t 10.0.0.1:80 -r {server}:{there.port} -m -w 1" for server in servers)]
    director = Director(tmp_path, "net_null0,no-rx=1")
    with keepalived_with(configuration, director.bridge, tmp_path, options=("--wait", "60")) as (keepalived, log):
        director.start()
        try:
            becomes(director.bridge, rules, log)
        finally:
            director.process.stop(how=signal.SIGKILL)
        keepalived.terminate()
        assert keepalived.wait(20) == 0
    said = log.read_text()
    assert "forc" not in said and "ermission denied" not in said, said
