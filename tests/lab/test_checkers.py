# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""keepalived's checkers on the director: what fails is taken out, and comes back; each sees what it is there to see.

One keepalived has a service for each checker, all with the same two real servers behind them.
"""

import pytest
from harness import LabError, Visitors, two_arm, wait_for
from harness.keepalived import Keepalived

VIP = "192.168.4.15"
ALIVE, DATAGRAMS = 7001, 7002  # echo servers beside nginx
TCP, DIGEST, STATUS, MISC, PING, UDP, DYNAMIC, INHIBIT, SORRY, NEW = range(8001, 8011)

TIMES = "connect_timeout 1 \n retry 0 \n delay_before_retry 1 \n delay_loop 1 \n warmup 0"  # one word a line, as it reads it


class Services:
    """The configuration, and the rules that it makes."""

    def __init__(self, lab, folder):
        self.lab = lab
        self.folder = folder
        alive = self._checker("TCP_CHECK", f"connect_port {ALIVE}")
        self.checks = {  # by virtual port: the real servers' port, what the service says, a check a server
            TCP: (80, "", alive),
            DIGEST: (80, "", self._url("digest", lambda server: f"digest {self._digest_of(server)}")),
            STATUS: (80, "", self._url("status", lambda server: "status_code 200")),
            MISC: (80, "", self._misc(lambda server: f"/usr/bin/test -e {self.file(server, 'misc')}")),
            PING: (80, "", self._checker("PING_CHECK")),
            UDP: (DATAGRAMS, "", self._checker("UDP_CHECK")),
            DYNAMIC: (80, "", self._misc(lambda server: f"{folder}/weigh {self.file(server, 'weight')}", "misc_dynamic")),
            INHIBIT: (80, "inhibit_on_failure", alive),
            SORRY: (80, f"sorry_server 192.168.2.103 80 \n quorum 2 \n quorum_up {folder}/up \n quorum_down {folder}/down",
                    alive)}
        self.weights = {}  # of a (virtual port, server) that is not 1

    def file(self, server, name):
        return self.lab.folder / server.name_in_answers / "own" / name

    def _digest_of(self, server):
        """As operators make it, with keepalived's own tool."""
        def digest():
            said = self.lab.dir.run("genhash", "-s", server.address, "-p", 80, "-u", "/own/digest").split()
            return said[-1] if said and len(said[-1]) == 32 else None
        return wait_for(digest, f"genhash to reach {server.name_in_answers}")

    @staticmethod
    def _checker(kind, more=""):
        return lambda server: f"{kind} {{ \n {TIMES} \n {more} \n }}"

    def _url(self, path, more):
        return lambda server: (f"HTTP_GET {{ \n url {{ \n path /own/{path} \n {more(server)} \n }} \n {TIMES} \n }}")

    @staticmethod
    def _misc(command, more=""):
        return lambda server: (f'MISC_CHECK {{ \n misc_path "{command(server)}" \n misc_timeout 5 \n {more} \n delay_loop 1 \n '
                               "warmup 0 \n }")

    def configuration(self):
        text = "global_defs { \n router_id lab \n script_user root \n }\n"
        for port, (real_port, more, check) in self.checks.items():
            protocol = "UDP" if port == UDP else "TCP"
            text += (f"virtual_server {VIP} {port} {{ \n lb_algo rr \n lb_kind NAT \n protocol {protocol} \n delay_loop 1 \n "
                     f"{more} \n")
            for server in self.lab.servers[:2]:
                text += (f"real_server {server.address} {real_port} {{ \n weight {self.weights.get((port, server), 1)} \n "
                         f"{check(server)} \n }}\n")
            text += "}\n"
        return text

    def rules(self):
        """As ipvsadm-save writes them, by (virtual port, real server's name or None for the service)."""
        rules = {}
        for port, (real_port, _, _) in self.checks.items():
            service = f"{'-u' if port == UDP else '-t'} {VIP}:{port}"
            rules[port, None] = f"-A {service} -s rr"
            for server in self.lab.servers[:2]:
                weight = self.weights.get((port, server), 1)
                rules[port, server.name_in_answers] = f"-a {service} -r {server.address}:{real_port} -m -w {weight}"
        return rules


@pytest.fixture(scope="module")
def lab():
    with two_arm(servers=3) as lab:
        lab.config["ports"][0]["addresses"].append(f"{VIP}/32")
        folder = lab.folder / "keepalived"
        folder.mkdir()
        scripts = {"weigh": 'exit "$(cat "$1")"', "up": f"ipvsadm -Sn >{folder}/seen; echo up >>{folder}/quorum",
                   "down": f"echo down >>{folder}/quorum"}
        for name, line in scripts.items():
            (folder / name).write_text(f"#!/bin/sh\n{line}\n")
            (folder / name).chmod(0o755)
        lab.services = Services(lab, folder)
        lab.echoes = {}
        for server in lab.servers[:2]:
            for name, content in (("digest", "all is well"), ("status", ""), ("misc", ""), ("weight", "3")):
                lab.services.file(server, name).write_text(content)
            lab.echoes.update({(server, port): server.start_echo(port) for port in (ALIVE, DATAGRAMS)})
        lab.start()
        lab.keepalived = Keepalived(lab.dir, folder, lab.folder / "ipvs.sock")
        lab.at_end(lab.keepalived.kill)
        lab.keepalived.start(lab.services.configuration())
        yield lab


