# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Everything is killed and stopped at random; the end is as without it.

RM_CHAOS_ROUNDS says how many rounds (1), RM_CHAOS_REPOSITORIES over how many
repositories (100), RM_CHAOS_SEED the first one's seed:
tools/soak runs many. A round that fails prints its seed.
"""

import os
import random
import signal
import time
import unittest

from tests.support import fixture, image, oracle
from tests.support.case import EndToEndTest, delete_section, registry_entry, sync_section
from tests.support.oracle import DeletePolicy, SyncPolicy

_ROUNDS = int(os.environ.get("RM_CHAOS_ROUNDS", "1"))
_REPOSITORIES = int(os.environ.get("RM_CHAOS_REPOSITORIES", "100"))
_SEED = int(os.environ.get("RM_CHAOS_SEED", "0")) or random.SystemRandom().randrange(10**6)
# Harm is done for so long; then the same command has to come to its end.
_SECONDS = 20
_RATE = 400
_LEASE = 30


class Chaos:
    """Does harm to a run at random, and undoes what can be undone."""

    def __init__(self, rng, registries):
        self._rng = rng
        self._registries = registries
        self.done = []

    def strike(self, running):
        """One blow. False: the coordinator was killed."""
        workers, redis = running.workers(), running.redis_servers()
        blow = self._rng.choice(
            ["coordinator", "worker", "worker", "workers", "redis", "registry"]
            + ["freeze a worker", "freeze the coordinator"]
        )
        self.done.append(blow)
        if blow == "coordinator":
            running.kill()
            return False
        if blow == "worker":
            for worker in workers[:1]:
                worker.kill()
        elif blow == "workers":
            for worker in workers:
                worker.kill()
        elif blow == "redis":
            for server in redis:
                server.kill()
        elif blow == "registry":
            registry = self._rng.choice(self._registries)
            registry.kill()
            registry.start()
        elif blow == "freeze a worker" and workers:
            # Now and then past its lease: it must wake up harmless.
            _freeze(workers[0].kill, self._rng.choice([0.2, 1, _LEASE + 3]))
        elif blow == "freeze the coordinator":
            _freeze(running.kill, self._rng.choice([0.2, 1, 6]))
        return True


def _freeze(send, seconds):
    send(signal.SIGSTOP)
    time.sleep(seconds)
    send(signal.SIGCONT)


class ChaosTest(EndToEndTest):
    def contents(self, rng):
        """So many repositories, odd ones among them."""
        contents = fixture.random_registry(rng, "chaos", repositories=12)
        for i in range(_REPOSITORIES - len(contents)):
            shared = image.image(f"shared {i}")
            signed = image.image(f"{i}/signed")
            contents[f"bulk/app{i}"] = {
                "1.0": shared,
                "develop-shared": shared,
                "develop-index": image.index(
                    [image.image(f"{i}/amd64"), image.image(f"{i}/arm64")]
                ),
                "develop-signed": signed,
                image.signature_tag(signed.digest): image.signature(signed),
                image.signature_tag(signed.digest, ""): image.referrers_index(
                    [image.attachment(signed)]
                ),
            }
        return contents

    def test_the_end_is_as_without_it(self):
        for round_number in range(_ROUNDS):
            seed = _SEED + round_number
            with self.subTest(seed=seed):
                self.play(random.Random(seed), f"{round_number}")

    def play(self, rng, name):
        source = self.registry(f"source{name}")
        target = self.registry(f"target{name}")
        filled = self.fill(source, self.contents(rng))
        policy = DeletePolicy(
            mix_count=0, sem_ver=True, include_keys=("develop", "release", "201")
        )
        limits = {"requests-per-second": _RATE}
        config = self.config(
            {
                "source": registry_entry(source, **limits),
                "target": registry_entry(target, **limits),
            },
            sync=sync_section(SyncPolicy(), "source", "target"),
            delete=delete_section(policy, ["source"]),
        )
        chaos = Chaos(rng, [source, target])
        self.harm(chaos, rng, config)
        self.come_to_an_end(config, chaos)
        self.assert_contents(target, {n: r.tags for n, r in filled.items()})
        self.assert_pulls(target)
        self.assert_survivors(
            source, {n: oracle.after_delete(r, policy) for n, r in filled.items()}
        )
        source.stop()
        target.stop()

    def harm(self, chaos, rng, config):
        until = time.monotonic() + _SECONDS
        while time.monotonic() < until:
            with self.product.start("submit", config, "--workers", "2") as running:
                while not running.ended() and time.monotonic() < until:
                    time.sleep(rng.uniform(0.05, 1.5))
                    if not running.ended() and not chaos.strike(running):
                        break
                if not running.ended():
                    running.kill()
                running.process.wait()

    def come_to_an_end(self, config, chaos):
        for _ in range(4):
            with self.product.start("submit", config) as running:
                result = running.wait(300)
            if result.status == 0:
                return
        self.fail(f"no success after {chaos.done}: {result}")


if __name__ == "__main__":
    unittest.main()
