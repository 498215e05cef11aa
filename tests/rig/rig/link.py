# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Packets a second over a link between two processes, each on a CPU of its own: testpmd generates flows (flowgen) and
receives what comes back, from testpmd's macswap or from fairwayd by DR, in turn."""

import time

from harness.namespace import LabError, wait_for

from .programs import Fairwayd, Testpmd, cpus

GENERATED_MAC = "00:01:02:03:04:01"  # flowgen sends to it, from 10.254.0.0:1000 to 10.253.0.0 and on, port 1001
SERVER, SERVER_MAC = "10.1.0.100", "02:00:00:00:00:01"


def figures(number):
    """Three of them: what a busy machine does to a link is small, and not nothing."""
    return float(f"{number:.3g}")


def devices(kind, folder):
    """The device of the generator, which makes the socket, and that of the program that is measured."""
    path = folder / "link.sock"
    path.unlink(missing_ok=True)
    if kind == "memif":
        common = f"id=0,socket={path},socket-abstract=no"
        return f"net_memif0,role=server,{common}", f"net_memif0,role=client,{common},mac={GENERATED_MAC}"
    return f"net_vhost0,iface={path}", f"net_virtio_user0,path={path},mac={GENERATED_MAC}"


def fairwayd(folder, device, huge, flows):
    """The director with one service, by mark, of everything that flowgen sends."""
    services = [{"name": "rig", "mark": 1, "scheduler": "rr", "forwarding": "dr",
                 "servers": [{"address": SERVER, "port": 0}]}]
    return Fairwayd(folder, device, cpus()[1], huge, services, connections=max(65536, 2 * flows),
                    port={"addresses": ["10.1.0.5/16"], "neighbours": {SERVER: SERVER_MAC}},
                    extra={"marks": [{"mark": 1, "protocol": "udp", "destination": "10.252.0.0/14"}]})


def macswap(folder, device, huge, flows):
    return Testpmd(folder, "macswap", device, "macswap", cpus()[1], huge)


def run(folder, kind, start, seconds, huge, flows):
    """Mpps that the generator got back from one program, the program's CPU ns a packet, and the share of packets that it
    sent on."""
    generator_device, device = devices(kind, folder)
    with Testpmd(folder, "generator", generator_device, "flowgen", cpus()[0], huge,
                 options=[f"--flowgen-flows={flows}"]) as generator:
        program = start(folder, device, huge, flows)
        try:
            wait_for(lambda: program.read().sent > 10 * flows, "packets over the link", 30)
            began, before, carried = time.monotonic(), generator.read(), program.read()
            time.sleep(seconds)
            ended, after, carried = time.monotonic(), generator.read(), program.read() - carried
        finally:
            # A memif's other side does not outlive it.
            if kind == "memif":
                generator.process.popen.kill()
            program.stop()
    got_back = after.received - before.received
    if carried.sent == 0 or got_back == 0:
        raise LabError(f"nothing came back over the {kind} link")
    return got_back / (ended - began) / 1e6, carried.cpu_ns / carried.received, carried.sent / carried.received


def compare(folder, kind, seconds, rounds, huge, flows):
    """One row a program and round, then one with the best of each."""
    best = {"macswap": 0, "fairwayd": 0}
    for number in range(1, rounds + 1):
        for name, start in (("macswap", macswap), ("fairwayd", fairwayd)):
            mpps, cpu_ns, share = run(folder, kind, start, seconds, huge, flows)
            best[name] = max(best[name], mpps)
            yield {"link": kind, "program": name, "round": number, "mpps": figures(mpps), "cpu_ns": round(cpu_ns, 1),
                   "sent_share": round(share, 3)}
    yield {"link": kind, "flows": flows, "macswap_mpps": figures(best["macswap"]),
           "fairwayd_mpps": figures(best["fairwayd"]), "ratio": round(best["fairwayd"] / best["macswap"], 2)}
