# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""The same lines of shell on Linux IPVS and, by fairway-ipvs, on the director: what they print and how they end."""

import re

import pytest

# What runbooks and tutorials do, line by line.
TUTORIAL = """
ipvsadm -C
ipvsadm -A -t 192.168.4.15:80 -s rr
ipvsadm -a -t 192.168.4.15:80 -r 192.168.2.100:80 -m
ipvsadm -a -t 192.168.4.15:80 -r 192.168.2.200:80 -m -w 2
ipvsadm -a -t 192.168.4.15:80 -r 192.168.2.210 -g
ipvsadm -a -t 192.168.4.15:80 -r 192.168.2.220:8080 -i -w 3
ipvsadm
ipvsadm -L -n
ipvsadm -ln
ipvsadm -Ln
ipvsadm -Ln --stats
ipvsadm -Ln --rate
ipvsadm -Lnc
ipvsadm -Lcn
ipvsadm -Ln --thresholds
ipvsadm -Ln --persistent-conn
ipvsadm -Ln --tun-info
ipvsadm -Ln --sort
ipvsadm -Ln --exact --stats
ipvsadm -Ln -t 192.168.4.15:80
ipvsadm -E -t 192.168.4.15:80 -s wrr
ipvsadm -e -t 192.168.4.15:80 -r 192.168.2.100:80 -m -w 5
ipvsadm -Ln
ipvsadm -E -t 192.168.4.15:80 -s wlc -p 300
ipvsadm -e -t 192.168.4.15:80 -r 192.168.2.200:80 -g -w 0
ipvsadm -L -n
ipvsadm -S -n
ipvsadm-save -n
ipvsadm -Sn | ipvsadm -R
ipvsadm -S -n | ipvsadm-restore && ipvsadm -Sn
ipvsadm -Z
ipvsadm -Z -t 192.168.4.15:80
ipvsadm -d -t 192.168.4.15:80 -r 192.168.2.100:80
ipvsadm -D -t 192.168.4.15:80
ipvsadm -Ln
"""

SERVICES = """
ipvsadm -A -t 10.0.0.1:80
ipvsadm -A -t 10.0.0.1:443 -s sh -b sh-port,sh-fallback
ipvsadm -A -u 10.0.0.1:53 -s mh -b mh-port -o
ipvsadm -A -f 7 -s lblc
ipvsadm -A -f 8 -s rr -p
ipvsadm -A -t 10.0.0.2:0 -s rr -p 600
ipvsadm -A -t 10.0.0.3:80 -s dh -p 60 -M 255.255.255.0
ipvsadm -a -f 7 -r 192.0.2.1 -g
ipvsadm -a -f 8 -r 192.0.2.1 -m -x 100 -y 50
ipvsadm -a -f 8 -r 192.0.2.2 -i -w 2147483647
ipvsadm -a -t 10.0.0.2:0 -r 192.0.2.1 -m
ipvsadm -a -t 10.0.0.2:0 -r 192.0.2.2:0 -g
ipvsadm -a -t 10.0.0.1:80 -r 192.0.2.9:8080 -g
ipvsadm -a -t 10.0.0.1:80 -r 224.0.2.9:80 -m
ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.9:80 -m -w 0
ipvsadm -a -t 10.0.0.1:80 -r 127.0.0.1 -g
ipvsadm -Ln
ipvsadm -Ln --thresholds
ipvsadm -Ln --persistent-conn
ipvsadm -Ln --tun-info
ipvsadm -Ln --stats
ipvsadm -Ln -f 8
ipvsadm -Sn
ipvsadm -E -f 8 -s wrr -p 90 -M 255.255.0.0
ipvsadm -E -t 10.0.0.1:443 -s sh -b sh-port
ipvsadm -E -t 10.0.0.3:80 -s wlc
ipvsadm -e -f 8 -r 192.0.2.1 -m -x 0 -w 7
ipvsadm -Ln
ipvsadm -Sn
for s in rr wrr lc wlc lblc lblcr dh sh sed nq mh fo ovf; do ipvsadm -E -t 10.0.0.3:80 -s $s; ipvsadm -Ln -t 10.0.0.3:80; done
ipvsadm -D -f 7
ipvsadm -D -u 10.0.0.1:53
ipvsadm -Sn
"""

