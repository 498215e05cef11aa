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
ipvsadm -S > $RULES; ipvsadm -C; ipvsadm -Ln; ipvsadm -R < $RULES; ipvsadm -Ln
ipvsadm-save -n > $RULES; ipvsadm --clear; ipvsadm-restore < $RULES; ipvsadm-save -n
ipvsadm-save > $RULES; ipvsadm -D -t 192.168.4.15:80; ipvsadm-restore < $RULES; ipvsadm -Ln
ipvsadm -D -t 192.168.4.15:80
ipvsadm -Ln
ipvsadm -A -u 192.168.4.15:53 -s wlc -p 60
ipvsadm -a -u 192.168.4.15:53 -r 192.168.2.100 -m
ipvsadm -A -f 1 -s rr -p 300
ipvsadm -a -f 1 -r 192.168.2.100 -g -w 1
ipvsadm -a -f 1 -r 192.168.2.200 -g -w 2
ipvsadm -Ln
ipvsadm -Ln --stats
ipvsadm -C
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

# Each option by its long name, and the ways to write a value.
LONG_NAMES = """
ipvsadm --clear
ipvsadm --add-service --tcp-service 10.0.0.1:http --scheduler wrr --persistent 300 --netmask 255.255.255.0
ipvsadm --add-service --udp-service 10.0.0.1:53 --scheduler rr --ops
ipvsadm --add-service --fwmark-service 9 --scheduler sh --sched-flags sh-fallback
ipvsadm --add-service --fwmark-service 10 --scheduler mh --sched-flags flag-1,flag-2
ipvsadm -A -t 10.0.0.2:80 -s wlc -p600
ipvsadm -A -t 10.0.9:80 -s wlc -p
ipvsadm -A -t 10.0.0.3:80 --scheduler=lc --persistent=100
ipvsadm --add-server --tcp-service 10.0.0.1:80 --real-server 192.0.2.1:8080 --masquerading --weight 3 --u-threshold 9 --l-threshold 3
ipvsadm --add-server --tcp-service 10.0.0.1:80 --real-server 192.0.2.2 --gatewaying
ipvsadm --add-server --tcp-service 10.0.0.1:80 --real-server 192.0.2.3 --ipip --tun-type ipip
ipvsadm --add-server --udp-service 10.0.0.1:domain --real-server 192.0.2.1
ipvsadm --add-server --fwmark-service 9 --real-server 192.0.2.1:81 --masquerading
ipvsadm --add-server --fwmark-service 9 --real-server 192.0.2.2
ipvsadm --list --numeric
ipvsadm -l -n
ipvsadm --list --numeric --tcp-service 10.0.0.1:80
ipvsadm --list --numeric --fwmark-service 9
ipvsadm --list --numeric --nosort | sort
ipvsadm --list --numeric --nosort --tcp-service 10.0.0.1:80
ipvsadm --list --numeric --sort --thresholds
ipvsadm --list --numeric --stats --exact
ipvsadm --list --numeric --rate -X
ipvsadm --list --numeric --stats --rate --thresholds --persistent-conn
ipvsadm --list --numeric --stats --tcp-service 10.0.0.1:80
ipvsadm --list --numeric --persistent-conn
ipvsadm --list --numeric --tun-info
ipvsadm --list --numeric --connection
ipvsadm --list --numeric --connection --persistent-conn
ipvsadm --list --timeout
ipvsadm --list --daemon
ipvsadm --save --numeric
ipvsadm --edit-service --tcp-service 10.0.0.1:80 --scheduler lblcr
ipvsadm --edit-server --tcp-service 10.0.0.1:80 --real-server 192.0.2.2 --masquerading --weight 65536
ipvsadm --edit-server --tcp-service 10.0.0.1:80 --real-server 192.0.2.1:8080 --gatewaying
ipvsadm --zero --tcp-service 10.0.0.1:80
ipvsadm --zero
ipvsadm --save --numeric
ipvsadm --save --numeric > $RULES; ipvsadm --clear; ipvsadm --restore < $RULES; ipvsadm --save --numeric
sed s/^/ipvsadm\\ / $RULES > $RULES.2; ipvsadm -C; ipvsadm -R < $RULES.2; ipvsadm --save --numeric; rm $RULES.2
ipvsadm --delete-server --tcp-service 10.0.0.1:80 --real-server 192.0.2.3
ipvsadm --delete-service --fwmark-service 9
ipvsadm --list --numeric
ipvsadm --set 7200 30 60
ipvsadm --list --timeout
ipvsadm --start-daemon backup --mcast-interface lo --syncid 3
ipvsadm --list --daemon
ipvsadm --list --daemon --syncid 3
ipvsadm --stop-daemon backup --syncid 3
ipvsadm --list --daemon
ipvsadm --version
ipvsadm --help
"""

