# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Real servers: nginx that answers with its host's name, and what DR and TUN ask of a host."""

import atexit
import functools
import hashlib
import os
import pathlib
import random
import shutil
import sys
import tempfile

from .client import Client
from .namespace import run, wait_for

HERE = pathlib.Path(__file__).resolve().parent
BIG_FILE_MEGABYTES = 100

_NGINX = """\
user root;
pid {home}/nginx.pid;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/fastcgi;
  uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
  sendfile on;
  keepalive_timeout 600; keepalive_requests 1000000;
  server {{
    listen 80 backlog=4096;
    location / {{ default_type text/plain; return 200 "{name}\\n"; }}
    location /files/ {{ alias {files}/; }}
    location /own/ {{ alias {home}/own/; }}
  }}
}}
"""


def nginx(name, home, files):
    """Writes an nginx.conf that keeps everything below `home`, and returns nginx's command line."""
    (home / "own").mkdir(parents=True)  # what this server alone has, at /own/
    (home / "nginx.conf").write_text(_NGINX.format(name=name, home=home, files=files))
    return ["nginx", "-p", home, "-e", home / "error.log", "-c", home / "nginx.conf", "-g", "daemon off; master_process off;"]


@functools.cache
def big_file():
    """A file of 100 MB that does not compress, made once a process: its folder and its SHA-256."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"fw{os.getpid()}-files-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    noise, digest = random.Random(1), hashlib.sha256()
    with open(folder / "big", "wb") as file:
        for _ in range(BIG_FILE_MEGABYTES):
            chunk = noise.randbytes(1_000_000)
            digest.update(chunk)
            file.write(chunk)
    return folder, digest.hexdigest()


class RealServer(Client):
    """A host that answers (and, being a host, can ask). `address` is the one the director knows it by."""

    def __init__(self, namespace, name, address, lab):
        super().__init__(namespace)
        self.name_in_answers = name
        self.address = address
        self.lab = lab
        self._unpacks_by = None

    def start_nginx(self):
        self.lab.run_in(self, *nginx(self.name_in_answers, self.lab.folder / self.name_in_answers, self.lab.files))
        wait_for(lambda: self.listens(80), f"nginx of {self.name_in_answers}")

    def start_echo(self, port):
        return self.lab.start_echo(self, self.name_in_answers, port)

    def start_iperf(self, port=5201):
        self.lab.run_in(self, "iperf3", "--server", "--port", port)
        wait_for(lambda: self.listens(port), f"iperf3 of {self.name_in_answers}")

    def hold_vip(self, vip):
        """DR: the VIP stands on lo, and no ARP request for it is answered."""
        self.sysctl("ipv4.conf.all.arp_ignore", 1)
        self.sysctl("ipv4.conf.all.arp_announce", 2)
        self.ip(f"addr replace {vip}/32 dev lo")

    def unpack(self, vip):
        """TUN: IPIP packets for the VIP are unpacked; returns what does it. The VIP is held as for DR."""
        self.hold_vip(vip)
        self._unpacks_by = self._unpacks_by or self._start_unpacking()
        return self._unpacks_by

    def _start_unpacking(self):
        if shutil.which("modprobe"):
            run("modprobe", "ipip", check=False)
        device, by = "tunl0", "the kernel's ipip"
        if not self.has_device(device):
            device, by = "tun0", "the lab's own helper (this kernel has no ipip)"
            self.lab.run_in(self, sys.executable, HERE / "decapsulate.py", device)
            wait_for(lambda: self.has_device(device), f"decapsulator of {self.name_in_answers}")
        self.ip(f"link set {device} up")
        return by

    def answer_by(self, vip, gateway):
        """Sends what comes from the VIP by this gateway and not by the default one, which may be the director."""
        self.ip(f"rule add from {vip} lookup 100")
        self.ip(f"route replace default via {gateway} table 100")

    def greet(self, address):
        """One ping, by which the other side learns this host's MAC address."""
        self.run("ping", "-q", "-c", "1", "-W", "5", address)
