# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""A worker that was away for longer than its lease does no harm when it wakes."""

import signal
import time
import unittest

from tests.support import image, process
from tests.support.hostile_case import DEVELOP, HostileTest
from tests.support.hostile_server import slow

# coordinator/scheduler/scheduler.h
_LEASE = 30
# Slow enough that both workers are in the middle of something all the time. No
# rate: who waits for a permit when it wakes begins nothing anyway.
_CONNECTIONS = 4
_SECONDS_A_REQUEST = 0.15


class FencingTest(HostileTest):
    def test_a_worker_that_wakes_after_its_lease_writes_nothing(self):
        contents = {
            f"app{i:03}": {"develop": image.image(f"{i}/d"), "1.0": image.image(f"{i}/k")}
            for i in range(240)
        }
        registry = self.hostile(contents)
        survivors = {name: ["1.0"] for name in contents}
        self.allow_deletion(registry, survivors)
        registry.script(".*", "", slow(_SECONDS_A_REQUEST))
        config = self.delete_config(
            registry, DEVELOP, entry={"max-connections": _CONNECTIONS}
        )
        with self.product.start("submit", config, "--workers", "2") as running:
            process.wait_until(
                lambda: running.ended() or len(self.deletions(registry)) > 10,
                what="the middle of the run",
            )
            asleep = running.workers()[0]
            asleep.kill(signal.SIGSTOP)
            # The clock of the lease is the wall's, and the test is what comes after.
            time.sleep(_LEASE + 12)
            done = {name for name, _ in self.deletions(registry)}
            done -= {name for name, at in self.deletions(registry) if at > time.time() - 3}
            mark = registry.mark()
            asleep.kill(signal.SIGCONT)
            result = running.wait()
        self.assertEqual(result.status, 0, result)
        self.assertGreater(len(done), 20)
        late = [
            request
            for request in registry.seen(since=mark)
            if request.writes and request.path.split("/")[2] in done
        ]
        self.assertEqual(late, [])
        self.assert_left(registry, survivors)

    def deletions(self, registry):
        """(repository, when) of every image that was deleted."""
        return [
            (request.path.split("/")[2], request.begun)
            for request in registry.seen("DELETE", "manifests/sha256:[^0]")
        ]


if __name__ == "__main__":
    unittest.main()