def becomes(lab, rules):
    def is_so():
        return sorted(lab.keepalived.ipvsadm("-Sn").splitlines()) == sorted(rules.values())
    try:
        wait_for(is_so, "the rules", 20)
    except LabError:
        assert sorted(lab.keepalived.ipvsadm("-Sn").splitlines()) == sorted(rules.values())


def served_by(lab, port):
    return set(lab.client.fetch(f"http://{VIP}:{port}/", times=6))


def quorum(lab):
    file = lab.services.folder / "quorum"
    return file.read_text().split() if file.exists() else []


def test_each_checker_takes_a_server_out_and_back_in(lab):
    """s1 fails in one thing after the other, and loses what that is checked for; then it is well again, and has all back."""
    rules = lab.services.rules()
    becomes(lab, rules)
    everybody = dict(rules)
    wait_for(lambda: served_by(lab, TCP) == {"s1", "s2"}, "both servers")
    s1 = lab.servers[0]

    lab.echoes[s1, ALIVE].stop()
    del rules[TCP, "s1"], rules[SORRY, "s1"], rules[SORRY, "s2"]
    rules[INHIBIT, "s1"] = rules[INHIBIT, "s1"].replace("-w 1", "-w 0")
    rules[SORRY, "sorry"] = f"-a -t {VIP}:{SORRY} -r 192.168.2.103:80 -m -w 1"
    becomes(lab, rules)
    assert served_by(lab, TCP) == served_by(lab, INHIBIT) == {"s2"}
    assert served_by(lab, SORRY) == {"s3"}  # quorum is lost, as one of two is not enough
    wait_for(lambda: quorum(lab)[-1:] == ["down"], "quorum_down's script")

    lab.services.file(s1, "digest").write_text("something else")
    del rules[DIGEST, "s1"]
    becomes(lab, rules)
    lab.services.file(s1, "status").unlink()
    del rules[STATUS, "s1"]
    becomes(lab, rules)
    lab.services.file(s1, "misc").unlink()
    del rules[MISC, "s1"]
    becomes(lab, rules)
    s1.sysctl("ipv4.icmp_echo_ignore_all", 1)
    del rules[PING, "s1"]
    becomes(lab, rules)
    lab.echoes[s1, DATAGRAMS].stop()
    del rules[UDP, "s1"]
    becomes(lab, rules)
    lab.services.file(s1, "weight").write_text("7")  # the weight is two less
    rules[DYNAMIC, "s1"] = rules[DYNAMIC, "s1"].replace("-w 1", "-w 5")
    becomes(lab, rules)
    assert served_by(lab, DIGEST) == served_by(lab, STATUS) == served_by(lab, PING) == {"s2"}

    for name, content in (("digest", "all is well"), ("status", ""), ("misc", ""), ("weight", "3")):
        lab.services.file(s1, name).write_text(content)
    s1.sysctl("ipv4.icmp_echo_ignore_all", 0)
    lab.echoes.update({(s1, port): s1.start_echo(port) for port in (ALIVE, DATAGRAMS)})
    becomes(lab, everybody)
    wait_for(lambda: quorum(lab)[-1:] == ["up"], "quorum_up's script")
    assert f"-A -t {VIP}:{SORRY} -s rr" in (lab.services.folder / "seen").read_text()  # its ipvsadm asks the director too
    assert served_by(lab, SORRY) == served_by(lab, TCP) == served_by(lab, INHIBIT) == {"s1", "s2"}


def test_a_reload_keeps_what_it_does_not_change(lab):
    s1, s2 = lab.servers[:2]
    rules = lab.services.rules()
    becomes(lab, rules)
    lab.echoes[s1, ALIVE].stop()
    without_s1 = {key: rule for key, rule in rules.items() if key not in ((TCP, "s1"), (SORRY, "s1"), (SORRY, "s2"))}
    without_s1[INHIBIT, "s1"] = rules[INHIBIT, "s1"].replace("-w 1", "-w 0")
    without_s1[SORRY, "sorry"] = f"-a -t {VIP}:{SORRY} -r 192.168.2.103:80 -m -w 1"
    becomes(lab, without_s1)

    before = [lab.control.service("tcp", f"{VIP}:{port}")["connections"] for port in (TCP, DIGEST)]
    visitors = [Visitors(lab.client, VIP, port, count=1) for port in (TCP, DIGEST)]
    lab.services.weights = {(TCP, s2): 7, (STATUS, s2): 3}
    lab.services.checks[NEW] = lab.services.checks[STATUS]
    del lab.services.checks[PING]
    lab.keepalived.reload(lab.services.configuration())
    changed = {key: rule for key, rule in lab.services.rules().items() if key not in ((TCP, "s1"), (SORRY, "s1"), (SORRY, "s2"))}
    changed[INHIBIT, "s1"], changed[SORRY, "sorry"] = without_s1[INHIBIT, "s1"], without_s1[SORRY, "sorry"]
    becomes(lab, changed)

    visits = [one.stop() for one in visitors]
    assert [visit for some in visits for visit in some if visit.error] == []
    assert {visit.server for visit in visits[0]} == {"s2"}  # the server that was out has not come back for a moment
    after = [lab.control.service("tcp", f"{VIP}:{port}")["connections"] for port in (TCP, DIGEST)]
    assert [later - earlier for earlier, later in zip(before, after)] == [len(some) for some in visits]  # never set up anew


def test_keepalived_takes_its_table_with_it(lab):
    assert lab.keepalived.stop() == 0
    assert lab.keepalived.ipvsadm("-Sn") == ""
