# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""A director whose worker has packets of a service at every turn, and what a packet costs it: net_pcap replays a file for ever."""

import pathlib
import struct
import time

FLOWS = 1000
VIP, SERVERS = "10.0.0.1", ["192.0.2.1", "192.0.2.2"]
SERVICE = f"{VIP}:53"
PORT_MAC = bytes.fromhex("027063617000")  # of the first net_pcap device
CLIENT_MAC = bytes.fromhex("02000000cc01")


def _checksum(header):
    total = sum(struct.unpack(f">{len(header) // 2}H", header))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def _frame(flow):
    """60 bytes: UDP from a client of its own to the service, without a UDP checksum (RFC 768)."""
    addresses = struct.pack(">BBBB", 10, 9, flow >> 8, flow & 255) + bytes(int(part) for part in VIP.split("."))
    header = struct.pack(">BBHHHBBH", 0x45, 0, 46, flow, 0x4000, 64, 17, 0) + addresses
    header = header[:10] + struct.pack(">H", _checksum(header)) + header[12:]
    return PORT_MAC + CLIENT_MAC + b"\x08\x00" + header + struct.pack(">HHHH", 20000 + flow, 53, 26, 0) + bytes(18)


def capture(path, flows=FLOWS):
    """Writes a file in tcpdump's format, one packet a flow."""
    frames = [_frame(flow) for flow in range(flows)]
    records = b"".join(struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame for frame in frames)
    pathlib.Path(path).write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + records)
    return path


def saturate(director):
    """Gives a Director of conftest.py, not yet started, that file and the service it is for: DR, weighted round robin."""
    path = capture(director.folder / "flows.pcap")
    director.config["director"] |= {"idle": "spin", "connections": 4 * FLOWS}
    director.config["ports"] = [{
        "name": "a", "device": f"net_pcap0,rx_pcap={path},infinite_rx=1", "addresses": ["10.0.0.254/24", "192.0.2.254/24"],
        "neighbours": {server: f"02:00:00:00:0c:0{i}" for i, server in enumerate(SERVERS)}}]
    director.config["services"] = [{
        "name": "busy", "address": VIP, "port": 53, "protocol": "udp", "scheduler": "wrr", "forwarding": "dr",
        "servers": [{"address": server, "port": 53, "weight": 1} for server in SERVERS]}]


def edits(count):
    """A line of shell: so many runs of ipvsadm, each of which changes what the worker is busy with. It prints only failures."""
    return (f"for w in $(seq 1 {count}); do ipvsadm -e -u {SERVICE} -r {SERVERS[0]}:53 -g -w $w || echo failed; done")


class Meter:
    """What a packet costs the worker: its thread's CPU time, which whoever else the CPU is given to does not lengthen."""

    def __init__(self, director, control):
        self.control = control
        tasks = pathlib.Path("/proc", str(director.process.popen.pid), "task").iterdir()
        workers = [task for task in tasks if (task / "comm").read_text().startswith("rte-worker")]
        assert len(workers) == 1, workers
        self.schedstat = workers[0] / "schedstat"
        self.read()

    def read(self):
        """(nanoseconds of CPU time, packets) of the worker so far."""
        before = int(self.schedstat.read_text().split()[0])
        packets = self.control.workers()[0]["packets"]
        return (before + int(self.schedstat.read_text().split()[0])) / 2, packets

    def during(self, action):
        """Nanoseconds a packet while the action runs, and for how many seconds it ran."""
        (time_before, packets_before), start = self.read(), time.monotonic()
        action()
        seconds = time.monotonic() - start
        time_after, packets_after = self.read()
        return (time_after - time_before) / (packets_after - packets_before), seconds
