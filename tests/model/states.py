# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""What packets make of a connection's state in IPVS, written down from its rules as changes, not as tables.

A rule is: event, states it finds, what they become. Whatever no rule names stays as it is.
"""

INPUT, OUTPUT, INPUT_ONLY = "input", "output", "input only"

TIMEOUTS = {"NONE": 2, "ESTABLISHED": 900, "SYN_SENT": 120, "SYN_RECV": 60, "FIN_WAIT": 120, "TIME_WAIT": 120,
            "CLOSE": 10, "CLOSE_WAIT": 60, "LAST_ACK": 30, "LISTEN": 120, "SYNACK": 120, "UDP": 300}
SHORT = {"NO": "NONE", "ES": "ESTABLISHED", "SS": "SYN_SENT", "SR": "SYN_RECV", "FW": "FIN_WAIT", "TW": "TIME_WAIT",
         "CL": "CLOSE", "CW": "CLOSE_WAIT", "LA": "LAST_ACK", "LI": "LISTEN", "SA": "SYNACK"}
ACTIVE = {"ESTABLISHED", "SYN_SENT", "SYN_RECV", "SYNACK"}

USUAL = {
    INPUT: """SYN NO FW TW CL CW LA LI SA > SR
              SYN SS > ES
              FIN NO > CL
              FIN ES > CW
              FIN SR FW SA > TW
              ACK NO SR SA > ES
              ACK LA > CL
              RST NO ES SS FW TW CW > CL
              RST SA > SR""",
    OUTPUT: """SYN NO FW TW CL CW LA > SS
               SYN SA > SR
               FIN NO SR CW SA > TW
               FIN ES > FW
               ACK NO SR LI SA > ES
               RST NO ES SR FW CW LA LI SA > CL""",
    INPUT_ONLY: """SYN NO FW TW CL CW LA LI SA > SR
                   SYN SS > ES
                   FIN NO > CL
                   FIN ES > FW
                   FIN SR SA > TW
                   ACK NO SR SA > ES
                   ACK LA > CL
                   RST NO ES SS FW TW CW SA > CL""",
}
SECURE = {
    INPUT: """SYN NO FW TW CL CW LA LI > SR
              SYN SS > ES
              FIN NO > CL
              FIN ES > CW
              FIN SR FW > TW
              ACK NO > ES
              ACK LA > CL
              RST NO ES SS FW TW CW SA > CL""",
    OUTPUT: """SYN NO FW TW CL CW LA > SS
               SYN SR > SA
               FIN NO SR CW SA > TW
               FIN ES > FW
               ACK NO SR LI SA > ES
               RST NO ES SR FW CW LA LI SA > CL""",
    INPUT_ONLY: """SYN NO FW TW CL CW LA LI > SA
                   SYN SS > ES
                   FIN NO > CL
                   FIN ES > FW
                   FIN SR SA > TW
                   ACK NO SR SA > ES
                   ACK LA > CL
                   RST NO ES SS FW TW CW SA > CL""",
}


def read(rules):
    changes = {}
    for line in rules.splitlines():
        (event, *found), (after,) = (side.split() for side in line.split(">"))
        for state in found:
            changes[event, SHORT[state]] = SHORT[after]
    return changes


MACHINES = {secure: {direction: read(rules) for direction, rules in machine.items()}
            for secure, machine in ((False, USUAL), (True, SECURE))}


def event_of(flags):
    """Scapy's letters: a reset counts before a SYN, that before a FIN, that before an ACK."""
    for letter, event in (("R", "RST"), ("S", "SYN"), ("F", "FIN"), ("A", "ACK")):
        if letter in flags:
            return event
    return None


class Connection:
    """`is_one_way`: of DR or TUN, whose replies the director does not see until one comes by."""

    def __init__(self, is_one_way, secure=False, state="NONE"):
        self.is_one_way, self.secure, self.state = is_one_way, secure, state

    def copy(self):
        return Connection(self.is_one_way, self.secure, self.state)

    def packet(self, sender, flags):
        if sender == "server":
            self.is_one_way = False
            direction = OUTPUT
        else:
            direction = INPUT_ONLY if self.is_one_way else INPUT
        event = event_of(flags)
        self.state = MACHINES[self.secure][direction].get((event, self.state), self.state) if event else "CLOSE"
        return self


def paths(is_one_way, secure, first):
    """For each state (and whether replies were seen) that packets lead to: the shortest row of packets that does."""
    known = {}
    begin = Connection(is_one_way, secure).packet("client", first)
    queue = [(begin, [("client", first)])]
    while queue:
        connection, row = queue.pop(0)
        if (connection.state, connection.is_one_way) in known:
            continue
        known[connection.state, connection.is_one_way] = row
        for sender in ("client", "server"):
            for flags in ("S", "FA", "A", "R", "P"):
                queue.append((connection.copy().packet(sender, flags), row + [(sender, flags)]))
    return known
