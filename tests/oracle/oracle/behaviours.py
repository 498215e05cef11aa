# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""What Linux IPVS does, behaviour by behaviour, and where Fairway was seen to do the same: what docs/fidelity.md is made of.

Every scenario stands with one behaviour at least. What differs stands in differences.py.
"""

SAME = {  # area → (behaviour, scenarios that show it)
    "Choosing a server": (
        ("rr, wrr: order, weights, phase after edits; servers deleted, quiesced, added in mid-run",
         "rr-edits wrr-edits scheduler-edited mixed-methods"),
        ("all others: weights changed, servers added and removed in mid-run",
         "edits-lc edits-wlc edits-sed edits-nq edits-fo edits-ovf edits-sh edits-sh-by-port edits-mh edits-mh-by-port edits-dh "
         "edits-lblc edits-lblcr"),
        ("lc, wlc, sed, nq: active and inactive connections, ties by the order of the list",
         "nat-tcp-half-open dr-udp scheduler-edited all-schedulers-weights thresholds-lowered timeouts"),
        ("an active connection counts as 256 inactive ones", "active-against-inactive"),
        ("fo, ovf: overflow at weight + 1; weights up to 65535, of every scheduler", "all-schedulers-weights huge-weights"),
        ("sh, mh: each client's server, `sh-port`, `mh-port`, `sh-fallback`, `mh-fallback`, weight 0", "hashing sh-overload sh-fallback"),
        ("dh, lblc, lblcr: by destination, overloaded servers", "dh-marks threshold-of-lblc"),
        ("`lblc_expiration`, `lblcr_expiration`", "long-lblc-expiration lblcr-expiration"),
        ("no server, weight 0 everywhere: ICMP port unreachable from the VIP", "no-server counting-no-server quiesce"),
        ("another scheduler in mid-run", "scheduler-edited"),
        ("source port 20 opens nothing", "port-20"),
    ),
    "Persistence, marks, one-packet scheduling": (
        ("a persistent client keeps its server; PersistConn, NONE and ASSURED templates in the list", "persistence persistence-udp"),
        ("netmasks", "persistence-netmask"),
        ("templates and weight 0, deleted servers, overload",
         "persistence-quiesced persistence-server-deleted persistence-overload persistence-expire-quiescent"),
        ("persistence edited in mid-run", "persistence-edited"),
        ("a template's end, put off while it has connections", "persistence-expires persistence-renewed long-persistence"),
        ("services of every port (port 0)", "every-port"),
        ("services by mark, with and without persistence, before those by address", "marks marks-persistent marks-before-address "
         "marks-dr marks-edited dh-marks"),
        ("services of port 21 and what may be FTP's data", "port-21 port-21-not-persistent"),
        ("one-packet scheduling by DR, TUN and NAT, with persistence, against thresholds",
         "one-packet one-packet-tun one-packet-nat one-packet-persistent one-packet-thresholds"),
    ),
    "Thresholds": (
        ("overload from the upper threshold on, its end at three quarters or below the lower one",
         "thresholds thresholds-lower thresholds-lower-ends overload-all"),
        ("thresholds edited in mid-run", "thresholds-lowered thresholds-lower overload-all"),
        ("overload and sh, lblc, persistence", "sh-overload threshold-of-lblc persistence-overload"),
    ),
    "States and timeouts": (
        ("TCP by NAT: every state, RST, FIN and SYN of either end in each", "nat-tcp-client-closes nat-tcp-server-closes "
         "nat-tcp-both-close nat-tcp-reset-in-each-state nat-tcp-reset-after-close nat-tcp-syn-again nat-tcp-odd-flags "
         "nat-tcp-half-open no-connection"),
        ("TCP by DR and TUN, one direction", "dr-tcp tun-tcp dr-tcp-reset-in-each-state dr-on-the-outside"),
        ("UDP", "nat-udp dr-udp tun-udp"),
        ("`--set` timeouts, waited out and changed in mid-run", "timeouts timeouts-changed"),
        ("CLOSE ends after 10 s", "close-expires thresholds"),
        ("all other timeouts, waited out with their defaults", "long-half-open long-closing long-established"),
        ("`secure_tcp`", "secure-tcp-nat secure-tcp-dr"),
        ("`sloppy_tcp`", "sloppy-tcp"),
        ("`conn_reuse_mode`", "conn-reuse-0 conn-reuse-2 conn-reuse-1-fin-wait conn-reuse-counts conn-reuse-thresholds "
         "nat-tcp-syn-again"),
        ("`drop_packet` 3 with `am_droprate`", "drop-packet"),
    ),
    "Edits and deletions": (
        ("packets to a deleted server are dropped, its replies go out", "server-deleted counting"),
        ("a server, or a whole service, that comes back has its connections again", "server-deleted-and-back service-deleted "
         "server-back-with-another-method"),
        ("weight 0", "quiesce"),
        ("the forwarding method edited: new connections only", "method-edited server-back-with-another-method"),
        ("`expire_nodest_conn`", "expire-nodest expire-nodest-quiesced"),
    ),
    "A server that is the director itself (LOCALNODE), cache_bypass": (
        ("by NAT, TCP and UDP, its port listening or closed, TTL 1",
         "local-nat local-nat-closed local-nat-udp local-nat-udp-closed"),
        ("by DR and TUN: up to the director's own stack as it is", "local-dr local-dr-closed local-tun"),
        ("127.0.0.1: by DR as any other, by NAT dropped", "local-loopback-dr local-loopback-nat"),
        ("weights, deleted, back again", "local-weights local-deleted"),
        ("`cache_bypass`: on to where the packet was sent to, unless that is the director",
         "cache-bypass cache-bypass-off cache-bypass-local cache-bypass-ttl"),
    ),
    "Packets": (
        ("NAT: addresses, ports, checksums, odd lengths, IP and TCP options", "nat-checksums nat-other-port"),
        ("DR, TUN: the outer header's TTL, TOS, DF, id", "dr-tcp tun-tcp tun-udp tun-tos mixed-methods dr-udp-checksum-0"),
        ("TTL 1 and 0, of either direction", "ttl ttl-of-replies ttl-of-the-first-packet"),
        ("MTU and MTU + 1 with DF, of either direction", "mtu-nat mtu-dr mtu-tun mtu-of-replies mtu-of-the-first-packet"),
        ("ICMP errors byte for byte", "icmp-errors"),
        ("`pmtu_disc`, `nat_icmp_send`", "pmtu-disc-off nat-icmp-send"),
        ("what belongs to no service or connection goes to the director's own stack", "no-service no-connection reply-of-no-connection"),
    ),
    "Counting": (
        ("packets, bytes and connections of servers and services", "counting counting-no-server server-deleted-and-back"),
        ("`ipvsadm -Z`", "zero"),
    ),
}

NOT_APPLICABLE = (  # (what the kernel has, why it is not here)
    ("ip_vs_ftp", "Not built: it rewrites payloads, for a protocol that few still balance. Passive FTP works with a persistent "
                  "service of port 0."),
    ("persistence engine `sip`", "Not built: SIP's Call-ID would have to be parsed on the data path."),
    ("AH and ESP", "Not built: they belong to no service of their own in the kernel either, but follow a client's UDP port 500."),
    ("SCTP", "Not built: services are TCP or UDP."),
    ("`schedule_icmp`", "Not built: an ICMP error opens no connection."),
    ("`conntrack`, `snat_reroute`", "There is no netfilter on Fairway's data path."),
    ("`sync_*`, `backup_only`", "Connections are not synchronised between directors."),
    ("`ignore_tunneled`", "Fairway does not decapsulate."),
    ("`sloppy_sctp`", "There is no SCTP."),
    ("scheduler twos", "It draws at random, and Debian's kernel is built without it; tests/model holds it to a model of its own."),
    ("gre, gue and fou tunnels", "Not built: TUN is IP in IP."),
)
