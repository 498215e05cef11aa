# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""The language of scenarios: one event a line. tests/oracle/README.md tells it to whoever writes one.

An event prints itself as the line that it was read from, so a random trace becomes a scenario file.
"""

import dataclasses
import re
import shlex

PROTOCOLS = ("tcp", "udp")
METHODS = ("nat", "dr", "tun")
FLAGS = {"FIN": 0x01, "SYN": 0x02, "RST": 0x04, "PSH": 0x08, "ACK": 0x10, "URG": 0x20, "NONE": 0}


class ScenarioError(Exception):
    """A line that means nothing, or an event that cannot be played; the message names file and line."""


def _words(*words, **options):
    """A line's words: what is empty or false is left out, options as KEY=VALUE or, if they are true, KEY."""
    said = [str(word) for word in words if word not in ("", None)]
    said += [key if value is True else f"{key}={value}" for key, value in options.items() if value]
    return " ".join(said)


def _at(name, port):
    return f"{name}:{port}" if port else name


@dataclasses.dataclass(frozen=True)
class AddService:
    """Of VIP and port (0: all ports), or of a mark."""
    name: str
    protocol: str
    vip: str
    port: int
    scheduler: str
    method: str
    flags: tuple = ()  # of the scheduler, as in ipvsadm -b
    persistent: int = 0  # seconds
    netmask: int = 0  # bits of a client's address that count for that; 0: all
    ops: bool = False
    mark: int = 0

    def __str__(self):
        where = ("mark", self.mark) if self.mark else (self.protocol, f"{self.vip}:{self.port}")
        return _words("service", self.name, *where, self.scheduler, self.method, ",".join(self.flags),
                      persistent=self.persistent, netmask=self.netmask, ops=self.ops)


@dataclasses.dataclass(frozen=True)
class EditService:
    """All as given: ipvsadm -E replaces all."""
    name: str
    scheduler: str
    flags: tuple = ()
    persistent: int = 0
    netmask: int = 0
    ops: bool = False

    def __str__(self):
        return _words("edit", self.name, self.scheduler, ",".join(self.flags), persistent=self.persistent,
                      netmask=self.netmask, ops=self.ops)


@dataclasses.dataclass(frozen=True)
class DeleteService:
    name: str

    def __str__(self):
        return f"delete {self.name}"


@dataclasses.dataclass(frozen=True)
class AddServer:
    service: str
    server: str
    port: int = 0  # 0: the service's
    weight: int = 1
    method: str = ""  # "": the service's
    upper: int = 0
    lower: int = 0

    def __str__(self):
        return _words("server", self.service, _at(self.server, self.port), self.weight, self.method, upper=self.upper,
                      lower=self.lower)


@dataclasses.dataclass(frozen=True)
class EditServer:
    """All as given: ipvsadm -e replaces all."""
    service: str
    server: str
    port: int
    weight: int
    method: str = ""
    upper: int = 0
    lower: int = 0

    def __str__(self):
        return _words("weight", self.service, _at(self.server, self.port), self.weight, self.method, upper=self.upper,
                      lower=self.lower)


@dataclasses.dataclass(frozen=True)
class RemoveServer:
    service: str
    server: str
    port: int = 0

    def __str__(self):
        return f"remove {self.service} {_at(self.server, self.port)}"


@dataclasses.dataclass(frozen=True)
class Mark:
    """Packets to this VIP and these ports get the mark from now on."""
    mark: int
    protocol: str
    vip: str
    ports: str  # "80" or "8000-8010"

    def __str__(self):
        return f"mark {self.mark} {self.protocol} {self.vip} {self.ports}"


@dataclasses.dataclass(frozen=True)
class Listen:
    """The director itself has a socket on this port, of all its addresses: TCP takes connections, UDP sends back what comes."""
    protocol: str
    port: int

    def __str__(self):
        return f"listen {self.protocol} {self.port}"


@dataclasses.dataclass(frozen=True)
class Zero:
    """Statistics of the service begin at zero again."""
    name: str

    def __str__(self):
        return f"zero {self.name}"


