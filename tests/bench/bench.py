# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Times the product and its peers in turns on identical work.

tools/bench runs it. Every round begins with registries in the same state; what
a round leaves is compared with what it should leave.
"""

import argparse
import collections
import concurrent.futures
import gzip
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import threading
import time

from tests.bench.peers import Work, peers_for
from tests.support import image, process
from tests.support.product import Product
from tests.support.registry import Registry

_KIB, _MIB = 1 << 10, 1 << 20
_REPOSITORIES, _IMAGES = 6, 50


def small_images():
    """300 images in 6 repositories: 3 layers of 64 KiB, of which 2 are shared;
    every tenth is an index of two platforms."""
    contents = {}
    for i in range(_REPOSITORIES):
        base = tuple(_layer(f"{i} base {j}") for j in range(2))
        tags = {}
        for j in range(_IMAGES):
            made = [
                image.image(f"{i}/{j}/{k}", layers=(*base, _layer(f"{i}/{j}/{k}")))
                for k in range(2 if j % 10 == 0 else 1)
            ]
            name = f"doomed-{j}" if j % 2 else f"1.{j}"
            tags[name] = image.index(made) if len(made) > 1 else made[0]
        contents[f"app{i}"] = tags
    return contents


def _layer(seed):
    # A real archive: skopeo would compress anything else, and change digests.
    data = random.Random(f"layer {seed}").randbytes(64 * _KIB)
    return image.tar_layer({"data": data})


def large_image():
    return {"app": {"1": image.image("large", layers=(_large_layer(),))}}


def _large_layer():
    """1 GiB; what skopeo takes for compressed by its first bytes."""
    piece = gzip.compress(os.urandom(_MIB), compresslevel=0)
    return image.Blob(piece * 1024, image.OCI_LAYER)


def one_image():
    return {"app": {"1": image.image("one", layers=(_layer("one"),))}}


class Memory(threading.Thread):
    """The most that the children of this process had together, registries
    apart; sampled."""

    def __init__(self, apart):
        super().__init__(daemon=True)
        self._apart = set(apart)
        self._over = threading.Event()
        self.peak = 0

    def run(self):
        while not self._over.wait(0.05):
            total = sum(
                _resident(one.pid)
                for one in process.descendants(os.getpid())
                if one.pid not in self._apart
            )
            self.peak = max(self.peak, total)

    def stop(self):
        self._over.set()
        self.join()


def _resident(pid):
    try:
        with open(f"/proc/{pid}/statm", encoding="utf-8") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def _processor_seconds(pid):
    """What a process has used of the processors so far."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _children_seconds():
    """The same of every child of this process that has ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Bench:
    """One kind of work, carried out by all peers in turns."""

    def __init__(self, name, folder):
        self.name = name
        self._folder = folder
        self._rounds = 0
        contents = {"large": large_image, "start": one_image}.get(name, small_images)()
        self._contents = {name: list(tags) for name, tags in contents.items()}
        self._digests = {
            name: {tag: made.digest for tag, made in tags.items()}
            for name, tags in contents.items()
        }
        self.source = Registry(os.path.join(folder, "source")).start()
        image.Pusher(self.source.client()).push_all(contents)
        self.doomed = [t for t in self._contents.get("app0", []) if "doomed" in t]

    def run(self, peer):
        """What one round of a peer's took."""
        self._rounds += 1
        folder = os.path.join(self._folder, f"round{self._rounds}")
        target = Registry(os.path.join(folder, "target"))
        if self.name in ("warm", "delete"):
            shutil.copytree(f"{self.source.folder}/data", f"{target.folder}/data")
        with target:
            work = Work(
                self.source,
                target,
                self._contents,
                self.doomed,
                folder,
                Product(os.path.join(folder, "p")),
            )
            figures = self._measure(peer(work), work)
            self._check(target)
        shutil.rmtree(folder)
        return figures

    def _measure(self, commands, work):
        ends = {"source": work.source, "target": work.target}
        marks = {name: one.mark() for name, one in ends.items()}
        used = {name: _processor_seconds(one.pid) for name, one in ends.items()}
        used["client"] = _children_seconds()
        memory = Memory([work.source.pid, work.target.pid])
        memory.start()
        begun = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(commands.at_once) as pool:
            for ended in pool.map(lambda c: _call(c, commands), commands.commands):
                if ended.returncode != 0:
                    raise RuntimeError(f"{ended.args}: {ended.stderr[-2000:]}")
        took = time.monotonic() - begun
        memory.stop()
        requests = {
            name: collections.Counter(
                request.method for request in one.requests_since(marks[name])
            )
            for name, one in ends.items()
        }
        processors = {
            name: _processor_seconds(one.pid) - used[name] for name, one in ends.items()
        }
        processors["client"] = _children_seconds() - used["client"]
        return {
            "seconds": took,
            "memory": memory.peak,
            "processors": processors,
            "requests": requests,
        }

    def _check(self, target):
        expected = self._digests
        if self.name == "delete":
            expected = {
                name: {tag: d for tag, d in tags.items() if tag not in self.doomed}
                for name, tags in expected.items()
            }
        found = target.client().contents()
        if found != expected:
            raise RuntimeError(
                f"{self.name}: the target is not as it should be: it has "
                f"{sum(map(len, found.values()))} tags in {sorted(found)}"
            )


