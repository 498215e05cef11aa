# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""What was changed at run time outlives the director, killed or stopped; a file that changed meanwhile has its say."""

import re
import subprocess

import pytest
from harness import LabError, two_arm, wait_for
from harness.director import program

VIP = "192.168.4.15"
WEB, OTHER = f"{VIP}:80", f"{VIP}:8080"
S1, S2 = "192.168.2.101:80", "192.168.2.102:80"


@pytest.fixture
def lab():
    with two_arm(servers=2, ports="xdp") as lab:
        lab.serve("web", WEB)
        lab.start()
        yield lab


def ipvsadm(lab, *words, **options):
    return lab.dir.run(program("fairway-ipvs"), "--socket", lab.folder / "ipvs.sock", "ipvsadm", *words, **options)


def journal(lab):
    return lab.folder / "journal"


def weights(lab, service=WEB):
    return {name: server["weight"] for name, server in lab.director.control.service("tcp", service)["servers"].items()}


def services(lab):
    return [f"{one['address']}:{one['port']}" for one in lab.director.control.show("services")["services"]]


def set_at_run_time(lab):
    """By either door, all kinds of things."""
    control = lab.director.control
    ipvsadm(lab, "-e", "-t", WEB, "-r", S1, "-m", "-w", "0")
    ipvsadm(lab, "-A", "-t", OTHER, "-s", "wrr", "-p", "300")
    ipvsadm(lab, "-a", "-t", OTHER, "-r", S2, "-m", "-w", "3", "-x", "9", "-y", "8")
    ipvsadm(lab, "--set", "100", "20", "30")
    ipvsadm(lab, "--start-daemon", "backup", "--mcast-interface", "fw-inside", "--syncid", "7")
    control.run("mark", "add", "7", "--protocol", "udp")
    control.run("settings", "edit", "sloppy_tcp=1")


def everything(lab):
    """As ipvsadm and fairwayctl show it, but for what is counted."""
    control = lab.director.control
    return (ipvsadm(lab, "-S", "-n"), ipvsadm(lab, "-L", "--timeout"), ipvsadm(lab, "-L", "--daemon"),
            control.show("marks"), control.show("settings"), services(lab))


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_what_was_set_at_run_time_outlives_the_director(lab, end):
    set_at_run_time(lab)
    before = everything(lab)
    getattr(lab.director, end)()
    lab.director.start()
    assert everything(lab) == before
    assert lab.client.fetch(f"http://{VIP}/", times=4) == ["s2"] * 4
    assert lab.client.fetch(f"http://{OTHER}/", times=2) == ["s2"] * 2
    assert re.search(r"journal .*: [1-9]\d* run-time changes to what the file says", lab.director.process.words())


def test_a_file_that_changed_meanwhile_changes_what_it_says_and_nothing_else(lab):
    set_at_run_time(lab)
    lab.director.control.delete_server("tcp", WEB, S2)
    lab.director.kill()
    web = lab.config["services"][0]
    web["scheduler"] = "wrr"  # nothing of the servers
    lab.director.start()
    assert weights(lab) == {S1: 0}
    assert lab.director.control.service("tcp", WEB)["scheduler"] == "wrr"
    assert services(lab) == [WEB, OTHER]
    lab.director.stop()
    web["servers"][0]["weight"] = 5
    web["servers"].append({"address": "192.168.2.103", "port": 80})
    lab.director.start()
    assert weights(lab) == {S1: 5, "192.168.2.103:80": 1}
    assert weights(lab, OTHER) == {S2: 3}


def test_a_service_of_the_file_that_was_deleted_stays_deleted(lab):
    lab.director.control.delete_service("tcp", WEB)
    for end in (lab.director.kill, lab.director.stop):
        end()
        lab.director.start()
        assert services(lab) == []


def test_a_journal_cut_short_loses_what_was_cut_and_says_so(lab):
    set_at_run_time(lab)
    lab.director.kill()
    text = journal(lab).read_bytes()
    journal(lab).write_bytes(text[:-10])  # the last command: sloppy_tcp
    lab.director.start()
    assert "was cut short when the director or the machine ended; it is left out" in lab.director.process.words()
    settings = lab.director.control.show("settings")["settings"]
    assert (settings["sloppy_tcp"], settings["udp_timeout"]) == (0, 30)
    assert len(services(lab)) == 2


def test_a_damaged_journal_is_kept_aside_and_the_file_alone_counts(lab):
    set_at_run_time(lab)
    lab.director.kill()
    text = bytearray(journal(lab).read_bytes())
    text[len(text) // 2] ^= 1
    journal(lab).write_bytes(text)
    lab.director.start()
    kept = list(lab.folder.glob("journal.damaged-*"))
    assert [one.read_bytes() for one in kept] == [bytes(text)]
    assert f"its checksum is wrong; it is kept as {kept[0]}" in lab.director.process.words()
    assert weights(lab) == {S1: 1, S2: 1} and services(lab) == [WEB]
    assert sorted(lab.client.fetch(f"http://{VIP}/", times=4)) == ["s1", "s1", "s2", "s2"]


def test_an_edit_that_the_disk_does_not_take_is_refused_and_undone():
    with two_arm(servers=2) as lab:
        disk = lab.folder / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "none", disk], check=True)
        try:
            lab.config["director"]["journal"] = str(disk / "journal")
            lab.serve("web", WEB)
            lab.start()
            full = disk / "full"
            with open(full, "wb", buffering=0) as file, pytest.raises(OSError):
                while True:
                    file.write(bytes(256))
            with pytest.raises(LabError, match="No space left on device"):
                for number in range(100):  # the journal's last page has room for some
                    lab.director.control.edit_server("tcp", WEB, S1, 1000 + number)
            kept = weights(lab)
            with pytest.raises(LabError, match="Input/output error"):
                ipvsadm(lab, "-D", "-t", WEB)
            assert weights(lab) == kept
            full.unlink()
            wait_for(lambda: not edit_fails(lab), "an edit that is taken again")
            assert weights(lab)[S1] == 7
            lab.director.stop()
            lab.director.start()
            assert weights(lab) == {S1: 7, S2: 1}
            lab.director.stop()
            subprocess.run(["mount", "-o", "remount,ro", disk], check=True)  # as Linux does to a disk with errors
            lab.director.start()
            assert weights(lab) == {S1: 7, S2: 1}
            with pytest.raises(LabError, match="Read-only file system"):
                lab.director.control.edit_server("tcp", WEB, S1, 8)
        finally:
            lab.director.kill()
            subprocess.run(["umount", disk], check=True)


def edit_fails(lab):
    try:
        lab.director.control.edit_server("tcp", WEB, S1, 7)
    except LabError:
        return True
    return False


def test_two_directors_do_not_share_a_journal(lab):
    config = lab.folder / "second.yaml"
    config.write_text(f"director: {{control_socket: {lab.folder}/second.sock, journal: {lab.folder}/journal}}\n"
                      "ports: [{name: a, device: net_null0}]\n")
    second = subprocess.run([program("fairwayd"), "--config", config], capture_output=True, text=True, timeout=60)
    assert second.returncode == 1
    assert f"journal {lab.folder}/journal: another director has it" in second.stderr
