# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Faults at random in many requests: after at most three submits, of which the
last meets none, everything is as it should be.

The audit of tests/support/hostile_registry.py stands behind every test here.
What a request meets depends on the seed, the request and how often it came, not
on the order of requests.
"""

import random
import re
import threading
import unittest

from tests.support import fixture, image, oracle
from tests.support.hostile_case import HostileTest
from tests.support.hostile_server import (
    corrupt,
    cut,
    refuse,
    reset,
    reset_afterwards,
    say_length,
    slow,
    without,
)
from tests.support.oracle import DeletePolicy, SyncPolicy

# A registry that asks to be spared is spared for ten seconds and more: these are
# rare, so that a run does not take minutes.
_THROTTLING = [
    refuse(503),
    refuse(429, "TOOMANYREQUESTS"),
    refuse(429, "TOOMANYREQUESTS", {"Retry-After": "1"}),
]
_FOR_ALL = [
    refuse(500),
    reset_afterwards,
    slow(0.1),
    without("Docker-Content-Digest"),
]
# A DELETE without an answer, or with a proxy's, is watched for long.
_NOT_FOR_DELETE = [reset, refuse(502), refuse(504)]
_FOR_BODIES = [cut(0.6), corrupt, say_length(-20), say_length(20)]


class _Faults:
    """Chooses a fault, or none, for every request."""

    def __init__(self, seed, share):
        self._seed = seed
        self._share = share
        self._seen = {}
        self._lock = threading.Lock()

    def __call__(self, request, proceed):
        # Uploads have random names.
        what = request.method + re.sub("uploads/.*", "uploads/", request.target)
        with self._lock:
            count = self._seen[what] = self._seen.get(what, 0) + 1
        rng = random.Random(f"{self._seed} {what} {count}")
        if rng.random() >= self._share:
            return proceed()
        if rng.random() < 0.03:
            return rng.choice(_THROTTLING)(request, proceed)
        faults = list(_FOR_ALL)
        if request.method != "DELETE":
            faults += _NOT_FOR_DELETE
        if request.method == "GET":
            faults += _FOR_BODIES
        answer = rng.choice(faults)
        if answer is corrupt and re.search("list|_catalog|referrers", request.path):
            # Listings have no digest by which other bytes could be told.
            return proceed()
        return answer(request, proceed)


class RandomFaultsTest(HostileTest):
    def interfere(self, seed, *servers, share=0.04):
        print(f"seed {seed}", flush=True)
        for number, server in enumerate(servers):
            server.script(".*", "/v2/", _Faults(f"{seed} {number}", share))

    def submit_three_times(self, config, *servers):
        """The Result that ends with 0; the third submit meets no faults."""
        for attempt in range(3):
            if attempt == 2:
                for server in servers:
                    server.forget_scripts()
            result = self.submit(config, "--workers", "2", status=None, timeout=120)
            if result.status == 0:
                return
            self.assertRegex(result.text, "failures:\n|incomplete", "a silent failure")
        self.fail(f"not done without faults: {result}")

    def check_deletion(self, seed):
        rng = random.Random(seed)
        contents = fixture.random_registry(rng, f"hostile {seed}", repositories=30)
        policy = DeletePolicy(
            mix_count=1, sem_ver=True, include_keys=("develop", "release", "-")
        )
        registry = self.hostile(tag_delete=rng.choice(["untag", 400, "takes manifest"]))
        registry.allowed.by_tag = registry.tag_delete == "untag"
        filled = registry.fill(contents)
        registry.begin_audit()
        survivors = {n: oracle.after_delete(r, policy) for n, r in filled.items()}
        for name, left in survivors.items():
            gone = set(contents[name]) - set(left.tags)
            registry.allowed.tags |= {(name, tag) for tag in gone}
            registry.allowed.digests |= {(name, digest) for digest in left.deleted}
        self.interfere(seed, registry)
        self.submit_three_times(self.delete_config(registry, policy), registry)
        self.assert_left(registry, {n: list(s.tags) for n, s in survivors.items()})

    def check_sync(self, seed):
        rng = random.Random(seed)
        contents = fixture.random_registry(rng, f"hostile {seed}", repositories=28)
        for number in range(3):
            large = (image.random_layer(f"{seed} {number}", 400_000),)
            contents[f"large{number}"] = {"1.0": image.image(number, layers=large)}
        source, target = self.hostile(contents), self.hostile()
        # The target has a part, and tags of its own that are to be left alone.
        for name in rng.sample(sorted(contents), 5):
            tag = rng.choice(sorted(contents[name]))
            target.fill({name: {tag: image.image("older"), "own": image.image("own")}})
        before = target.contents()
        config = self.sync_config(source, target, SyncPolicy())
        self.interfere(seed, source, target)
        self.submit_three_times(config, source, target)
        filled = {n: oracle.Repository.of(t) for n, t in contents.items()}
        expected = oracle.after_sync(filled, before, SyncPolicy())
        self.assertEqual(target.contents(), expected)

    def test_deletion_one(self):
        self.check_deletion(101)

    def test_deletion_two(self):
        self.check_deletion(102)

    def test_deletion_three(self):
        self.check_deletion(103)

    def test_sync_one(self):
        self.check_sync(201)

    def test_sync_two(self):
        self.check_sync(202)


if __name__ == "__main__":
    unittest.main()
