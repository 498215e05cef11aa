# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Many rules, and edits while the worker is busy."""

import resource
import time

from harness.director import Control
from harness.namespace import wait_for
from many import rules
from saturated import FLOWS, SERVERS, SERVICE, edits


def cpu_seconds(director):
    """Of the director and of all programs that have ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return director.process.cpu_seconds() + ended.ru_utime + ended.ru_stime


def test_restores_many_rules_and_saves_them_as_they_were(director, bridge):
    """In a minute at most, of CPU time: both programs wait for nobody but each other."""
    lines = list(rules(1000, 99))
    assert len(lines) == 100_000
    start, cpu = time.monotonic(), cpu_seconds(director)
    assert bridge.run("ipvsadm", "-R", input="\n".join(lines) + "\n", seconds=600) == (0, "")
    seconds, cpu = time.monotonic() - start, cpu_seconds(director) - cpu
    print(f"ipvsadm -R of {len(lines)} lines: {seconds:.1f} s, {cpu:.1f} s of CPU time")
    status, saved = bridge.run("ipvsadm", "-Sn")
    assert status == 0
    assert sorted(saved.splitlines()) == sorted(lines)
    status, listed = bridge.run("cat", "/proc/net/ip_vs")
    assert status == 0
    assert len(listed.splitlines()) == 3 + len(lines)
    assert bridge.run("ipvsadm", "-C") == (0, "")
    assert bridge.run("ipvsadm", "-Sn") == (0, "")
    assert cpu <= 60


def test_no_edit_fails_while_the_worker_is_busy(busy_director):
    """What the edits cost the worker, `tools/edits` measures."""
    bridge, control = busy_director.bridge, Control(busy_director.config["director"]["control_socket"])

    def counts():
        worker = control.workers()[0]
        elsewhere = sum(number for verdict, number in worker["verdicts"].items() if verdict != "transmit")
        return worker["packets"], elsewhere, worker["sleeps"]
    wait_for(lambda: control.workers()[0]["connections"] == FLOWS, "all flows to have come")
    packets, elsewhere, sleeps = counts()
    assert bridge.ask(edits(1000), seconds=300) == ("", 0)
    assert f"-a -u {SERVICE} -r {SERVERS[0]}:53 -g -w 1000" in bridge.ask("ipvsadm -Sn")[0]
    packets_then, elsewhere_then, sleeps_then = counts()
    assert packets_then - packets > 100 * FLOWS and sleeps_then == sleeps  # it was busy all the time
    assert elsewhere_then == elsewhere
    assert control.workers()[0]["connections"] == FLOWS


def test_two_programs_at_once(bridge):
    def adds(third):
        return (f"for i in $(seq 1 100); do ipvsadm -A -t 10.0.{third}.$i:80 && "
                f"ipvsadm -a -t 10.0.{third}.$i:80 -r 192.0.2.1:80 -m || echo failed; done")
    both = [bridge.popen("sh", "-c", adds(third)) for third in (1, 2)]
    for one in both:
        assert one.communicate(timeout=120)[0] == ""
    assert len(bridge.run("ipvsadm", "-Sn")[1].splitlines()) == 400
