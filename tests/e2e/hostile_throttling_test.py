# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Registries that ask for patience, fail in bursts, or take few connections.

The audit of tests/support/hostile_registry.py stands behind every test here: no
request begins later than 500 ms after a Retry-After and before it has passed,
from whichever worker, and no more are under way at once than allowed.
"""

import math
import time
import unittest

from tests.support import image
from tests.support.hostile_case import HostileTest
from tests.support.hostile_server import http_date, refuse, reset, slow


def _contents(repositories=12):
    return {
        f"app{i}": {
            "1.0": image.image(f"kept {i}"),
            "2.0": image.image(f"kept too {i}"),
            "develop": image.image(f"doomed {i}"),
        }
        for i in range(repositories)
    }


class _ThrottlingTest(HostileTest):
    def setUp(self):
        super().setUp()
        self.contents = _contents()
        self.source, self.target = self.hostile(self.contents), self.hostile()
        # So that requests of both workers are under way at any time.
        for server in (self.source, self.target):
            server.script(".*", "", slow(0.01), may_rest=True)

    def check_sync(self):
        self.run_sync(self.source, self.target, "--workers", "2")

    def check_deletion(self):
        self.run_deletion(
            self.source, {n: ["1.0", "2.0"] for n in self.contents}, "--workers", "2"
        )


class RetryAfterTest(_ThrottlingTest):
    def throttle(self, server, method, path, status=429, value="2", skip=20):
        """One answer in the middle of the run asks for quiet."""
        code = "TOOMANYREQUESTS" if status == 429 else "UNAVAILABLE"
        server.script(
            method,
            path,
            lambda request, proceed: refuse(
                status, code, {"Retry-After": value() if callable(value) else value}
            )(request, proceed),
            times=1,
            skip=skip,
        )
        self.begun = time.monotonic()

    def assert_waited(self, seconds):
        self.assertGreater(time.monotonic() - self.begun, seconds)

    def test_429_with_seconds_at_the_source(self):
        self.throttle(self.source, "GET", "/manifests/")
        self.check_sync()
        self.assert_waited(2)

    def test_429_with_a_date_at_the_source(self):
        # Cut to a whole second, it is 2 to 3 seconds away.
        self.throttle(self.source, "GET", "/manifests/", value=lambda: http_date(3))
        self.check_sync()
        self.assert_waited(2)

    def test_429_with_seconds_at_the_target(self):
        self.throttle(self.target, "PUT", "/blobs/uploads/")
        self.check_sync()
        self.assert_waited(2)

    def test_503_with_seconds_at_the_target(self):
        self.throttle(self.target, "PUT", "/manifests/", status=503, skip=5)
        self.check_sync()
        self.assert_waited(2)

    def test_429_at_a_blob_of_the_source(self):
        self.throttle(self.source, "GET", "/blobs/")
        self.check_sync()
        self.assert_waited(2)

    def test_429_at_a_mount_or_the_begin_of_an_upload(self):
        self.throttle(self.target, "POST", "/blobs/uploads/")
        self.check_sync()

    def test_429_at_the_catalogue(self):
        self.throttle(self.source, "GET", "/_catalog", skip=0)
        self.check_deletion()
        self.assert_waited(2)

    def test_429_at_a_delete(self):
        self.throttle(self.source, "DELETE", "/manifests/", skip=4)
        self.check_deletion()
        self.assert_waited(2)

    def test_503_with_a_date_at_a_delete(self):
        self.throttle(
            self.source,
            *("DELETE", "/manifests/"),
            status=503,
            value=lambda: http_date(3),
            skip=4,
        )
        self.check_deletion()
        self.assert_waited(2)

    def test_429_again_and_again(self):
        for skip in (5, 10, 15):
            self.throttle(self.source, "GET|HEAD", "/manifests/", value="1", skip=skip)
        self.check_sync()
        self.assert_waited(2)

    def test_a_date_that_has_passed_and_nonsense_do_no_harm(self):
        self.throttle(self.source, "GET", "/manifests/", value=lambda: http_date(-60))
        self.throttle(self.source, "GET", "/manifests/", value="soon", skip=5)
        self.check_sync()

    def test_429_of_the_token_service_for_two_seconds(self):
        """Whoever asks before it has passed gets the same answer."""
        users = {"admin": "s3cret"}
        self.source = self.hostile(self.contents, users=users, token_lifetime=60)
        self.source.script(".*", "/v2/", slow(0.01))
        ends = []

        def hook(request, proceed):
            ends.append(time.time() + 2)
            left = ends[0] - time.time()
            if left <= 0:
                return proceed()
            headers = {"Retry-After": str(math.ceil(left))}
            return refuse(429, "TOOMANYREQUESTS", headers)(request, proceed)

        self.source.script("GET", "/token", hook, skip=3)
        self.check_deletion()

    def test_the_other_registry_is_not_held_up(self):
        self.throttle(self.source, "GET", "/_catalog", value="3", skip=0)
        other = self.hostile(_contents(3))
        self.allow_deletion(other, {n: ["1.0", "2.0"] for n in _contents(3)})
        self.allow_deletion(self.source, {n: ["1.0", "2.0"] for n in self.contents})
        self.submit(self.delete_config_of_two(self.source, other))
        ended = max(request.ended for request in other.requests)
        self.assertLess(ended, min(r.begun for r in self.source.requests) + 2)


class BurstTest(_ThrottlingTest):
    """Failures in passing are got over without a failed action."""

    def test_of_503_at_the_source(self):
        self.source.script("GET|HEAD", "/v2/app", refuse(503), times=12, skip=9)
        self.check_sync()

    def test_of_503_at_the_target(self):
        self.target.script(".*", "/v2/app", refuse(503), times=12, skip=9)
        self.check_sync()

    def test_of_429_without_a_time(self):
        self.source.script(".*", "/v2/app", refuse(429), times=12, skip=9)
        self.check_sync()

    def test_of_502_and_504_in_a_deletion(self):
        self.source.script("GET|HEAD", "/v2/app", refuse(502), times=5, skip=9)
        self.source.script("GET|HEAD", "/v2/app", refuse(504), times=5, skip=30)
        self.check_deletion()

    def test_of_503_at_deletes(self):
        self.source.script("DELETE", "/manifests/", refuse(503), times=6, skip=3)
        self.check_deletion()

    def test_of_resets_at_the_source(self):
        self.source.script("GET|HEAD", "/v2/", reset, times=8, skip=5)
        self.check_sync()

    def test_of_resets_at_the_target(self):
        self.target.script(".*", "/v2/", reset, times=8, skip=5)
        self.check_sync()

    def test_of_resets_at_the_first_contact(self):
        self.source.script(".*", "", reset, times=2)
        self.check_deletion()


class ConnectionsTest(HostileTest):
    """max-connections holds for all workers together."""

    def check_sync(self, connections, least):
        source = self.hostile(_contents(), max_connections=connections)
        target = self.hostile(max_connections=connections)
        entry = {"max-connections": connections}
        for server in (source, target):
            server.script(".*", "", slow(0.02))
        self.run_sync(
            source,
            target,
            *("--workers", "3"),
            source_entry=entry,
            target_entry=entry,
        )
        for server in (source, target):
            self.assertGreaterEqual(server.most_at_once(), least)

    def test_one(self):
        self.check_sync(1, 1)

    def test_three(self):
        self.check_sync(3, 3)

    def test_process_limit(self):
        contents = _contents()
        registry = self.hostile(contents, max_connections=2)
        registry.script(".*", "", slow(0.01))
        self.run_deletion(
            registry,
            {name: ["1.0", "2.0"] for name in contents},
            *("--process-limit", "2", "--workers", "3"),
        )

    def test_two_entries_with_one_address_share_them(self):
        contents = _contents(6)
        registry = self.hostile(contents, max_connections=3)
        registry.script(".*", "", slow(0.01))
        registry.allowed.pushes = True
        registry.begin_audit()
        entry = {"registry": registry.url, "max-connections": 3}
        other = {**entry, "registry": registry.url.replace("http://", "HTTP://") + "/"}
        config = self.config(
            {"source": entry, "target": other},
            sync={
                "from": "source",
                "to": "target",
                "dry-run": False,
                "replace": [{"old": "", "new": "copy"}],
            },
        )
        self.submit(config, "--workers", "3")
        for name, tags in contents.items():
            copied = {tag: manifest.digest for tag, manifest in tags.items()}
            self.assertEqual(registry.contents()[f"copy/{name}"], copied)

    def test_requests_per_second(self):
        contents = _contents(6)
        registry = self.hostile(contents)
        self.run_deletion(
            registry,
            {name: ["1.0", "2.0"] for name in contents},
            *("--workers", "2"),
            entry={"requests-per-second": 40},
        )
        times = [request.begun for request in registry.requests]
        self.assertGreater(len(times), 80)
        for first in times:
            in_a_second = [t for t in times if first <= t < first + 1]
            # A burst at the begin of as much as a second's share.
            self.assertLessEqual(len(in_a_second), 80)


if __name__ == "__main__":
    unittest.main()
