# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""CPU time a packet on net_pcap, which replays a file for ever: fairwayd by forwarding method, and testpmd's macswap on
the same file in turn with it."""

import time

from . import frames
from .programs import Fairwayd, Testpmd, cpus


def services(method):
    return [{"name": "rig", "address": frames.VIP, "port": frames.SERVICE_PORT, "protocol": "udp", "scheduler": "rr",
             "forwarding": method, "servers": [{"address": frames.SERVER, "port": frames.SERVICE_PORT}]}]


def port():
    return {"addresses": [f"{frames.DIRECTOR}/24"], "gateway": frames.GATEWAY,
            "neighbours": {frames.GATEWAY: frames.PEER_MAC, frames.SERVER: frames.PEER_MAC}}


def device(path):
    return f"net_pcap0,rx_pcap={path},infinite_rx=1"


def measure(program, seconds):
    """CPU ns a packet, once the file has been through twice and the program does nothing for the first time."""
    before = program.read()
    time.sleep(seconds)
    done = program.read() - before
    if done.received == 0 or done.sent < 0.99 * done.received:
        raise RuntimeError(f"{type(program).__name__} sent {done.sent} of {done.received} packets")
    return done.cpu_ns / done.received


def warm_up(program, packets):
    deadline = time.monotonic() + 60
    while program.read().received < 2 * packets:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{type(program).__name__} is too slow")
        time.sleep(0.05)


def compare(folder, method, flows, seconds, rounds, huge):
    """One row: the best of so many rounds of each, ns."""
    path = folder / f"{method}-{flows}.pcap"
    packets = frames.write_capture(path, frames.conversation(method, flows))
    buffers = packets + 16384
    cpu = cpus()[1]
    best = {}
    for _ in range(rounds):
        with Testpmd(folder, "macswap", device(path), "macswap", cpu, huge, buffers) as program:
            warm_up(program, packets)
            best["macswap"] = min(measure(program, seconds), best.get("macswap", float("inf")))
        with Fairwayd(folder, device(path), cpu, huge, services(method), port(), buffers=buffers) as program:
            warm_up(program, packets)
            best["fairwayd"] = min(measure(program, seconds), best.get("fairwayd", float("inf")))
            connections = program.worker()["connections"]
    path.unlink()
    return {"method": method, "flows": flows, "connections": connections,
            "fairwayd_ns": round(best["fairwayd"], 1), "macswap_ns": round(best["macswap"], 1),
            "difference_ns": round(best["fairwayd"] - best["macswap"], 1),
            "ratio": round(best["fairwayd"] / best["macswap"], 2)}
