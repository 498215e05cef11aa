# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""A TUN real server with a kernel of its own: a user-mode-linux guest whose tunl0 unpacks IPIP.

The guest's root is the machine's own file system. Its network card is the far end of the cable that lies in the
guest's namespace, taken by a raw socket. It sets its tunl0 up by the commands that docs/from-lvs.md has for TUN.
"""

import contextlib
import os
import pathlib
import signal
import subprocess

from .namespace import LabError, Namespace, run, wait_for
from .page import commands_for
from .server import nginx

MODULES = pathlib.Path("/usr/lib/uml/modules")

# /proc of the machine shows through until the guest's own is mounted: no shell with applets of its own (busybox) here.
# modprobe would look for modules in the machine's /lib/modules, where those of the guest's kernel are not. As distributions
# do, the reverse path filter is on.
_INIT = """\
#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
mkdir -p /run/root/lib
ln -s {modules} /run/root/lib/modules
export MODPROBE_OPTIONS="--dirname=/run/root"
for file in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 1 > $file; done
ip link set lo up
ip addr add {address} dev vec0
ip link set vec0 up
ip route add default via {gateway}
if sh -exc '{commands}'; then
  {nginx} &
  read word
fi
echo o > /proc/sysrq-trigger
read never
"""


def command_line(init, home, megabytes, cards):
    """Boots a kernel whose root is the machine's file system and whose console is its standard input and output."""
    return ["linux.uml", "rootfstype=hostfs", "rootflags=/", "rw", f"mem={megabytes}M", f"init={init}",
            f"uml_dir={home}/", *cards, "con=null", "con0=fd:0,fd:1", "quiet"]


def environment(home):
    """What a guest's kernel is started with; its files lie in this folder, which is there."""
    registers = home / "registers.so"
    if not registers.exists():
        source = pathlib.Path(__file__).with_name("uml_registers.c")
        run("cc", "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o", registers, source)
    return os.environ | {"TMPDIR": str(home), "LD_PRELOAD": str(registers)}


def kill_guest(home):
    """Ends a guest at once. Its kernel is a process, and so is each program in it; the latter outlive a kernel that is killed."""
    mark = f"uml_dir={home}/".encode()
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in (process / "cmdline").read_bytes().split(b"\0"):
                os.kill(int(process.name), signal.SIGKILL)


class Guest(Namespace):
    """Stands beside RealServer in a lab; it boots when it is told its VIP."""

    def __init__(self, namespace, name, address, gateway, lab):
        super().__init__(namespace)
        self.name_in_answers = name
        self.address = address.split("/")[0]
        self._network = address
        self._gateway = gateway
        self._lab = lab
        self._process = None

    def unpack(self, vip):
        """Boots the guest with the VIP on its tunl0 and returns what unpacks; LabError if one of the page's commands fails."""
        if not MODULES.is_dir():
            raise LabError("user-mode-linux is not installed (tools/setup does it)")
        home = self._lab.folder / self.name_in_answers
        command = " ".join(f"'{part}'" for part in nginx(self.name_in_answers, home, self._lab.files))
        init = home / "init"
        init.write_text(_INIT.format(modules=MODULES, commands=commands_for("TUN", vip), address=self._network,
                                     gateway=self._gateway, nginx=command))
        init.chmod(0o755)
        self._boot(init, home)
        return "tunl0 of a user-mode-linux guest"

    def _boot(self, init, home):
        self._process = self._lab.run_in(
            self, *command_line(init, home, 96, ["vec0:transport=raw,ifname=eth0,depth=64,gro=0"]),
            stdin=subprocess.PIPE, env=environment(home))
        self._lab.at_end(self._power_off)
        wait_for(lambda: (home / "nginx.pid").exists() or not self._process.alive, "the guest's nginx", 30)
        if not self._process.alive:
            raise LabError(f"the guest died:\n{self._process.words()}")

    def _power_off(self):
        if self._process.alive:
            self._process.popen.communicate(b"\n", timeout=10)

    def answer_by(self, vip, gateway):
        """Its default route is the way back already."""

    def greet(self, address):
        """It has no hands to ping with: the director finds it by asking again."""
