# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""What somebody pushes between the last look and the request that takes away.

Requests wait: for a connection, for a token, because the registry asks for
patience. What they rest on must not be older than some seconds.
"""

import threading
import time
import unittest

from tests.support import image
from tests.support.hostile_case import HostileTest
from tests.support.hostile_server import Answer, refuse, reset

_UNKNOWN = refuse(404, "MANIFEST_UNKNOWN")


class PlaceholderTest(HostileTest):
    """A PUT of the placeholder that failed is not sent again on the same look."""

    def check(self, answer):
        shared, other = image.image("shared"), image.image("somebody else's")
        registry = self.hostile({"app": {"1.0": shared, "develop": shared}})

        def push(request, proceed):
            registry.put("app", "develop", other)
            return answer(request, proceed)

        registry.script("PUT", "manifests/develop", push, times=1)
        self.allow_deletion(registry, {"app": ["1.0"]})
        result = self.submit(self.delete_config(registry), status=None)
        self.assertEqual(
            registry.contents()["app"].get("develop"), other.digest, result
        )

    def test_after_500_spares_what_was_pushed_meanwhile(self):
        self.check(refuse(500))

    def test_after_502_spares_what_was_pushed_meanwhile(self):
        self.check(refuse(502))

    def test_after_429_spares_what_was_pushed_meanwhile(self):
        self.check(refuse(429, "TOOMANYREQUESTS", {"Retry-After": "1"}))

    def test_after_a_broken_connection_spares_what_was_pushed_meanwhile(self):
        self.check(reset)

    def test_in_the_other_form_spares_what_was_pushed_meanwhile(self):
        self.check(refuse(415, "MANIFEST_INVALID"))


class WaitingDeleteTest(HostileTest):
    """A DELETE of a digest that was turned away rests on a look of before."""

    def check(self, made):
        doomed = image.image("doomed")
        registry = self.hostile({"app": {"1.0": image.image("1"), "develop": doomed}})
        pushed = []

        def push(request, proceed):
            registry.put("app", "release", made(doomed))
            pushed.append(time.time())
            return refuse(429, "TOOMANYREQUESTS", {"Retry-After": "12"})(
                request, proceed
            )

        registry.script("DELETE", doomed.digest, push, times=1)
        self.allow_deletion(registry, {"app": ["1.0"]})
        result = self.submit(self.delete_config(registry), status=None)
        last = registry.seen("DELETE", doomed.digest)[-1]
        self.assertTrue(
            registry.has("app", doomed.digest),
            f"deleted {last.begun - pushed[0]:.0f} s after it was tagged: {result}",
        )

    def test_spares_an_image_that_was_tagged_meanwhile(self):
        self.check(lambda doomed: doomed)

    def test_spares_an_image_that_an_index_lists_meanwhile(self):
        self.check(lambda doomed: image.index([doomed, image.image("new")]))


class LateUntagTest(HostileTest):
    """DELETE of a tag takes its manifest along, a little later."""

    def check(self, seconds):
        shared = image.image("shared")
        registry = self.hostile(
            {"app": {"1.0": shared, "develop": shared}}, tag_delete="untag"
        )
        registry.allowed.by_tag = True

        def take(repository, digest):
            with registry.lock:
                repository.manifests.pop(digest, None)
                for tag in [t for t, d in repository.tags.items() if d == digest]:
                    del repository.tags[tag]

        def delete(request, proceed):
            tag = request.path.rsplit("/", 1)[1]
            repository = registry.repositories["app"]
            if tag not in repository.tags:
                return proceed()
            digest = repository.tags.pop(tag)
            timer = threading.Timer(seconds, take, (repository, digest))
            timer.start()
            self.addCleanup(timer.join)
            return Answer(202)

        registry.script("DELETE", "/manifests/", delete)
        self.allow_deletion(registry, {"app": ["1.0"]})
        result = self.submit(self.delete_config(registry), status=None)
        time.sleep(seconds + 1)
        self.assertIn("1.0", registry.tags("app"), result)

    def test_one_second_later_is_found_out_on_the_probe_tags(self):
        self.check(1)

    def test_three_seconds_later_is_found_out_on_the_probe_tags(self):
        self.check(3)


class DanglingTagTest(HostileTest):
    """A dangling tag that somebody pushed anew is not deleted by its name."""

    def leaving(self, **options):
        """DELETE of a digest leaves its tag listed, which answers 404."""
        self.doomed, self.other = image.image("doomed"), image.image("somebody else's")
        tags = {"1.0": image.image("1"), "develop": self.doomed}
        registry = self.hostile({"app": tags}, tag_delete="untag", **options)
        registry.allowed.by_tag = True

        def delete(request, proceed):
            registry.repositories["app"].manifests.pop(self.doomed.digest)
            return Answer(202)

        registry.script("DELETE", self.doomed.digest, delete, times=1)
        return registry

    def check(self, registry):
        self.allow_deletion(registry, {"app": ["1.0"]})
        result = self.submit(self.delete_config(registry), status=None)
        now = registry.contents()["app"].get("develop")
        self.assertEqual(now, self.other.digest, result)

    def test_stays_if_it_was_pushed_while_the_delete_waited_for_a_token(self):
        registry = self.leaving(users={"u": "p"}, token_lifetime=300)
        lapsed = []

        def head(request, proceed):
            if registry.seen("DELETE", "registry-manager-probe-1") and not lapsed:
                lapsed.append(time.time())
                registry.lapse_tokens()
                return _UNKNOWN(request, proceed)
            return proceed()

        def token(request, proceed):
            answer = proceed()
            if len(lapsed) == 1:
                lapsed.append(time.time())
                registry.put("app", "develop", self.other)
                answer.delay = 8
            return answer

        registry.script("HEAD", "manifests/develop", head)
        registry.script("GET", "/token", token)
        self.check(registry)

    def test_stays_if_a_proxy_still_remembers_its_404(self):
        """HEADs told the truth so far, and a GET does now."""
        registry = self.leaving()

        def head(request, proceed):
            there = self.doomed.digest in registry.repositories["app"].manifests
            return proceed() if there else _UNKNOWN(request, proceed)

        def push(request, proceed):
            registry.put("app", "develop", self.other)
            return proceed()

        registry.script("HEAD", "manifests/develop", head)
        registry.script("DELETE", "registry-manager-probe-1", push, times=1)
        self.check(registry)


if __name__ == "__main__":
    unittest.main()