REFUSED = """
ipvsadm -A -t 10.0.0.1:80 -s rr
ipvsadm -a -t 10.0.0.1:80 -r 192.0.2.1:80 -m
ipvsadm -A -t 10.0.0.1:80 -s rr
ipvsadm -A -t 10.0.0.2:80 -s nosuch
ipvsadm -E -t 10.0.0.1:80 -s nosuch
ipvsadm -E -t 10.0.0.2:80 -s rr
ipvsadm -D -t 10.0.0.2:80
ipvsadm -Z -t 10.0.0.2:80
ipvsadm -Ln -t 10.0.0.2:80
ipvsadm -A -t 10.0.0.2:80 -s rr --pe sip
ipvsadm -a -t 10.0.0.1:80 -r 192.0.2.1:80 -m
ipvsadm -a -t 10.0.0.2:80 -r 192.0.2.1:80 -m
ipvsadm -a -t 10.0.0.1:80 -r 192.0.2.2:80 -m -x 5 -y 10
ipvsadm -a -t 10.0.0.1:80 -r 255.255.255.255:80 -m
ipvsadm -a -t 10.0.0.1:80 -r 0.0.0.0:80 -m
ipvsadm -a -t 10.0.0.1:80 -r 192.0.2.2:80 -m -w -1
ipvsadm -a -t 10.0.0.1:80 -r [2001:db8::1]:80 -m
ipvsadm -e -t 10.0.0.1:80 -r 192.0.2.2:80 -m
ipvsadm -d -t 10.0.0.1:80 -r 192.0.2.2:80
ipvsadm -d -t 10.0.0.2:80 -r 192.0.2.2:80
ipvsadm -A -t 10.0.0.9:0 -s rr
ipvsadm -A -t 10.0.0.9:80 -s rr -o
ipvsadm -A -t nonsense -s rr
ipvsadm -A -s rr
ipvsadm -nL
ipvsadm --no-such-option
ipvsadm --set 1 2
ipvsadm -A -6 -f 3
printf -- '-A -t 10.0.0.4:80 -s rr\\n-A -t 10.0.0.4:80 -s rr\\n-A -t 10.0.0.5:80 -s rr\\n' | ipvsadm -R
printf -- '-A -t 10.0.0.6:80 -s rr\\n# a comment\\n-A -t 10.0.0.7:80 -s rr\\n' | ipvsadm -R
ipvsadm -Ln
ipvsadm -h
ipvsadm -v
"""

DAEMONS_AND_TIMEOUTS = """
ipvsadm -L --timeout
ipvsadm --set 100 0 30
ipvsadm -L --timeout
ipvsadm --set 900 120 300
ipvsadm -L --timeout
ipvsadm -L --daemon
ipvsadm --start-daemon master --mcast-interface lo --syncid 7
ipvsadm --start-daemon master --mcast-interface lo
ipvsadm -L --daemon
ipvsadm --start-daemon backup --mcast-interface lo --syncid 9 --mcast-port 9000 --mcast-ttl 3 --mcast-group 224.0.0.99
ipvsadm -L --daemon
ipvsadm --stop-daemon master
ipvsadm --stop-daemon master
ipvsadm -L --daemon
ipvsadm --stop-daemon backup
ipvsadm --start-daemon master --mcast-interface nosuch
ipvsadm --start-daemon master --mcast-interface lo --sync-maxlen 1000
ipvsadm -L --daemon
"""

FILES = """
ipvsadm -A -t 10.0.0.1:80 -s rr -p 600
ipvsadm -a -t 10.0.0.1:80 -r 192.0.2.1:80 -m
ipvsadm -a -t 10.0.0.1:80 -r 192.0.2.2:80 -g -w 3
ipvsadm -a -t 10.0.0.1:80 -r 192.0.2.3:80 -i
cat /proc/net/ip_vs
cat /proc/net/ip_vs_stats
cat /proc/net/ip_vs_conn
ipvsadm -E -t 10.0.0.1:80 -s sh
cat /proc/net/ip_vs
ipvsadm -D -t 10.0.0.1:80; ipvsadm -A -u 10.0.0.9:53 -s rr -o; ipvsadm -a -u 10.0.0.9:53 -r 192.0.2.1 -g
cat /proc/net/ip_vs
ipvsadm -D -u 10.0.0.9:53; ipvsadm -A -f 77 -s wrr; ipvsadm -a -f 77 -r 192.0.2.1 -g
cat /proc/net/ip_vs
"""


def comparable(said):
    return re.sub(r"size=\d+", "size=N", said)


@pytest.mark.parametrize("script", ["TUTORIAL", "SERVICES", "REFUSED", "DAEMONS_AND_TIMEOUTS", "FILES"])
def test_prints_and_ends_as_on_the_kernel(script, bridge, kernel):
    for line in globals()[script].strip().splitlines():
        expected, wanted = kernel.ask(line)
        said, status = bridge.ask(line)
        assert (comparable(said), status) == (comparable(expected), wanted), line


# What the director refuses and the kernel does not, as a kernel does that was built without it.
@pytest.mark.parametrize("line, answer", [
    ("ipvsadm -A -t [2001:db8::1]:80 -s rr", "Operation not supported with specified address family\n"),
    ("ipvsadm -A -f 5 -6 -s rr", "Operation not supported with specified address family\n"),
    ("ipvsadm -A --sctp-service 10.0.0.1:80 -s rr", "Protocol not supported\n"),
    ("ipvsadm -A -t 10.0.0.1:80; ipvsadm -a -t 10.0.0.1:80 -r 192.0.2.1:80 -i --tun-type gre",
     "Protocol not supported\n"),
    ("ipvsadm -A -t 10.0.0.2:80; ipvsadm -a -t 10.0.0.2:80 -r 192.0.2.1:80 -i --tun-type gue --tun-port 6080",
     "Protocol not supported\n"),
    ("ipvsadm -A -t 10.0.0.3:80; ipvsadm -a -t 10.0.0.3:80 -r [2001:db8::1]:80 -i",
     "Invalid operation.  Possibly wrong module version, address not unicast, ...\n")])
def test_refuses_what_is_not_there(line, answer, bridge):
    assert bridge.ask(line) == (answer, 255)
