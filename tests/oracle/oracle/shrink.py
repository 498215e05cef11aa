# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Makes a failing scenario small: what is left still fails, and fails no more if any one of its events is taken away."""

import dataclasses

from .compare import SECONDS_APART
from .scenario import AddServer, AddService, DeleteService, EditServer, EditService, Packet, RemoveServer

_AT_ONCE = 24


def sound(events):
    """The events without those that ask for what is not there (any more), as happens when some are taken away."""
    services, known, kept = {}, set(), []
    for event in events:
        if isinstance(event, Packet):
            if ":" not in event.peer and event.peer not in known:
                continue
        elif isinstance(event, AddService):
            if event.name in services:
                continue
            services[event.name] = set()
            known.add(event.name)
        elif isinstance(event, DeleteService):
            if services.pop(event.name, None) is None:
                continue
        elif isinstance(event, EditService):
            if event.name not in services:
                continue
        elif isinstance(event, (AddServer, EditServer, RemoveServer)):
            servers, key = services.get(event.service), (event.server, event.port)
            if servers is None or (key in servers) == isinstance(event, AddServer):
                continue
            (servers.discard if isinstance(event, RemoveServer) else servers.add)(key)
        kept.append(event)
    return kept


def _kinds(result):
    return {one.kind for one in result.differences}


def _some_that_fails(stage, scenario, candidates, kinds):
    """The first candidate (a list of events) that shows a difference of these kinds; they are played side by side."""
    candidates = [sound(events) for events in candidates]
    scenarios = [dataclasses.replace(scenario, name=f"{scenario.name}/{number}", events=events)
                 for number, events in enumerate(candidates)]
    failed = [result.name for result in stage.play_all(scenarios, until_first=True, seconds_apart=SECONDS_APART) if _kinds(result) & kinds]
    return next((events for one, events in zip(scenarios, candidates) if one.name in failed), None)


def shrink(stage, scenario, kinds):
    """The scenario with as few events as still show a difference of these kinds."""
    events, parts = sound(scenario.events), 2
    while len(events) > 1:
        parts = min(parts, len(events))
        edges = [len(events) * number // parts for number in range(parts + 1)]
        smaller = None
        for first in range(0, parts, _AT_ONCE):
            smaller = _some_that_fails(stage, scenario, [events[:edges[number]] + events[edges[number + 1]:]
                                                         for number in range(first, min(parts, first + _AT_ONCE))], kinds)
            if smaller is not None:
                break
        if smaller is not None:
            events, parts = smaller, max(2, parts - 1)
        elif parts == len(events):
            break
        else:
            parts = min(len(events), 4 * parts)
    return dataclasses.replace(scenario, name=f"{scenario.name}-small", events=_with_small_bursts(stage, scenario, events, kinds))


def _with_small_bursts(stage, scenario, events, kinds):
    """Packets that come by the dozen as few as will do."""
    for number, event in enumerate(events):
        if not isinstance(event, Packet) or event.times == 1:
            continue
        found = _some_that_fails(stage, scenario, [events[:number] + [dataclasses.replace(event, times=times)] + events[number + 1:]
                                                   for times in range(1, event.times)], kinds)
        events = found or events
    return events