# What ipvsadm says of command lines that are no good: the director must not come to hear of them.
USAGE = """
ipvsadm -A -t 10.0.0.1:80 -s rr
ipvsadm -a -t 10.0.0.1:80
ipvsadm -a -t 10.0.0.1:80 -r 192.0.2.1:80 -m -g
ipvsadm -a -t 10.0.0.1:80 -r 192.0.2.1:80 -s rr
ipvsadm -a -t 10.0.0.1:80 -r 192.0.2.1:80 -w many
ipvsadm -a -t 10.0.0.1:80 -r 192.0.2.1:80 -w 2147483648
ipvsadm -a -t 10.0.0.1:80 -r 192.0.2.1:80 -x many
ipvsadm -a -t 10.0.0.1:80 -r 192.0.2.1:80 -m --tun-type gre
ipvsadm -a -t 10.0.0.1:80 -r 192.0.2.1:80 -i --tun-type gue
ipvsadm -a -t 10.0.0.1:80 -r 192.0.2.1:80 -i --tun-type gue --tun-port 0
ipvsadm -a -t 10.0.0.1:80 -r 192.0.2.1:80 -i --tun-type ipip --tun-csum
ipvsadm -a -t 10.0.0.1:80 -r 192.0.2.1:80 -i --tun-type gre --tun-remcsum
ipvsadm -a -t 10.0.0.1:80 -r 192.0.2.1:80 -i --tun-type nosuch
ipvsadm -A -t 10.0.0.1:80 -u 10.0.0.1:80
ipvsadm -A -t 10.0.0.1:80 -t 10.0.0.2:80
ipvsadm -A -t 10.0.0.2:80 -p 0
ipvsadm -A -t 10.0.0.2:80 -p 2678401
ipvsadm -A -t 10.0.0.2:80 -M nonsense
ipvsadm -A -t 10.0.0.2:80 -b sh-port
ipvsadm -A -t 10.0.0.2:80 -s sh -b nosuch
ipvsadm -A -t 10.0.0.2:80 -s mh -b sh-port
ipvsadm -A -f 0
ipvsadm -A -f many
ipvsadm -A -t 10.0.0.2
ipvsadm -A -t 10.0.0.2:70000
ipvsadm -A -u 10.0.0.2:0 -s rr
ipvsadm -D
ipvsadm -D -t 10.0.0.1:80 -s rr
ipvsadm -C -t 10.0.0.1:80
ipvsadm -Z -s rr
ipvsadm -S -t 10.0.0.1:80
ipvsadm -L -s rr
ipvsadm -Ln -c -t 10.0.0.1:80
ipvsadm -Ln --timeout --daemon
ipvsadm -Ln -t 10.0.0.1:80 -f 1
ipvsadm -L stray
ipvsadm -A -D -t 10.0.0.1:80
ipvsadm --set one two three
ipvsadm --set 1 2 3 4
ipvsadm --set 4294967296 2 3
ipvsadm --set 2147483647 2 3
ipvsadm --start-daemon
ipvsadm --start-daemon both
ipvsadm --start-daemon master --syncid 256
ipvsadm --start-daemon master --sync-maxlen 0
ipvsadm --start-daemon master --mcast-group 10.0.0.1 --mcast-interface lo
ipvsadm --stop-daemon nosuch
ipvsadm --add-serv -t 10.0.0.2:80
ipvsadm -R < /dev/null
printf '\\n\\n' | ipvsadm -R
printf -- '-A -t 10.0.0.4:80\\nnonsense\\n-A -t 10.0.0.5:80\\n' | ipvsadm -R
printf -- '-A -t 10.0.0.6:80\\n# a comment\\n' | ipvsadm-restore
ipvsadm -Ln
ipvsadm -L --timeout
ipvsadm -L --daemon
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


@pytest.mark.parametrize("script", ["TUTORIAL", "SERVICES", "REFUSED", "LONG_NAMES", "USAGE", "DAEMONS_AND_TIMEOUTS", "FILES"])
def test_prints_and_ends_as_on_the_kernel(script, bridge, kernel, tmp_path):
    for line in globals()[script].strip().splitlines():
        line = line.replace("$RULES", str(tmp_path / "rules"))
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
