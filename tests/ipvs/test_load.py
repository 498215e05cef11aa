# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Many rules, and edits while the worker is busy."""

import time


def rules(services, servers):
    for i in range(services):
        address = f"10.{i // 256}.{i % 256}.1:80"
        yield f"-A -t {address} -s wrr"
        for j in range(servers):
            yield f"-a -t {address} -r 10.200.{i % 256}.{j + 1}:80 -m -w 3"


def test_restores_many_rules_and_saves_them_as_they_were(bridge, record_property):
    lines = list(rules(1000, 99))
    assert len(lines) == 100_000
    start = time.monotonic()
    assert bridge.run("ipvsadm", "-R", input="\n".join(lines) + "\n", seconds=600) == (0, "")
    seconds = time.monotonic() - start
    print(f"ipvsadm -R of {len(lines)} lines: {seconds:.1f} s")
    record_property("restore_seconds", round(seconds, 1))
    status, saved = bridge.run("ipvsadm", "-Sn")
    assert status == 0
    assert sorted(saved.splitlines()) == sorted(lines)
    status, listed = bridge.run("cat", "/proc/net/ip_vs")
    assert status == 0
    assert len(listed.splitlines()) == 3 + len(lines)
    assert bridge.run("ipvsadm", "-C") == (0, "")
    assert bridge.run("ipvsadm", "-Sn") == (0, "")
    assert seconds <= 60


def test_no_edit_fails_while_the_worker_is_busy(busy_director):
    bridge = busy_director.bridge
    assert bridge.run("ipvsadm", "-A", "-t", "10.0.0.1:80", "-s", "wrr") == (0, "")
    assert bridge.run("ipvsadm", "-a", "-t", "10.0.0.1:80", "-r", "192.0.2.1:80", "-m") == (0, "")
    edit = "for w in $(seq 1 1000); do ipvsadm -e -t 10.0.0.1:80 -r 192.0.2.1:80 -m -w $w || echo failed; done"
    assert bridge.ask(edit, seconds=300) == ("", 0)
    assert bridge.ask("ipvsadm -Sn")[0].splitlines()[-1] == "-a -t 10.0.0.1:80 -r 192.0.2.1:80 -m -w 1000"


def test_two_programs_at_once(bridge):
    def adds(third):
        return (f"for i in $(seq 1 100); do ipvsadm -A -t 10.0.{third}.$i:80 && "
                f"ipvsadm -a -t 10.0.{third}.$i:80 -r 192.0.2.1:80 -m || echo failed; done")
    both = [bridge.popen("sh", "-c", adds(third)) for third in (1, 2)]
    for one in both:
        assert one.communicate(timeout=120)[0] == ""
    assert len(bridge.run("ipvsadm", "-Sn")[1].splitlines()) == 400
