# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""The command line of tools/rig."""

import argparse
import json
import signal
import sys

from harness.namespace import LabError

from . import control, frames, link, pcap
from .programs import folder, huge_pages

EPILOG = """\
pcap     CPU ns a packet on net_pcap, which replays a file for ever, by forwarding method and number of flows;
         testpmd's macswap on the same file in turn with it is the baseline
link     Mpps over vhost/virtio_user or memif with testpmd as generator on the other CPU, testpmd's macswap in turn
control  how long the worker's loops take while services are edited and lists are read

One CPU forwards, the other one does all else. Huge pages are taken for the time of the run (as root), else 4 KB pages
are used by both programs alike. Times vary from minute to minute: compare figures of one run.
"""


def numbers(text):
    return [int(part) for part in text.split(",")]


def words(text):
    return text.split(",")


def parse(arguments):
    parser = argparse.ArgumentParser(prog="tools/rig", epilog=EPILOG,
                                     formatter_class=argparse.RawDescriptionHelpFormatter,
                                     description="Measures fairwayd as it runs, beside testpmd.")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--seconds", type=float, default=3, help="a measurement (default 3)")
    common.add_argument("--huge-pages", type=int, default=3072, metavar="MB", help="to be had meanwhile; 0: use none")
    common.add_argument("--json", action="store_true", help="rows as JSON, one a line")
    kinds = parser.add_subparsers(dest="kind", required=True)
    one = kinds.add_parser("pcap", parents=[common], help="CPU ns a packet")
    one.add_argument("--methods", type=words, default=list(frames.METHODS))
    one.add_argument("--flows", type=numbers, default=[1, 1000, 10_000, 100_000])
    one.add_argument("--rounds", type=int, default=2, help="of each program; the best counts (default 2)")
    one = kinds.add_parser("link", parents=[common], help="Mpps over a link")
    one.add_argument("--link", choices=["vhost", "memif"], default="vhost")
    one.add_argument("--flows", type=int, default=1024)
    one.add_argument("--rounds", type=int, default=5)
    one = kinds.add_parser("control", parents=[common], help="what control costs a worker")
    one.add_argument("--services", type=int, default=10_000)
    one.add_argument("--servers", type=int, default=10, help="of each service")
    one.add_argument("--flows", type=int, default=100_000)
    one.add_argument("--connections", type=int, default=10_000_000, help="room for so many")
    return parser.parse_args(arguments)


def rows_of(options, place, huge):
    if options.kind == "pcap":
        for method in options.methods:
            for flows in options.flows:
                yield pcap.compare(place, method, flows, options.seconds, options.rounds, huge)
    elif options.kind == "link":
        yield from link.compare(place, options.link, options.seconds, options.rounds, huge, options.flows)
    else:
        yield from control.measure(place, options.services, options.servers, options.flows, options.connections,
                                   options.seconds, huge)


def show(row, last, as_json):
    if as_json:
        print(json.dumps(row), flush=True)
        return
    if last is None or list(row) != list(last):
        print("  ".join(name.rjust(10) for name in row), flush=True)
    print("  ".join(str(value).rjust(max(10, len(name))) for name, value in row.items()), flush=True)


def main(arguments=None):
    options = parse(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # one that is ended cleans up as one stopped by Ctrl-C
    last = None
    try:
        with folder() as place, huge_pages(options.huge_pages) as huge:
            if not options.json:
                print(f"pages of {'2 MB' if huge else '4 KB'}", flush=True)
            for row in rows_of(options, place, huge):
                show(row, last, options.json)
                last = row
    except LabError as error:
        print(f"tools/rig: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0
