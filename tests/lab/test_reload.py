# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""The file changes under a running director: what it changes is done, connections to servers that stay go on."""

import hashlib
import os
import signal

import pytest
import yaml
from harness import LabError, two_arm, wait_for
from harness.server import big_file

VIP = "192.168.4.15"
WEB = f"{VIP}:80"
S1, S2 = "192.168.2.101", "192.168.2.102"


@pytest.fixture
def lab():
    with two_arm(servers=2) as lab:
        lab.serve("web", WEB)
        lab.start()
        yield lab


def web(lab):
    return lab.config["services"][0]


def save(lab):
    (lab.folder / "fairway.yaml").write_text(yaml.safe_dump(lab.config, sort_keys=False))


def weights(lab):
    return {name.removesuffix(":80"): server["weight"]
            for name, server in lab.director.control.service("tcp", WEB)["servers"].items()}


def test_diff_tells_what_reload_does(lab):
    control = lab.director.control
    assert control.run("diff") == ""
    web(lab)["servers"][0]["weight"] = 0
    save(lab)
    shown = control.run("diff")
    assert shown == f"server edit tcp {WEB} {S1}:80 --weight 0\n"
    assert weights(lab) == {S1: 1, S2: 1}
    assert control.run("reload") == shown
    assert weights(lab) == {S1: 0, S2: 1}
    assert lab.client.fetch(f"http://{VIP}/", times=4) == ["s2"] * 4
    assert control.run("diff") == ""


def test_a_virtual_address_comes_and_goes_with_its_service(lab):
    vip = "192.168.4.16"
    before = yaml.safe_load(yaml.safe_dump(lab.config))
    lab.config["ports"][0]["addresses"].append(f"{vip}/32")
    lab.config["services"].append(web(lab) | {"name": "other", "address": vip})
    save(lab)
    assert lab.director.control.run("reload").startswith(f"# ip address add {vip}/32 dev fw-outside\nservice add tcp {vip}:80")
    assert sorted(lab.client.fetch(f"http://{vip}/", times=2)) == ["s1", "s2"]
    lab.config.update(before)
    save(lab)
    assert lab.director.control.run("reload") == f"# ip address delete {vip}/32 dev fw-outside\nservice delete tcp {vip}:80\n"
    assert vip not in lab.dir.ip("addr show dev fw-outside")
    assert lab.client.fetch(f"http://{VIP}/", times=1)


def test_run_time_changes_stand_until_the_file_changes_them(lab):
    control = lab.director.control
    control.edit_server("tcp", WEB, S1, 0)
    control.add_service("tcp", f"{VIP}:81")
    web(lab)["servers"][1]["weight"] = 3
    save(lab)
    control.run("reload")
    assert weights(lab) == {S1: 0, S2: 3}
    web(lab)["servers"][0]["weight"] = 2
    save(lab)
    control.run("reload")
    assert weights(lab) == {S1: 2, S2: 3}
    assert len(control.show("services")["services"]) == 2


@pytest.mark.parametrize("by", ["reload", "SIGHUP"])
def test_a_download_goes_on_through_a_reload(lab, by):
    """All else about the service changes; its other server goes and a third one comes."""
    folder, digest = big_file()
    lab.files.symlink_to(folder)
    copy = lab.folder / "copy"
    curl = lab.run_in(lab.client, "curl", "-sS", "--fail", "--limit-rate", "40M", "-o", copy, f"http://{VIP}/files/big")
    wait_for(lambda: copy.exists() and copy.stat().st_size > 1 << 20, "the download to begin")
    servers = lab.director.control.service("tcp", WEB)["servers"]
    used = next(name.removesuffix(":80") for name, row in servers.items() if row["active"])
    web(lab).update(name="shop", scheduler="wlc", persistence=60,
                    servers=[{"address": used, "weight": 7}, {"address": "192.168.2.103"}])
    save(lab)
    if by == "reload":
        lab.director.control.run("reload")
    else:
        os.kill(lab.director.process.popen.pid, signal.SIGHUP)
        wait_for(lambda: "reload of " in lab.director.process.words(), "the reload")
    assert weights(lab) == {used: 7, "192.168.2.103": 1}
    assert curl.alive, "the download was over before the reload"
    wait_for(lambda: not curl.alive, "the download's end", 60)
    assert curl.stop() == 0
    with open(copy, "rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == digest


def test_a_bad_file_is_refused_with_its_places_and_changes_nothing(lab):
    good = yaml.safe_dump(lab.config, sort_keys=False)
    file = lab.folder / "fairway.yaml"
    file.write_text(good.replace("weight: 1", "weight: 0", 1) + "- {address: 192.168.4.15, port: 80, sheduler: rr}\n")
    line = len(file.read_text().splitlines())
    for command in ("diff", "reload"):
        with pytest.raises(LabError, match=rf"fairway.yaml:{line}:\d+: unknown key 'sheduler'"):
            lab.director.control.run(command)
    assert weights(lab) == {S1: 1, S2: 1}
    os.kill(lab.director.process.popen.pid, signal.SIGHUP)
    wait_for(lambda: "the director goes on as it was" in lab.director.process.words(), "the refusal in the log", 20)
    assert "unknown key 'sheduler'" in lab.director.process.words()
    assert sorted(lab.client.fetch(f"http://{VIP}/", times=4)) == ["s1", "s1", "s2", "s2"]


def test_what_needs_a_restart_is_refused_and_says_so(lab):
    lab.config["ports"][0]["mtu"] = 1400
    web(lab)["servers"][0]["weight"] = 0
    save(lab)
    with pytest.raises(LabError, match="mtu: it cannot be changed while the director runs, a restart is needed"):
        lab.director.control.run("reload")
    assert weights(lab) == {S1: 1, S2: 1}
