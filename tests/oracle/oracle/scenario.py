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


@dataclasses.dataclass(frozen=True)
class AddService:
    name: str
    protocol: str
    vip: str
    port: int
    scheduler: str
    method: str
    flags: tuple = ()  # of the scheduler, as in ipvsadm -b

    def __str__(self):
        flags = f" {','.join(self.flags)}" if self.flags else ""
        return f"service {self.name} {self.protocol} {self.vip}:{self.port} {self.scheduler} {self.method}{flags}"


@dataclasses.dataclass(frozen=True)
class EditService:
    name: str
    scheduler: str
    flags: tuple = ()

    def __str__(self):
        flags = f" {','.join(self.flags)}" if self.flags else ""
        return f"edit {self.name} {self.scheduler}{flags}"


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

    def __str__(self):
        port = f":{self.port}" if self.port else ""
        method = f" {self.method}" if self.method else ""
        return f"server {self.service} {self.server}{port} {self.weight}{method}"


@dataclasses.dataclass(frozen=True)
class EditServer:
    """Weight and method as given: ipvsadm -e replaces both."""
    service: str
    server: str
    port: int
    weight: int
    method: str = ""

    def __str__(self):
        port = f":{self.port}" if self.port else ""
        method = f" {self.method}" if self.method else ""
        return f"weight {self.service} {self.server}{port} {self.weight}{method}"


@dataclasses.dataclass(frozen=True)
class RemoveServer:
    service: str
    server: str
    port: int = 0

    def __str__(self):
        return f"remove {self.service} {self.server}{f':{self.port}' if self.port else ''}"


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
    settings: tuple = ()  # (name, value) pairs; those with the same ones can be played side by side

    @property
    def is_alone(self):
        """Whether it cannot be played beside others: settings are the director's."""
        return any(isinstance(event, Set) for event in self.events)

    def __str__(self):
        lines = [f"# {line}" for line in self.about.splitlines()]
        lines += [f"network {self.network}"] if self.network else []
        lines += [f"differs {name}" for name in self.differs]
        lines += [f"set {name} {value}" for name, value in self.settings]
        return "\n".join(lines + [str(event) for event in self.events]) + "\n"


OPTIONS = {  # what a packet may say of itself
    "ttl": int, "size": int, "data": int, "tos": lambda text: int(text, 0), "id": lambda text: int(text, 0),
    "checksum": str, "ihl": int, "side": str, "tcpoptions": int,
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


def _flags(words):
    return tuple(words[0].split(",")) if words else ()


def _service(name, protocol, endpoint, scheduler, method, *flags):
    if protocol not in PROTOCOLS or method not in METHODS:
        raise ValueError("a service is NAME tcp|udp VIP:PORT SCHEDULER nat|dr|tun [FLAGS]")
    return AddService(name, protocol, *_endpoint(endpoint), scheduler, method, _flags(flags))


def _server(service, endpoint, weight="1", method=""):
    return AddServer(service, *_endpoint(endpoint), int(weight), method)


_VERBS = {
    "service": _service,
    "edit": lambda name, scheduler, *flags: EditService(name, scheduler, _flags(flags)),
    "delete": DeleteService,
    "server": _server,
    "weight": lambda service, endpoint, weight, method="": EditServer(service, *_endpoint(endpoint), int(weight), method),
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
    elif words[0] == "differs":
        scenario.differs += tuple(words[1:])
    elif words[0] == "set" and not scenario.events:
        scenario.settings += ((words[1], int(words[2])),)
    else:
        scenario.events.append(parse_line(line))


def load(path):
    return parse(path.read_text(), path.stem)
