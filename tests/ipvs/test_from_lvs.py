# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""docs/from-lvs.md: what it says can be copied from it."""

import re
import subprocess

import pytest
import yaml
from conftest import ROOT, Director
from harness.director import program

PAGE = (ROOT / "docs" / "from-lvs.md").read_text()

# The page's rows of ipvsadm and YAML, as a whole set of rules and as the services of a file.
RULES = """
ipvsadm -A -t 192.168.4.15:80 -s wrr -p 300 -M 255.255.255.0
ipvsadm -a -t 192.168.4.15:80 -r 192.168.2.100:80 -m -w 2 -x 100 -y 80
ipvsadm -a -t 192.168.4.15:80 -r 192.168.2.101 -g
ipvsadm -A -t 192.168.4.15:443 -s sh -b sh-port,sh-fallback
ipvsadm -a -t 192.168.4.15:443 -r 192.168.2.100 -i
ipvsadm -A -u 192.168.4.15:53 -s rr -o
ipvsadm -a -u 192.168.4.15:53 -r 192.168.2.100 -g
ipvsadm -A -f 7 -s wlc
ipvsadm -a -f 7 -r 192.168.2.100 -g
ipvsadm --set 900 120 300
"""
SERVICES = [
    {"name": "web", "address": "192.168.4.15", "port": 80, "protocol": "tcp", "scheduler": "wrr", "persistence": "300s",
     "persistence_netmask": 24, "forwarding": "nat", "servers": [
         {"address": "192.168.2.100", "port": 80, "weight": 2, "upper_threshold": 100, "lower_threshold": 80},
         {"address": "192.168.2.101", "port": 80, "forwarding": "dr"}]},
    {"name": "tls", "address": "192.168.4.15", "port": 443, "protocol": "tcp", "scheduler": "sh",
     "scheduler_flags": ["sh-port", "sh-fallback"], "forwarding": "tun", "servers": [{"address": "192.168.2.100", "port": 443}]},
    {"name": "dns", "address": "192.168.4.15", "port": 53, "protocol": "udp", "scheduler": "rr", "one_packet": True,
     "forwarding": "dr", "servers": [{"address": "192.168.2.100", "port": 53}]},
    {"name": "marked", "mark": 7, "scheduler": "wlc", "forwarding": "dr", "servers": [{"address": "192.168.2.100"}]}]
SETTINGS = {"tcp_timeout": 900, "tcp_fin_timeout": 120, "udp_timeout": 300}
LISTS = "ipvsadm -Sn; ipvsadm -Ln; ipvsadm -Ln --thresholds; ipvsadm -L --timeout"


def test_the_file_of_the_page_is_a_good_one(tmp_path):
    file = tmp_path / "fairway.yaml"
    file.write_text(re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1])
    subprocess.run([program("fairwayd"), "--check", "--config", file], check=True)


@pytest.mark.parametrize("word", ["persistence_netmask", "scheduler_flags", "one_packet", "upper_threshold", "lower_threshold",
                                  "tcp_timeout", "tcp_fin_timeout", "udp_timeout", "forwarding", "mark: 7", "persistence: 300s"])
def test_the_page_has_the_words_that_are_tried_here(word):
    assert word in PAGE


def test_rules_and_file_make_the_same_services(bridge, tmp_path):
    assert bridge.ask(RULES.strip().replace("\n", " && ")) == ("", 0)
    by_rules, _ = bridge.ask(LISTS)
    director = Director(tmp_path, "net_null0,no-rx=1")
    director.config |= {"services": SERVICES, "settings": SETTINGS}
    director.start()
    try:
        by_file, _ = director.bridge.ask(LISTS)
        file = tmp_path / "rules"
        moved = director.bridge.ask(f"ipvsadm-save -n > {file}; ipvsadm -C; ipvsadm -R < {file}; {LISTS}")
    finally:
        director.stop()
    assert by_file == by_rules
    assert moved == (re.sub(r"100        80  ", "0          0   ", by_file), 0)  # which ipvsadm-save does not save