def _call(command, commands):
    return subprocess.run(
        command,
        env=commands.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def measure(name, rounds):
    """{peer: [figures of each round]}, in turns."""
    peers = peers_for(name)
    found = {peer: [] for peer in peers}
    with process.scratch_folder() as folder:
        bench = Bench(name, folder)
        try:
            for number in range(rounds):
                # Who comes first changes, so that nobody always has it warm.
                order = list(peers)[:: 1 if number % 2 == 0 else -1]
                for peer in order:
                    found[peer].append(bench.run(peers[peer]))
        finally:
            bench.source.stop()
    return found


def summarise(found):
    """{peer: medians}, with the ratio of each peer's time to ours."""
    ours = statistics.median(one["seconds"] for one in found["ours"])
    return {
        peer: {
            "seconds": statistics.median(one["seconds"] for one in figures),
            "fastest": min(one["seconds"] for one in figures),
            "slowest": max(one["seconds"] for one in figures),
            "ratio": statistics.median(one["seconds"] for one in figures) / ours,
            "memory": max(one["memory"] for one in figures),
            "processors": {
                name: statistics.median(one["processors"][name] for one in figures)
                for name in figures[0]["processors"]
            },
            "requests": figures[-1]["requests"],
        }
        for peer, figures in found.items()
    }


def show(name, summary):
    print(f"{name}")
    for peer, one in summary.items():
        requests = "  ".join(
            f"{end}: " + " ".join(f"{m} {n}" for m, n in sorted(count.items()))
            for end, count in one["requests"].items()
            if count
        )
        processors = ", ".join(
            f"{name} {seconds:.2f} s" for name, seconds in one["processors"].items()
        )
        print(
            f"  {peer:8} {one['seconds']:8.3f} s "
            f"({one['fastest']:.3f} to {one['slowest']:.3f})"
            f"  x{one['ratio']:.1f}  {one['memory'] / _MIB:.0f} MiB\n"
            f"           {requests}\n"
            f"           processors: {processors}"
        )
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(prog="tools/bench")
    parser.add_argument("work", nargs="*", default=[])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    known = ["start", "cold", "warm", "delete", "large"]
    for name in arguments.work:
        if name not in known:
            parser.error(f"no work '{name}'; there are {', '.join(known)}")
    summaries = {}
    for name in arguments.work or known:
        summaries[name] = summarise(measure(name, arguments.rounds))
        if not arguments.json:
            show(name, summaries[name])
    if arguments.json:
        print(json.dumps({"version": 1, "work": summaries}, indent=2))


if __name__ == "__main__":
    main()
