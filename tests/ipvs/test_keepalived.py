# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Unmodified keepalived, its checkers alone: real servers that fail are taken out of the director and come back."""

import os
import pathlib
import shutil
import socket
import threading

import pytest
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


def test_checkers_take_servers_out_and_back_in(bridge, tmp_path):
    if not shutil.which("keepalived", path=os.environ["PATH"] + ":/usr/sbin"):
        pytest.skip("keepalived is not installed (tools/setup does it)")
    one, two = Listener(), Listener()
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        sorry = unused.getsockname()[1]
    file = tmp_path / "keepalived.conf"
    file.write_text(CONFIGURATION.format(one=one.port, two=two.port, sorry=sorry, check=CHECK))
    log = tmp_path / "keepalived.log"
    service, mark = "-A -t 10.0.0.1:80 -s wlc -p 50", "-A -f 7 -s sh -b sh-port"
    one_there = f"-a -t 10.0.0.1:80 -r 127.0.0.1:{one.port} -m -w 3"
    one_of_mark = f"-a -f 7 -r 127.0.0.1:{one.port} -m -w 1"

    def two_there(weight):
        return f"-a -t 10.0.0.1:80 -r 127.0.0.1:{two.port} -m -w {weight}"

    def becomes(*rules):
        def is_so():
            status, said = bridge.run("ipvsadm", "-Sn")
            return status == 0 and sorted(said.splitlines()) == sorted(rules)
        wait_for(is_so, f"{rules}, not {bridge.ask('ipvsadm -Sn')[0]}\n{log.read_text()[-2000:]}", 30)

    with open(log, "w") as out:
        keepalived = bridge.popen("keepalived", "-n", "-l", "-C", "-f", file, "-p", tmp_path / "pid", "-c",
                                  tmp_path / "checkers", stdout=out)
    try:
        becomes(service, one_there, two_there(2), mark, one_of_mark)
        one.close()
        becomes(service, two_there(2), mark)
        two.close()
        becomes(service, two_there(0), f"-a -t 10.0.0.1:80 -r 127.0.0.1:{sorry} -m -w 1", mark)
        one = Listener(one.port)
        becomes(service, one_there, two_there(0), mark, one_of_mark)
        two = Listener(two.port)
        becomes(service, one_there, two_there(2), mark, one_of_mark)
        keepalived.terminate()
        assert keepalived.wait(20) == 0
        becomes()
    finally:
        if keepalived.poll() is None:
            keepalived.kill()
            for name in ("checkers", "pid"):
                pid = pathlib.Path(tmp_path / name)
                if pid.exists():
                    os.kill(int(pid.read_text()), 9)
    assert "rror" not in log.read_text()
