# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Something is killed in mid-run; the same command then ends as without it."""

import random
import signal
import unittest

from tests.support import fixture, image, oracle, process
from tests.support.case import EndToEndTest, delete_section, registry_entry, sync_section
from tests.support.oracle import DeletePolicy, SyncPolicy

# Requests a second: slow enough that there is a middle to be killed in.
_RATE = 250


class _ResumeTest(EndToEndTest):
    """What syncing and deleting have in common; the subclasses say the rest."""

    def contents(self):
        """36 repositories with everything odd in some of them."""
        rng = random.Random(31)
        contents = fixture.random_registry(rng, "resume", repositories=8)
        for i in range(28):
            shared = image.image(f"shared {i}")
            contents[f"bulk/app{i}"] = {
                "1.0": shared,
                "develop-shared": shared,
                **{f"develop-{j}": image.image(f"{i}/{j}") for j in range(3)},
            }
        return contents

    # Set by the subclasses: the config, the registry that is written, and the
    # method that counts.
    path = None
    written = None
    written_method = None
    _seen = 0

    def assert_end_state(self):
        raise NotImplementedError

    def start(self, *arguments):
        return self.product.start("submit", self.path, "--workers", "2", *arguments)

    def reach_middle(self, running, writes=60):
        """Waits until that many writes more have been answered."""
        goal = self._seen + writes

        def there():
            self._seen = self.count_writes()
            return self._seen >= goal or running.ended()

        process.wait_until(there, timeout=120, what=f"{writes} writes")
        if running.ended():
            self.fail(f"the run ended before its middle: {running.wait()}")

    def count_writes(self):
        with open(self.written.access_log, encoding="utf-8", errors="replace") as log:
            return sum(
                1
                for line in log
                if f'"{self.written_method} ' in line and "test-client" not in line
            )

    def go_on_to_the_end(self, attempts=3):
        """The same command until it succeeds, as a user would; all it said."""
        said = ""
        for _ in range(attempts):
            with self.start() as running:
                result = running.wait(240)
            said += result.text
            if result.status == 0:
                return said
        self.fail(f"no success after {attempts} times: {result}")

    def assert_nothing_outlives(self, processes):
        process.wait_until(
            lambda: not any(one.alive() for one in processes),
            timeout=30,
            what=f"the end of {processes}",
        )

    def kill_coordinator(self, writes):
        with self.start() as running:
            self.reach_middle(running, writes)
            # The writes may have been those of the coordinator before.
            for what, find in (
                ("a worker", running.workers),
                ("Redis", running.redis_servers),
            ):
                process.wait_until(lambda: find() or running.ended(), what=what)
            self.assertFalse(running.ended(), "the run ended before its middle")
            others = running.descendants()
            running.kill()
            running.process.wait()
        self.assert_nothing_outlives(others)
        # What was written until it was dead is none of the next one's.
        self._seen = self.count_writes()

    def check_coordinator_killed(self):
        self.kill_coordinator(60)
        said = self.go_on_to_the_end(attempts=1)
        self.assertRegex(said, r"(?i)resum")
        self.assert_end_state()

    def check_coordinator_killed_again_and_again(self):
        for writes in (1, 40, 25):
            self.kill_coordinator(writes)
        said = self.go_on_to_the_end(attempts=1)
        self.assertRegex(said, r"(?i)resum")
        self.assert_end_state()

    def check_part_killed(self, choose):
        """Kills what choose(running) gives; the run may go on or end."""
        with self.start() as running:
            self.reach_middle(running)
            victims = choose(running)
            self.assertTrue(victims)
            for victim in victims:
                victim.kill()
            result = running.wait(240)
        if result.status != 0:
            self.go_on_to_the_end()
        self.assert_end_state()

    def check_registry_killed(self, registry):
        with self.start() as running:
            self.reach_middle(running)
            registry.kill()
            registry.start()
            result = running.wait(240)
        if result.status != 0:
            self.go_on_to_the_end()
        self.assert_end_state()

    def check_interrupted(self):
        with self.start() as running:
            self.reach_middle(running)
            others = running.descendants()
            running.kill(signal.SIGINT)
            result = running.wait(60)
        self.assertEqual(result.status, 4, result)
        self.assertRegex(result.text, r"(?i)resum|same command|again")
        self.assert_nothing_outlives(others)
        said = self.go_on_to_the_end(attempts=1)
        self.assertRegex(said, r"(?i)resum")
        self.assert_end_state()


class ResumeSyncTest(_ResumeTest):
    written_method = "PUT"

    def setUp(self):
        super().setUp()
        self.source = self.registry("source")
        self.written = self.registry("target")
        self.filled = self.fill(self.source, self.contents())
        self.path = self.config(
            {
                "source": registry_entry(self.source),
                "target": registry_entry(
                    self.written, **{"requests-per-second": _RATE}
                ),
            },
            sync=sync_section(SyncPolicy(), "source", "target"),
        )

    def assert_end_state(self):
        self.assert_contents(self.written, {n: r.tags for n, r in self.filled.items()})
        self.assert_pulls(self.written)

    def test_coordinator_killed(self):
        self.check_coordinator_killed()

    def test_coordinator_killed_again_and_again(self):
        self.check_coordinator_killed_again_and_again()

    def test_worker_killed(self):
        self.check_part_killed(lambda running: running.workers()[:1])

    def test_all_workers_killed(self):
        self.check_part_killed(lambda running: running.workers())

    def test_redis_killed(self):
        self.check_part_killed(lambda running: running.redis_servers())

    def test_target_killed(self):
        self.check_registry_killed(self.written)

    def test_source_killed(self):
        self.check_registry_killed(self.source)

    def test_interrupted(self):
        self.check_interrupted()

    def test_fresh_plans_anew(self):
        self.kill_coordinator(60)
        with self.start("--fresh") as running:
            result = running.wait(240)
        self.assertEqual(result.status, 0, result)
        self.assertNotRegex(result.text, r"(?i)resuming")
        self.assert_end_state()


class ResumeDeleteTest(_ResumeTest):
    written_method = "DELETE"

    def setUp(self):
        super().setUp()
        self.written = self.registry("registry")
        self.filled = self.fill(self.written, self.contents())
        self.policy = DeletePolicy(
            mix_count=0, sem_ver=True, include_keys=("develop", "release", "201")
        )
        self.path = self.config(
            {
                "one": registry_entry(
                    self.written, **{"requests-per-second": _RATE}
                )
            },
            delete=delete_section(self.policy, ["one"]),
        )

    def assert_end_state(self):
        self.assert_survivors(
            self.written,
            {n: oracle.after_delete(r, self.policy) for n, r in self.filled.items()},
        )

    def test_coordinator_killed(self):
        self.check_coordinator_killed()

    def test_coordinator_killed_again_and_again(self):
        self.check_coordinator_killed_again_and_again()

    def test_worker_killed(self):
        self.check_part_killed(lambda running: running.workers()[:1])

    def test_all_workers_killed(self):
        self.check_part_killed(lambda running: running.workers())

    def test_redis_killed(self):
        self.check_part_killed(lambda running: running.redis_servers())

    def test_registry_killed(self):
        self.check_registry_killed(self.written)

    def test_interrupted(self):
        self.check_interrupted()


if __name__ == "__main__":
    unittest.main()