@dataclasses.dataclass(frozen=True)
class Packet:
    """`times` packets from ports that count up. `peer` is a service's name, or ADDRESS:PORT."""
    client: str
    port: int
    to_server: bool
    peer: str
    flags: str  # "SYN,ACK", or "UDP"
    times: int = 1
    options: tuple = ()  # (key, value) pairs: OPTIONS

    def __str__(self):
        words = [f"{self.client}:{self.port}", ">" if self.to_server else "<", self.peer, self.flags]
        words += [f"x{self.times}"] if self.times > 1 else []
        words += [key if value is True else f"{key}={value}" for key, value in self.options]
        return " ".join(words)

    def option(self, key, default=None):
        return dict(self.options).get(key, default)


@dataclasses.dataclass(frozen=True)
class Wait:
    seconds: float

    def __str__(self):
        return f"wait {self.seconds:g}"


@dataclasses.dataclass(frozen=True)
class Set:
    """A setting from now on. Before all other events it is a setting of the scenario."""
    name: str
    value: int

    def __str__(self):
        return f"set {self.name} {self.value}"


@dataclasses.dataclass(frozen=True)
class Show:
    """Compares services, counts and connections now; statistics too if asked for, which takes the kernel 2 s."""
    statistics: bool = False

    def __str__(self):
        return "statistics" if self.statistics else "show"


@dataclasses.dataclass(frozen=True)
class Chosen:
    """The servers that opened connections since the last `chosen` of this service; "-" is none."""
    service: str
    servers: tuple

    def __str__(self):
        return f"chosen {self.service} {' '.join(self.servers)}"


@dataclasses.dataclass(frozen=True)
class State:
    """What the connection's state must be now, on both sides; "-" is none."""
    client: str
    port: int
    service: str
    state: str

    def __str__(self):
        return f"state {self.client}:{self.port} {self.service} {self.state}"


@dataclasses.dataclass
class Scenario:
    name: str
    about: str = ""
    events: list = dataclasses.field(default_factory=list)
    network: int = 0  # which addresses its names mean; 0: any that are unused
    differs: tuple = ()  # names of the known differences that it shows
    may_differ: tuple = ()  # likewise, that it may show
    settings: tuple = ()  # (name, value) pairs; those with the same ones can be played side by side
    is_long: bool = False  # it waits for minutes; the suite leaves it out

    @property
    def is_alone(self):
        """Whether it cannot be played beside others: settings are the director's."""
        return any(isinstance(event, Set) for event in self.events)

    def __str__(self):
        lines = [f"# {line}" for line in self.about.splitlines()]
        lines += ["long"] if self.is_long else []
        lines += [f"network {self.network}"] if self.network else []
        lines += [f"differs {name}" for name in self.differs]
        lines += [f"may-differ {name}" for name in self.may_differ]
        lines += [f"set {name} {value}" for name, value in self.settings]
        return "\n".join(lines + [str(event) for event in self.events]) + "\n"


OPTIONS = {  # what a packet may say of itself
    "ttl": int, "size": int, "data": int, "tos": lambda text: int(text, 0), "id": lambda text: int(text, 0),
    "checksum": str, "ihl": int, "side": str, "tcpoptions": int,
    "answers": int,  # packets that a program on the director sends back, which takes its time
}
SWITCHES = ("df", "mf")
_DEFAULT_PORT = 1025


def _endpoint(text, port=0):
    name, colon, number = text.rpartition(":")
    return (name, int(number)) if colon else (text, port)


def _packet(words):
    client, port = _endpoint(words[0], _DEFAULT_PORT)
    times, options = 1, []
    for word in words[4:]:
        key, equals, value = word.partition("=")
        if re.fullmatch(r"x\d+", word):
            times = int(word[1:])
        elif key in SWITCHES and not equals:
            options.append((key, True))
        elif key in OPTIONS:
            options.append((key, OPTIONS[key](value)))
        else:
            raise ValueError(f"unknown option {word}")
    if words[3] != "UDP" and not set(words[3].split(",")) <= set(FLAGS):
        raise ValueError(f"unknown flags {words[3]}")
    return Packet(client, port, words[1] == ">", words[2], words[3], times, tuple(options))


