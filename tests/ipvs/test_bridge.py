# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""What the bridge must stand: directors that go, stall or are not there, and programs that know nothing of it."""

import json
import os
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

import pytest
from conftest import Bridge

# A program that speaks netlink as libnl does, and says what it met as JSON. `steps` name what it does in order.
PROGRAM = r"""
import fcntl, json, os, socket, struct, sys
GENERIC, IPVS = 16, 0x20
met = {}
def message(kind, command, sequence, name=None):
    body = struct.pack("BBH", command, 1, 0)
    if name:
        text = name.encode() + b"\0"
        body += struct.pack("HH", 4 + len(text), 2) + text + b"\0" * (-len(text) % 4)
    return struct.pack("IHHII", 16 + len(body), kind, 5, sequence, 0) + body
def read(s, flags=0):
    data, _, _, address = s.recvmsg(65536, 0, flags)
    length, kind, _, sequence, _ = struct.unpack_from("IHHII", data)
    return {"length": len(data), "kind": kind, "sequence": sequence, "from": list(address),
            "error": struct.unpack_from("i", data, 16)[0] if kind == 2 else None}
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, GENERIC)
s.bind((0, 0))
port, number = s.getsockname()[0], s.fileno()
for step in sys.argv[1:]:
    if step == "family":
        s.sendto(message(16, 3, 1, "IPVS"), (0, 0))
        met["family"] = [read(s)]
        if met["family"][0]["kind"] != 2: met["family"].append(read(s))
    elif step == "info":
        met["sent"] = s.send(message(IPVS, 15, 2))
        met["info"] = read(s)
    elif step == "ack": read(s)
    elif step == "peek":
        s.send(message(IPVS, 15, 3))
        met["peek"] = s.recvmsg(8, 0, socket.MSG_PEEK | socket.MSG_TRUNC)[2] & socket.MSG_TRUNC
        met["whole"] = read(s)["length"]
    elif step == "same":
        met["same"] = [s.getsockname()[0] == port, s.fileno() == number,
                       bool(fcntl.fcntl(s, fcntl.F_GETFD) & fcntl.FD_CLOEXEC)]
    elif step == "nonblocking":
        s.setblocking(False)
    elif step == "blocks":
        met["nonblocking"] = bool(fcntl.fcntl(s, fcntl.F_GETFL) & os.O_NONBLOCK)
    elif step == "option":
        s.setsockopt(270, 10, 1)  # SOL_NETLINK, NETLINK_EXT_ACK
    elif step == "reuse":
        s.close()
        other = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
        assert other.fileno() == number
        other.bind((0, 0))
        met["reused"] = other.getsockname()[0] != 0
        other.send(struct.pack("IHHIIBxHiII", 32, 18, 0x301, 9, 0, 0, 0, 0, 0, 0))  # RTM_GETLINK, a dump
        met["links"] = struct.unpack_from("IH", other.recv(65536))[1]
    elif step == "kernel":
        other = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, GENERIC)
        other.bind((0, 0))
        other.send(message(16, 3, 4, "nlctrl"))
        met["kernel"] = struct.unpack_from("IH", other.recv(65536))[1]
    elif step == "fork":
        r, w = os.pipe()
        if os.fork() == 0:
            s.send(message(IPVS, 15, 5))
            os.write(w, json.dumps(read(s)).encode())
            os._exit(0)
        met["child"] = json.loads(os.read(r, 4096))
    elif step == "wait": sys.stdin.readline()
    elif step == "tell": print("here", flush=True)
print(json.dumps(met))
"""


@pytest.fixture
def socket_path():
    with tempfile.TemporaryDirectory(prefix=f"fwbridge-{os.getpid()}-") as folder:
        yield folder + "/ipvs.sock"


class FakeDirector:
    """Answers the first `answers` datagrams with what it is given, takes one more if it `hears`, then does `then`."""

    def __init__(self, path, answers, then, hears=True):
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(path)
        self.listener.listen()
        self.answers, self.then, self.hears = answers, then, hears
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        client, _ = self.listener.accept()
        for answer in self.answers:
            request = client.recv(4096)
            for datagram in answer:
                client.send(datagram(request))
        if self.hears:
            client.recv(4096)
        self.then(client)


def family(request):
    sequence = struct.unpack_from("I", request, 8)[0]
    body = struct.pack("BBH", 1, 2, 0) + struct.pack("HHHH", 6, 1, 0x20, 0)
    return struct.pack("IHHII", 16 + len(body), 16, 0, sequence, 0) + body


def acknowledgement(request):
    sequence = struct.unpack_from("I", request, 8)[0]
    return struct.pack("IHHIIi", 36, 2, 0, sequence, 0, 0) + request[:16]


