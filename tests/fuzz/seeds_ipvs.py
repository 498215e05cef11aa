#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Writes first inputs for the fuzzer of the IPVS conversation: what ipvsadm and keepalived say.

usage: seeds_ipvs.py FOLDER

An input is messages, one after the other (messages.cpp): what there is to one, its command, its attributes. An attribute is its type,
its length, its value; a nest its type with 0x40, its attributes, 0xff.
"""

import socket
import struct
import sys
from pathlib import Path

(NEW_SERVICE, SET_SERVICE, DEL_SERVICE, GET_SERVICE, NEW_DEST, SET_DEST, DEL_DEST, GET_DEST, NEW_DAEMON, DEL_DAEMON,
 GET_DAEMON, SET_CONFIG, GET_CONFIG, SET_INFO, GET_INFO, ZERO, FLUSH) = range(1, 18)
FAMILY, RAW, CONTROL, FILE = range(4)
ACK, DUMP, NOT_ROOT, LIES, JOINS = 4, 8, 16, 32, 64


def attribute(kind, value):
    return bytes([kind, len(value)]) + value


def nest(kind, *attributes):
    return bytes([0x40 | kind]) + b"".join(attributes) + b"\xff"


def number(kind, value, form="=I"):
    return attribute(kind, struct.pack(form, value))


def message(command, *attributes, flags=ACK, kind=FAMILY):
    return bytes([kind | flags, command]) + b"".join(attributes) + b"\xff"


def address(text):
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    return family, socket.inet_pton(family, text).ljust(16, b"\0")


def service(vip="192.0.2.1", port=80, protocol=6, mark=0, scheduler=None, flags=0, timeout=0, netmask=0xffffffff):
    family, value = address(vip)
    key = [number(5, mark)] if mark else [number(2, protocol, "=H"), attribute(3, value), number(4, port, ">H")]
    full = [] if scheduler is None else [attribute(6, scheduler.encode() + b"\0"), attribute(7, struct.pack("=II", flags, 0xffffffff)),
                                         number(8, timeout), number(9, netmask)]
    return nest(1, number(1, family, "=H"), *key, *full)


def server(text="10.0.0.1", port=8080, method=None, weight=1, upper=0, lower=0):
    family, value = address(text)
    full = [] if method is None else [number(3, method), number(4, weight), number(5, upper), number(6, lower), attribute(13, b"\0")]
    return nest(2, attribute(1, value), number(2, port, ">H"), number(11, family, "=H"), *full)


def daemon(state=1, interface="lo", sync_id=1):
    return nest(3, number(1, state), attribute(2, interface.encode() + b"\0"), number(3, sync_id))


def conversations():
    rr = message(NEW_SERVICE, service(scheduler="rr"))
    nat = message(NEW_DEST, service(), server(method=0))
    yield "family", message(3, attribute(2, b"IPVS\0"), kind=CONTROL)
    yield "other-family", message(3, attribute(2, b"nl80211\0"), kind=CONTROL)
    for name in ("ip_vs", "ip_vs_stats", "ip_vs_conn", "tcp"):
        path = f"/proc/net/{name}".encode() + b"\0"
        yield f"file-{name}", rr + nat + bytes([FILE | ACK, 0, len(path)]) + path
    yield "list", rr + nat + message(GET_SERVICE, flags=DUMP) + message(GET_DEST, service(), flags=DUMP) + message(GET_INFO) + (
        message(GET_CONFIG) + message(GET_SERVICE, service()) + message(GET_DAEMON, flags=DUMP))
    for scheduler in ("wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "mh", "fo", "ovf", "twos", "none", ""):
        yield f"scheduler-{scheduler}", message(NEW_SERVICE, service(scheduler=scheduler, flags=0x18)) + nat
    for method in (0, 1, 2, 3, 4):
        yield f"method-{method}", rr + message(NEW_DEST, service(), server(method=method, weight=3, upper=9, lower=4)) + message(
            GET_DEST, service(), flags=DUMP)
    yield "edit", rr + nat + message(SET_SERVICE, service(scheduler="sh", flags=0x8)) + message(SET_DEST, service(), server(method=1)) + (
        message(DEL_DEST, service(), server()) + message(DEL_SERVICE, service()))
    yield "persistent", message(NEW_SERVICE, service(port=0, scheduler="wlc", flags=1, timeout=300, netmask=0x00ffffff)) + message(
        NEW_DEST, service(port=0), server(port=0, method=1))
    yield "mark", message(NEW_SERVICE, service(mark=7, scheduler="rr")) + message(NEW_DEST, service(mark=7), server(method=0)) + message(
        GET_SERVICE, flags=DUMP)
    yield "ipv6", message(NEW_SERVICE, service("2001:db8::1", scheduler="rr", netmask=64)) + message(
        NEW_DEST, service("2001:db8::1"), server("2001:db8::2", method=1))
    yield "udp", message(NEW_SERVICE, service(protocol=17, scheduler="rr", flags=4))
    yield "sctp", message(NEW_SERVICE, service(protocol=132, scheduler="rr"))
    yield "timeouts", message(SET_CONFIG, number(4, 60), number(5, 30), number(6, 10)) + message(GET_CONFIG)
    yield "daemon", message(NEW_DAEMON, daemon()) + message(GET_DAEMON, flags=DUMP) + message(DEL_DAEMON, daemon())
    yield "zero-and-flush", rr + nat + message(ZERO) + message(ZERO, service()) + message(FLUSH)
    yield "twice", rr + rr + nat + nat
    yield "not-root", message(NEW_SERVICE, service(scheduler="rr"), flags=ACK | NOT_ROOT)
    yield "joined", message(NEW_SERVICE, service(scheduler="rr"), flags=ACK | JOINS) + nat
    yield "no-attributes", b"".join(message(command) for command in range(20))
    yield "dumps", b"".join(message(command, flags=ACK | DUMP) for command in range(20))
    yield "raw", bytes([RAW]) + struct.pack(">H", 16) + struct.pack("=IHHII", 16, 0x20, 5, 7, 0)
    yield "short", bytes([RAW]) + struct.pack(">H", 8) + bytes(8)
    for lie in (1, 0x7f, 0xff, 0x80):
        yield f"message-lies-{lie}", bytes([ACK | LIES, NEW_SERVICE, lie]) + service(scheduler="rr") + b"\xff"
        yield f"attribute-lies-{lie}", message(NEW_SERVICE, bytes([0x61, lie]) + service(scheduler="rr")[1:])


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, messages in conversations():
        (folder / name).write_bytes(messages)


if __name__ == "__main__":
    main()