def _options(words, switches=(), **kinds):
    """(other words, options) of a line's words."""
    others, options = [], {}
    for word in words:
        key, equals, value = word.partition("=")
        if equals and key in kinds:
            options[key] = kinds[key](value)
        elif word in switches:
            options[word] = True
        else:
            others.append(word)
    return others, options


def _service_options(words):
    flags, options = _options(words, ("ops",), persistent=int, netmask=int)
    if len(flags) > 1:
        raise ValueError(f"unknown option {flags[1]}")
    return {"flags": tuple(flags[0].split(",")) if flags else (), **options}


def _service(name, protocol, endpoint, scheduler, method, *more):
    if protocol not in (*PROTOCOLS, "mark") or method not in METHODS:
        raise ValueError("a service is NAME tcp|udp VIP:PORT SCHEDULER nat|dr|tun, or NAME mark NUMBER SCHEDULER nat|dr|tun")
    options = _service_options(more)
    if protocol == "mark":
        return AddService(name, "tcp", "", 0, scheduler, method, mark=int(endpoint), **options)
    return AddService(name, protocol, *_endpoint(endpoint), scheduler, method, **options)


def _edit(name, scheduler, *more):
    return EditService(name, scheduler, **_service_options(more))


def _server(service, endpoint, *more):
    (weight, method), options = _server_words(more)
    return AddServer(service, *_endpoint(endpoint), weight, method, **options)


def _weight(service, endpoint, *more):
    (weight, method), options = _server_words(more)
    return EditServer(service, *_endpoint(endpoint), weight, method, **options)


def _server_words(words):
    """((weight, method), options)"""
    others, options = _options(words, upper=int, lower=int)
    weight, method = (others + ["1", ""][len(others):])[:2]
    if len(others) > 2 or method not in ("", *METHODS):
        raise ValueError("a server has a weight, a method, upper= and lower=")
    return (int(weight), method), options


_VERBS = {
    "service": _service,
    "edit": _edit,
    "delete": DeleteService,
    "server": _server,
    "weight": _weight,
    "mark": lambda mark, protocol, vip, ports: Mark(int(mark), protocol, vip, ports),
    "listen": lambda protocol, port: Listen(protocol, int(port)),
    "zero": Zero,
    "remove": lambda service, endpoint: RemoveServer(service, *_endpoint(endpoint)),
    "wait": lambda seconds: Wait(float(seconds)),
    "set": lambda name, value: Set(name, int(value)),
    "show": Show,
    "statistics": lambda: Show(statistics=True),
    "chosen": lambda service, *servers: Chosen(service, servers),
    "state": lambda client, service, state: State(*_endpoint(client, _DEFAULT_PORT), service, state),
}


def parse_line(text):
    """The event of a line."""
    words = shlex.split(text, comments=True)
    if len(words) >= 4 and words[1] in "<>":
        return _packet(words)
    if words[0] not in _VERBS:
        raise ValueError(f"there is no event '{words[0]}'")
    return _VERBS[words[0]](*words[1:])


def parse(text, name):
    """A whole scenario; ScenarioError names the line that is wrong. The comment at the top says what it is about."""
    scenario, about = Scenario(name), []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            if not scenario.events and line:
                about.append(line.lstrip("# "))
            continue
        try:
            _read_line(scenario, line)
        except (ValueError, TypeError) as error:
            raise ScenarioError(f"{name}:{number}: {line}: {error}") from error
    scenario.about = "\n".join(about)
    return scenario


def _read_line(scenario, line):
    words = shlex.split(line, comments=True)
    if words[0] == "network":
        scenario.network = int(words[1])
    elif words == ["long"]:
        scenario.is_long = True
    elif words[0] == "differs":
        scenario.differs += tuple(words[1:])
    elif words[0] == "may-differ":
        scenario.may_differ += tuple(words[1:])
    elif words[0] == "set" and not scenario.events:
        scenario.settings += ((words[1], int(words[2])),)
    else:
        scenario.events.append(parse_line(line))


def load(path):
    return parse(path.read_text(), path.stem)