def run(bridge, *steps, **options):
    status, said = bridge.run("/usr/bin/python3", "-c", PROGRAM, *steps, **options)
    assert status == 0, said
    return json.loads(said.splitlines()[-1])


def test_a_program_sees_a_netlink_socket(bridge):
    met = run(bridge, "nonblocking", "option", "blocks", "same")
    assert met["nonblocking"]
    met = run(bridge, "family", "option", "info", "ack", "peek", "same", "fork")
    assert [one["kind"] for one in met["family"]] == [16, 2]
    assert met["family"][0]["from"] == [0, 0]
    assert met["info"]["kind"] == 0x20 and met["info"]["sequence"] == 2
    assert met["peek"] != 0 and met["whole"] > 20
    assert met["same"] == [True, True, True]
    assert met["child"]["kind"] in (0x20, 2)


def test_other_netlink_traffic_goes_to_the_kernel(bridge):
    met = run(bridge, "kernel", "family", "reuse")
    assert met["kernel"] == 16
    assert met["reused"] and met["links"] == 16  # RTM_NEWLINK
    assert bridge.run("ip", "-o", "link", "show", "lo") == (0, subprocess.getoutput("ip -o link show lo") + "\n")


def test_no_director_is_no_ipvs(socket_path):
    """As on a kernel without IPVS, which this machine has."""
    plain = subprocess.run(["ipvsadm", "-Ln"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if plain.returncode == 0:
        pytest.skip("the kernel of this machine has IPVS")
    status, said = Bridge(socket_path).run("ipvsadm", "-Ln")
    assert (status, said) == (2, plain.stdout)
    assert "Can't initialize ipvs: Protocol not available" in said
    assert run(Bridge(socket_path), "family")["family"][0]["error"] == -2  # ENOENT
    assert Bridge(socket_path).run("cat", "/proc/net/ip_vs")[0] == 1


def test_waits_for_a_director_that_is_starting(socket_path):
    process = Bridge(socket_path).popen("/usr/bin/python3", "-c", PROGRAM, "family", options=("--wait", "30"))
    time.sleep(0.3)  # it is waiting by then, most likely; the test holds in any case
    FakeDirector(socket_path, [[family, acknowledgement]], lambda client: client.close())
    assert json.loads(process.communicate(timeout=30)[0])["family"][1]["error"] == 0


def test_the_end_of_file_is_an_error_for_the_request(socket_path):
    """keepalived reads on and on after an end of file."""
    FakeDirector(socket_path, [[family, acknowledgement]], lambda client: client.close())
    met = run(Bridge(socket_path), "family", "info")
    assert met["info"]["kind"] == 2
    assert met["info"]["error"] == -11  # EAGAIN
    assert met["info"]["sequence"] == 2
    assert met["info"]["from"] == [0, 0]


def test_a_director_that_is_silent_is_an_error_after_five_seconds(socket_path):
    FakeDirector(socket_path, [[family, acknowledgement]], lambda client: time.sleep(60))
    start = time.monotonic()
    met = run(Bridge(socket_path), "family", "info")
    assert 4 < time.monotonic() - start < 20
    assert met["info"]["error"] == -11


def test_a_request_that_cannot_be_sent_counts_as_sent_and_is_refused(socket_path):
    """keepalived takes a request that failed to be sent for one that was carried out."""
    gone = threading.Event()
    fake = FakeDirector(socket_path, [[family, acknowledgement]], lambda client: (client.close(), gone.set()), hears=False)
    program = Bridge(socket_path).popen("/usr/bin/python3", "-c", PROGRAM, "family", "tell", "wait", "info",
                                        stdin=subprocess.PIPE)
    assert program.stdout.readline() == "here\n"
    assert gone.wait(10)
    fake.listener.close()
    os.unlink(socket_path)
    met = json.loads(program.communicate("\n", timeout=30)[0])
    assert met["info"]["error"] == -11 and met["sent"] == 20


def test_goes_on_with_a_director_that_was_started_again(director):
    program = director.bridge.popen("/usr/bin/python3", "-c", PROGRAM, "family", "tell", "wait", "info",
                                    stdin=subprocess.PIPE)
    assert program.stdout.readline() == "here\n"
    assert director.stop() == 0
    director.start()
    met = json.loads(program.communicate("\n", timeout=30)[0])
    assert met["info"]["kind"] == 0x20


def test_needs_nothing_of_its_surroundings(director):
    """sudo and su drop LD_PRELOAD, so the script is run behind them, with an environment of theirs."""
    bridge = director.bridge
    plain = subprocess.run(["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", bridge.wrapper, "--socket", bridge.path,
                            "ipvsadm", "-Ln"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert plain.returncode == 0, plain.stdout
    assert plain.stdout.startswith("IP Virtual Server version 1.2.1")


def test_only_root_may(director):
    """The wrapper and its library must be readable to others for that."""
    bridge = director.bridge
    os.chmod(director.folder, 0o755)
    readable = subprocess.run(["setpriv", "--reuid", "65534", "--clear-groups", "test", "-x", bridge.wrapper]).returncode
    if readable != 0:
        pytest.skip("nobody can read this build folder")
    status, said = bridge.run("setpriv", "--reuid", "65534", "--clear-groups", "ipvsadm", "-Ln")
    assert status == 2
    assert "Can't initialize ipvs: Permission denied (you must be root)" in said


def test_a_stopped_director_holds_nobody_for_ever(director):
    os.kill(director.process.popen.pid, signal.SIGSTOP)
    try:
        status, _ = director.bridge.run("ipvsadm", "-Ln", seconds=60)
        assert status == 2
    finally:
        os.kill(director.process.popen.pid, signal.SIGCONT)
    assert director.bridge.run("ipvsadm", "-Ln")[0] == 0


def test_a_program_that_loads_libnl_by_itself(bridge):
    """It finds the bridge all the same: that stands below libnl, in libc."""
    asks = ("import ctypes; nl = ctypes.CDLL('libnl-3.so.200', ctypes.RTLD_GLOBAL); genl = ctypes.CDLL('libnl-genl-3.so.200'); "
            "nl.nl_socket_alloc.restype = ctypes.c_void_p; s = ctypes.c_void_p(nl.nl_socket_alloc()); genl.genl_connect(s); "
            "print(genl.genl_ctrl_resolve(s, b'IPVS') > 0)")
    assert bridge.run("/usr/bin/python3", "-c", asks) == (0, "True\n")


def test_the_library_needs_libc_alone_and_is_silent(bridge):
    """Programs inherit it that have nothing to do with IPVS: keepalived's scripts for one."""
    library = bridge.wrapper.parent / "fairway-ipvs.so"
    needed = subprocess.run(["readelf", "-d", library], capture_output=True, text=True, check=True).stdout
    assert [line.split("[")[1][:-1] for line in needed.splitlines() if "(NEEDED)" in line] == ["libc.so.6"]
    assert bridge.run("sh", "-c", "echo said; ls / >/dev/null; exit 3") == (3, "said\n")


def test_reaches_the_director_from_any_network_namespace(bridge):
    assert bridge.run("unshare", "--net", "ipvsadm", "-Ln")[0] == 0


def test_its_socket_is_closed_when_another_program_takes_over(bridge):
    """The descriptor that libnl opened with SOCK_CLOEXEC still has that flag, and no other one is left behind."""
    program = PROGRAM.replace("print(json.dumps(met))", "os.execv('/bin/ls', ['ls', '-l', '/proc/self/fd'])")
    status, said = bridge.run("/usr/bin/python3", "-c", program, "family")
    assert status == 0 and "socket:" not in said, said


FORTIFIED = r"""
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
struct { struct nlmsghdr header; struct genlmsghdr generic; struct nlattr attribute; char name[8]; } request = {
  {sizeof request - 3, GENL_ID_CTRL, NLM_F_REQUEST | NLM_F_ACK, 1, 0}, {CTRL_CMD_GETFAMILY, 1, 0}, {9, CTRL_ATTR_FAMILY_NAME}, "IPVS"};
int main(int count, char** words) {
  char answer[4096];
  const size_t size = atoi(words[1]);
  struct sockaddr_nl from;
  socklen_t length = sizeof from;
  const int s = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
  send(s, &request, sizeof request - 3, 0);
  if (recv(s, answer, size, 0) < 0) return 1;
  printf("%d ", ((struct nlmsghdr*)answer)->nlmsg_type);
  if (recvfrom(s, answer, size, 0, (struct sockaddr*)&from, &length) < 0) return 1;
  printf("%d %d\n", ((struct nlmsghdr*)answer)->nlmsg_type, from.nl_pid);
}
"""


def test_a_program_that_was_built_with_checks_of_its_buffers(bridge, tmp_path):
    """_FORTIFY_SOURCE makes other calls of recv and recvfrom."""
    (tmp_path / "fortified.c").write_text(FORTIFIED)
    program = tmp_path / "fortified"
    subprocess.run(["gcc", "-O2", "-D_FORTIFY_SOURCE=2", "-o", program, program.with_suffix(".c")], check=True)
    symbols = subprocess.run(["nm", "-D", program], capture_output=True, text=True, check=True).stdout
    assert "__recv_chk" in symbols and "__recvfrom_chk" in symbols
    assert bridge.run(program, "4096") == (0, "16 2 0\n")
