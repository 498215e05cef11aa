#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Writes first inputs for the fuzzer of texts: the examples' files, pieces of YAML, commands, requests, addresses.

usage: seeds_text.py FOLDER

An input is a byte for what reads it (text.cpp), and a text.
"""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CONFIGURATION, COMMAND, REQUEST, ADDRESS = b"\0", b"\1", b"\2", b"\3"

PORTS = """ports:
- {name: out, device: "0000:03:00.0", kernel_interface: fw-out, addresses: [192.168.4.15/32]}
"""
SERVICE = {"protocol": "tcp", "address": "192.0.2.1", "port": 80}
MARK = {"mark": 7, "family": "ipv6"}


def configurations():
    for file in [ROOT / "conf/fairway.yaml", *sorted((ROOT / "conf/examples").glob("*.yaml"))]:
        lines = (line for line in file.read_text().splitlines() if line.strip() and not line.strip().startswith("#"))
        yield file.stem, "\n".join(lines) + "\n"
    yield "ports", PORTS
    yield "service", PORTS + """services:
- {name: w, address: 192.168.4.15, port: 80, protocol: tcp, scheduler: wrr, forwarding: nat, persistence: 5m,
   servers: [{address: 192.168.2.1, port: 80, weight: 2}, {address: 192.168.2.2, port: 80, upper_threshold: 9}]}
"""
    yield "service-ipv6", PORTS + """services:
- {address: "2001:db8::1", port: 0, protocol: udp, one_packet: true, persistence: 60, persistence_netmask: 64,
   scheduler: sh, scheduler_flags: [sh-fallback], servers: [{address: "2001:db8::2", forwarding: dr}]}
"""
    yield "marks", PORTS + """marks:
- {mark: 7, protocol: tcp, source: 10.0.0.0/8, destination: 192.168.4.0/24, destination_ports: 80-443}
services:
- {mark: 7, scheduler: rr}
"""
    yield "director", "director: {workers: 2, idle: wait, connections: 1000000, summary_interval: 60s, hugepages: auto}\n"
    yield "settings", "settings: {tcp_timeout: 15m, drop_entry: 3, conn_reuse_mode: 4, sloppy_tcp: yes}\n"
    yield "anchors", "a: &a [1, 2]\nb: &b [*a, *a]\nc: [*b, *b]\n"
    yield "merge", "a: &a {b: 1}\nc:\n  <<: *a\n  b: 2\n"
    yield "deep", "[" * 60 + "]" * 60
    yield "tags", "a: !!binary aGVsbG8=\nb: !x y\n"
    yield "block", "a: |\n  text\n  more\nb: >-\n  folded\n---\nc: ~\n...\n"
    yield "quotes", 'a: "\\x41\\u00e9\\n"\nb: \'it\'\'s\'\n? c\n: d\n'
    for name, text in (("tab", "a:\n\tb: 1\n"), ("control", "a: \x04"), ("return", "a: 1\rb: 2"), ("empty", ""), ("twice", "a: 1\na: 2\n")):
        yield name, text


def commands():
    yield {"add_service": {**SERVICE, "name": "web", "scheduler": "sh", "scheduler_flags": ["sh-port"], "forwarding": "dr", "persistence": 300,
                           "persistence_netmask": "255.255.255.0", "servers": [{"address": "10.0.0.1", "port": 80, "weight": 3}]}}
    yield {"add_service": {**MARK, "one_packet": True}}
    yield {"edit_service": {**SERVICE, "scheduler": "mh", "one_packet": False, "persistence_netmask": 24}}
    yield {"delete_service": MARK}
    server = {"service": SERVICE, "address": "10.0.0.1", "port": 80}
    yield {"add_server": {**server, "weight": 2, "forwarding": "tun", "upper_threshold": 9, "lower_threshold": 4}}
    yield {"edit_server": {**server, "weight": 0, "last_weight": 5}}
    yield {"delete_server": server}
    yield {"zero_statistics": {"service": SERVICE}}
    yield {"zero_statistics": {}}
    yield {"add_mark": {"mark": 7, "protocol": "udp", "source": "10.0.0.0/8", "destination": "192.0.2.1", "destination_ports": "80-443",
                        "source_ports": 53}}
    yield {"delete_mark": {"mark": 7}}
    yield {"edit_settings": {"tcp_timeout": 60, "drop_entry": 3}}


def requests():
    for view in "services total connections connections?limit=10 marks settings workers ports drops neighbours nothing".split():
        yield f"GET /v1/{view}\n"
    yield "PUT /v1/services\n"
    everything = list(commands())
    yield "POST /v1/commands\n" + json.dumps(everything)
    yield "POST /v1/commands?stop_at_error=true\n" + json.dumps(everything[:5])
    for body in ("[]", "[1, {}]", "{}", "[", '[{"delete_mark": {"mark": 7}},]', ""):
        yield "POST /v1/commands\n" + body


def addresses():
    yield from ("192.0.2.1", "192.0.2.0/24", "0.0.0.0", "255.255.255.255", "127.0.0.1", "224.0.0.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "10/8")
    yield from ("::", "::1", "2001:db8::1", "2001:db8::/32", "ff02::1", "::ffff:192.0.2.1", "1::2::3", "fe80::1%eth0", "::/129", "::/0")
    yield from ("02:00:00:00:00:01", "2:0:0:0:0:1", "02-00-00-00-00-01", "02:00:00:00:00:0g")


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in configurations():
        (folder / f"configuration-{name}").write_bytes(CONFIGURATION + text.encode())
    for kind, mark, texts in (("command", COMMAND, map(json.dumps, commands())), ("request", REQUEST, requests()),
                              ("address", ADDRESS, addresses())):
        for text in texts:
            name = re.sub(r"[^a-z0-9]+", "-", text.lower())[:60]
            (folder / f"{kind}-{name}").write_bytes(mark + text.encode())


if __name__ == "__main__":
    main()
