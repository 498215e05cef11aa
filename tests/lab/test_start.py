# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""What fairwayd cannot do it says in one line, with exit status 1, and leaves no device behind."""

import os
import subprocess

import pytest
import yaml
from harness.director import program
from harness.namespace import Namespace


@pytest.fixture(scope="module")
def host():
    namespace = Namespace(f"start{os.getpid()}")
    try:
        namespace.ip("link add veth0 type veth peer name veth1")
        namespace.ip("addr add 10.0.0.1/24 dev veth0")
        namespace.ip("link add notap type bridge")
        yield namespace
    finally:
        namespace.delete()


def configuration(folder, **port):
    return {
        "director": {"control_socket": str(folder / "control.sock"), "journal": "none", "hugepages": False,
                     "connections": 1000},
        "ports": [{"name": "outside", "device": "net_tap0,iface=o0", "kernel_interface": "fw0"} | port],
    }


def start(host, folder, config, *prefix):
    file = folder / "fairway.yaml"
    file.write_text(yaml.safe_dump(config))
    return subprocess.run(
        ["ip", "netns", "exec", host.name, *prefix, program("fairwayd"), "--config", file],
        capture_output=True, text=True, timeout=60)


def refused(done):
    """The last line of what it said; it must have ended with status 1."""
    assert done.returncode == 1, done.stderr
    return done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize("port, words", [
    ({"device": "0000:ff:1f.7"}, ["0000:ff:1f.7", "does not exist"]),
    ({"device": "net_af_packet0,iface=nosuch"}, ["nosuch"]),
    ({"device": "net_af_packet0,iface=veth0"}, ["veth0", "10.0.0.1"]),
    ({"device": "net_af_xdp0,iface=veth0"}, ["veth0", "10.0.0.1"]),
    ({"kernel_interface": "notap"}, ["notap"]),
])
def test_a_port_that_cannot_be(host, tmp_path, port, words):
    line = refused(start(host, tmp_path, configuration(tmp_path, **port)))
    assert all(word in line for word in words), line
    assert not host.has_device("o0") and not (tmp_path / "control.sock").exists()


def test_more_workers_than_cpus(host, tmp_path):
    config = configuration(tmp_path)
    config["director"]["workers"] = 64
    assert "64 workers" in refused(start(host, tmp_path, config))


def test_hugepages_that_are_not_there(host, tmp_path):
    config = configuration(tmp_path)
    config["director"] |= {"hugepages": True, "connections": 2_000_000_000 // 4}
    assert "hugepages" in refused(start(host, tmp_path, config))


def test_a_control_socket_nowhere(host, tmp_path):
    config = configuration(tmp_path)
    config["director"]["control_socket"] = str(tmp_path / "no" / "such" / "control.sock")
    assert "control.sock" in refused(start(host, tmp_path, config))


def test_a_journal_nowhere(host, tmp_path):
    config = configuration(tmp_path)
    config["director"]["journal"] = str(tmp_path / "no" / "such" / "journal")
    assert "no/such/journal: cannot make the directory" in refused(start(host, tmp_path, config))


def test_without_rights(host, tmp_path):
    tmp_path.chmod(0o755)
    done = start(host, tmp_path, configuration(tmp_path), "setpriv", "--reuid=65534", "--clear-groups", "--inh-caps=-all")
    assert done.returncode == 1 and done.stderr.strip(), done.stderr


def test_a_bad_file_is_refused_whole_before_anything_is_touched(host, tmp_path):
    config = configuration(tmp_path, mtu=5, colour="red", kernel_interface="untouched")
    done = start(host, tmp_path, config)
    assert done.returncode == 1
    assert [line.split(": ")[0].rsplit(":", 2)[0] for line in done.stderr.splitlines()] == [str(tmp_path / "fairway.yaml")] * 2
    assert not host.has_device("o0") and not host.has_device("untouched")
