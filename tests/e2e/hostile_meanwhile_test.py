# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Deletes while others work in the same repository, and from registries that
carry a DELETE out later than they answer.

The audit of tests/support/hostile_registry.py stands behind every test here.
"""

import threading
import time
import unittest

from tests.support import image, process
from tests.support.hostile_case import HostileTest
from tests.support.hostile_server import refuse

_INTERNAL = refuse(500, "INTERNAL_ERROR")


class _MeanwhileTest(HostileTest):
    def setUp(self):
        super().setUp()
        self.tags = {
            "1.0": image.image("1.0"),
            "multi": image.index([image.image("a"), image.image("b")]),
            **{f"develop-{i}": image.image(f"develop {i}") for i in (1, 2, 3)},
        }
        self.registry = self.hostile({"app": self.tags})

    def digest(self, tag):
        return self.tags[tag].digest

    def delete(self, left, status=0):
        self.allow_deletion(self.registry, {"app": ["1.0", "multi"]})
        config = self.delete_config(self.registry)
        result = self.submit(config, status=status)
        self.assertEqual(self.registry.tags("app"), sorted(["1.0", "multi", *left]))
        return result

    def when(self, method, path, action, **options):
        """Runs `action` once, before the first such request is answered."""
        done = []

        def hook(request, proceed):
            if not done:
                done.append(True)
                action()
            return proceed()

        self.registry.script(method, path, hook, **options)


class SomebodyElseTest(_MeanwhileTest):
    def take(self, tag):
        """Somebody deletes the image of a tag, and the tag with it."""
        repository = self.registry.repositories["app"]
        repository.manifests.pop(self.digest(tag), None)
        repository.tags.pop(tag, None)

    def check_taken(self, result):
        self.assertRegex(result.text, "2 deleted")
        self.assertNotRegex(result.text, "failed")

    def check_told(self, result):
        self.assertRegex(result.text, "1 skipped")
        self.assertRegex(result.text, "skipped.*develop-2")

    def test_an_image_goes_after_its_tag_was_looked_at(self):
        tag = "develop-2"
        self.when("GET", self.digest(tag), lambda: self.take(tag))
        result = self.delete([])
        self.check_taken(result)
        self.check_told(result)

    def test_an_image_goes_after_the_plan_was_made(self):
        tag = "develop-2"
        self.when("GET", "/tags/list", lambda: self.take(tag), skip=1)
        result = self.delete([])
        self.check_taken(result)
        self.check_told(result)

    def test_an_image_goes_right_before_its_own_delete(self):
        tag = "develop-2"
        self.when("DELETE", self.digest(tag), lambda: self.take(tag))
        result = self.delete([])
        self.check_taken(result)
        self.check_told(result)

    def test_a_tag_moves_after_the_plan_was_made(self):
        other = image.image("somebody else's")
        move = lambda: self.registry.put("app", "develop-2", other)
        self.when("GET", "/tags/list", move, skip=1)
        result = self.delete(["develop-2"])
        self.check_told(result)
        self.assertEqual(self.registry.contents()["app"]["develop-2"], other.digest)

    def test_a_tag_moves_between_the_last_look_and_the_delete(self):
        other = image.image("somebody else's")
        move = lambda: self.registry.put("app", "develop-2", other)
        self.when("DELETE", self.digest("develop-2"), move)
        result = self.delete(["develop-2"])
        self.check_told(result)

    def test_a_tag_that_is_to_go_alone_goes_by_itself(self):
        self.registry.put("app", "develop-2", self.tags["1.0"])
        untag = lambda: self.registry.untag("app", "develop-2")
        self.when("DELETE", self.digest("develop-1"), untag)
        self.check_told(self.delete([]))

    def test_kept_images_that_go_stop_nothing(self):
        self.when("GET", self.digest("multi"), lambda: self.take("multi"))
        self.allow_deletion(self.registry, {"app": ["1.0", "multi"]})
        self.submit(self.delete_config(self.registry))
        self.assertEqual(self.registry.tags("app"), ["1.0"])


class LateTest(_MeanwhileTest):
    """DELETE is answered 5xx, and carried out some seconds later."""

    def late(self, status, seconds):
        def hook(request, proceed):
            if request.path.rsplit("/", 1)[1] not in self.registry.repositories[
                "app"
            ].manifests:
                return proceed()

            def carry_out():
                time.sleep(seconds)
                proceed()

            threading.Thread(target=carry_out, daemon=True).start()
            return refuse(status, "INTERNAL_ERROR")(request, proceed)

        self.registry.script("DELETE", "sha256:", hook)

    def check_late(self, status):
        self.registry.untag("app", "develop-3")
        self.late(status, 3)
        result = self.delete([])
        self.assertRegex(result.text, "2 deleted")
        for tag in ("develop-1", "develop-2"):
            self.assertEqual(len(self.registry.seen("DELETE", self.digest(tag))), 1)

    def test_500(self):
        self.check_late(500)

    def test_504(self):
        self.check_late(504)

    def test_while_one_is_watched_no_other_begins(self):
        self.registry.script("DELETE", "sha256:[^0]", _INTERNAL)
        config = self.delete_config(self.registry, entry={"max-connections": 1})
        self.allow_deletion(self.registry, {"app": ["1.0", "multi"]})
        with self.product.start("submit", config) as running:
            # Its digest is looked at again and again, and no other DELETE begins.
            process.wait_until(
                lambda: len(self.looks_after_delete()) >= 8,
                timeout=40,
                what="looks at the digest",
            )
            deletes = self.registry.seen("DELETE", "sha256:[^0]")
            running.kill()
        self.assertEqual(len(deletes), 1)

    def looks_after_delete(self):
        sent = self.registry.seen("DELETE", "sha256:[^0]")
        if not sent:
            return []
        looks = self.registry.seen("GET", sent[0].path)
        return [look for look in looks if look.begun > sent[0].begun]


if __name__ == "__main__":
    unittest.main()
