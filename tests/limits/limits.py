# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Measures the limits of design on runs too large for the tests.

tools/limits runs it: `limits.py blob` copies one layer of 4 GiB, `limits.py
fleet` plans 200,000 repositories. Each prints what it measured, and exits with
1 where a limit is passed.
"""

import os
import subprocess
import sys
import time

from tests.support import image, process, product
from tests.support.registry import Registry

_MIB = 1 << 20


class Watch:
    """The most memory that each program took while a run went on."""

    def __init__(self, running):
        self._running = running
        self.peaks = {}

    def until_end(self, look=lambda: None, every=0.1):
        """The run's Result; calls `look` every so many seconds until then."""
        while not self._running.ended():
            for pid, name in [(self._running.pid, "coordinator")] + [
                (p.pid, p.name()) for p in self._running.descendants()
            ]:
                self.peaks[name] = max(self.peaks.get(name, 0), process.peak_memory(pid))
            look()
            time.sleep(every)
        return self._running.wait(1)


class Verdict:
    """Prints figures beside their limits."""

    def __init__(self):
        self.passed = True

    def check(self, what, figure, limit, unit):
        right = figure < limit
        self.passed &= right
        print(
            f"  {'right' if right else 'WRONG'}  {what}: {figure:,.1f} {unit}"
            f" (limit {limit:,} {unit})"
        )


def copy_one_blob(folder, gib=4):
    """A layer of `gib` GiB from one real registry to another."""
    # Random, so that nothing on the way can make it small; one MiB is repeated.
    piece = os.urandom(_MIB)
    with Registry(os.path.join(folder, "a")) as source, Registry(
        os.path.join(folder, "b")
    ) as target:
        layer = image.Blob(piece * (gib << 10), image.OCI_LAYER)
        image.Pusher(source.client()).push_all(
            {"app": {"1": image.image("big", layers=(layer,))}}
        )
        digest = layer.digest
        del layer
        runner = product.Product(folder)
        config = runner.write_config(
            {
                "registries": {
                    "a": {"registry": source.url},
                    "b": {"registry": target.url},
                },
                "sync-policy": {
                    "from": "a",
                    "to": "b",
                    "dry-run": False,
                },
            }
        )
        begun = time.monotonic()
        with runner.start("submit", config, "--workers", "1") as running:
            watch = Watch(running)
            result = watch.until_end()
        took = time.monotonic() - begun
        head = target.client().request("HEAD", f"/v2/app/blobs/{digest}")
    verdict = Verdict()
    print(f"one layer of {gib} GiB: {took:.1f} s, {(gib << 10) / took:,.0f} MiB/s")
    verdict.check("worker's memory", watch.peaks["worker"] / _MIB, 64, "MiB")
    if result.status != 0 or head[0] != 200:
        print(f"  WRONG  it was not copied: {result}")
        return False
    return verdict.passed


def _redis_memory(runner):
    """Redis's own count of the run's keys, in bytes."""
    state = runner.environment["XDG_STATE_HOME"]
    socket = os.path.join(state, "registry-manager/redis/redis.sock")
    keys = _redis(socket, "--scan", "--pattern", "rm:*").split()
    sizes = (_redis(socket, "MEMORY", "USAGE", key, "SAMPLES", "0") for key in keys)
    return sum(int(size) for size in sizes if size.isdigit())


def _redis(socket, *arguments):
    return subprocess.run(
        ["redis-cli", "-s", socket, *arguments],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()


def plan_a_fleet(folder, repositories=200_000):
    """A dry run over a registry with so many repositories."""
    server = process.spawn(
        [os.environ["RM_SYNTHETIC_REGISTRY"], "--repositories", str(repositories)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        url = f"http://127.0.0.1:{int(server.stdout.readline())}"
        runner = product.Product(folder)
        config = runner.write_config(
            {
                "registries": {"a": {"registry": url, "max-connections": 64}},
                "delete-policy": {
                    "registries": ["a"],
                    "dry-run": True,
                    "mix-count": 0,
                    "tags": {"include": {"keys": "develop"}},
                },
            }
        )
        begun = time.monotonic()
        redis = [0]
        with runner.start("submit", config) as running:
            watch = Watch(running)
            result = watch.until_end(
                lambda: redis.append(_redis_memory(runner)), every=2
            )
        took = time.monotonic() - begun
    finally:
        process.end(server)
    verdict = Verdict()
    print(
        f"{repositories:,} repositories planned: {took:.1f} s, "
        f"{repositories / took:,.0f} a second"
    )
    verdict.check(
        "coordinator's memory", watch.peaks["coordinator"] / _MIB, 200, "MiB"
    )
    verdict.check("Redis, a repository", max(redis) / repositories, 100, "bytes")
    if result.status != 0 or f"{repositories:,} repositories" not in result.out:
        print(f"  WRONG  not all was planned: {result.out[-2000:]}{result.err}")
        return False
    return verdict.passed


def main():
    measures = {"blob": copy_one_blob, "fleet": plan_a_fleet}
    names = sys.argv[1:] or list(measures)
    passed = True
    for name in names:
        with process.scratch_folder() as folder:
            passed &= measures[name](folder)
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
