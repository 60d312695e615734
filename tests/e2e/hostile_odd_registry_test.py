# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Deletes from registries that are odd, and mostly within their rights.

The audit of tests/support/hostile_registry.py stands behind every test here.
"""

import json
import threading
import time
import unittest

from tests.support import image
from tests.support.hostile_case import HostileTest
from tests.support.hostile_server import Answer, refuse

_UNKNOWN = refuse(404, "MANIFEST_UNKNOWN")


class HeadTest(HostileTest):
    """A HEAD by digest answers 404, although a GET finds the manifest."""

    def check_child(self, **times):
        shared = image.image("shared", oci=False)
        kept = image.index([shared, image.image("other", oci=False)], oci=False)
        registry = self.hostile({"app": {"develop": shared, "1.0": kept}})
        registry.script("HEAD", shared.digest, _UNKNOWN, **times)
        # The tag alone goes: the index needs the image.
        self.run_deletion(registry, {"app": ["1.0"]})
        self.assertTrue(registry.has("app", shared.digest))

    def test_once_for_a_kept_indexs_child(self):
        self.check_child(times=1)

    def test_always_for_a_kept_indexs_child(self):
        self.check_child()

    def test_for_an_image_whose_other_tag_is_removed_alone(self):
        shared = image.image("shared")
        registry = self.hostile({"app": {"develop": shared, "1.0": shared}})
        registry.script("HEAD", "/app/manifests/sha256:", _UNKNOWN, may_rest=True)
        self.run_deletion(registry, {"app": ["1.0"]})

    def test_after_a_delete_that_did_nothing(self):
        doomed = image.image("doomed")
        registry = self.hostile({"app": {"develop": doomed, "1.0": image.image("1")}})
        registry.script("HEAD", doomed.digest, _UNKNOWN, may_rest=True)
        registry.script("DELETE", doomed.digest, lambda request, proceed: Answer(202))
        result = self.run_deletion(registry, {"app": ["1.0"]}, status=1)
        self.assertRegex(result.text, "develop.*still hands it out")

    def test_that_is_answered_400(self):
        registry = self.hostile(
            {"app": {"develop": image.image("doomed"), "1.0": image.image("kept")}}
        )
        registry.script("HEAD", "/app/manifests", lambda request, proceed: Answer(400))
        self.run_deletion(registry, {"app": ["1.0"]})


class ListingTest(HostileTest):
    """The listing of tags lags some time behind."""

    def lagging(self, tags, seconds):
        registry = self.hostile({"app": tags})
        seen = []

        def lag(request, proceed):
            now = time.monotonic()
            seen.append((now, sorted(registry.repositories["app"].tags)))
            old = [names for at, names in seen if at < now - seconds]
            names = old[-1] if old else seen[0][1]
            body = json.dumps({"name": "app", "tags": names}).encode()
            return Answer(200, {"Content-Type": "application/json"}, body)

        registry.script("GET", "/app/tags/list", lag)
        return registry

    def check(self, registry, survivors, placeholders):
        """What is gone and still listed is no dangling tag: it is waited for."""
        self.run_deletion(registry, {"app": survivors})
        self.assertEqual(len(registry.seen("PUT", "/manifests/")), placeholders)

    def test_after_images_were_deleted(self):
        tags = {tag: image.image(tag) for tag in ("develop-1", "develop-2", "1.0")}
        self.check(self.lagging(tags, 2), ["1.0"], placeholders=0)

    def test_after_a_tag_was_removed_alone(self):
        shared = image.image("shared")
        registry = self.lagging({"develop": shared, "1.0": shared}, 1)
        self.check(registry, ["1.0"], placeholders=1)

    def test_where_the_repository_is_not_known_any_more(self):
        registry = self.lagging({"develop": image.image("doomed")}, 2)

        def vanish(request, proceed):
            if not registry.repositories["app"].tags:
                return refuse(404, "NAME_UNKNOWN")(request, proceed)
            return proceed()

        registry.script("GET|HEAD", "/app/manifests", vanish)
        self.check(registry, [], placeholders=0)


class PlaceholderTest(HostileTest):
    """Tags that are removed alone."""

    def shared(self, name, **options):
        made = image.image(f"shared {name}")
        return self.hostile({name: {"develop": made, "1.0": made}}, **options)

    def test_where_only_types_of_oci_are_taken(self):
        registry = self.shared("app")

        def only_oci(request, proceed):
            if "docker" in request.headers.get("content-type", ""):
                return refuse(415, "MANIFEST_INVALID")(request, proceed)
            return proceed()

        registry.script("PUT", "/manifests/", only_oci)
        self.run_deletion(registry, {"app": ["1.0"]})

    def test_without_a_push_where_tags_are_deleted_alone(self):
        registry = self.shared("a", tag_delete="untag")
        made = image.image("shared too")
        registry.fill({"b": {"develop": made, "1.0": made}})
        registry.allowed.by_tag = True
        registry.script("POST", "/b/blobs/uploads", refuse(403, "DENIED"), may_rest=True)
        # The one after the other: what is proven in one holds in the other.
        self.run_deletion(
            registry,
            {"a": ["1.0"], "b": ["1.0"]},
            *("--workers", "1", "--slots", "1"),
            entry={"repositories": ["a", "b"]},
        )


class AttachmentTest(HostileTest):
    def test_of_an_image_that_refuses_its_delete_stays(self):
        """Where no referrers API tells what is attached."""
        doomed = image.image("doomed")
        sbom = image.attachment(doomed)
        registry = self.hostile(
            {"app": {"develop-1": doomed, "develop-sbom": sbom, "1.0": image.image("1")}}
        )
        registry.script("DELETE", doomed.digest, refuse(403, "DENIED"))
        self.run_deletion(registry, {"app": ["1.0"]}, status=1)
        self.assertTrue(registry.has("app", doomed.digest))
        self.assertTrue(registry.has("app", sbom.digest))

    def test_of_an_image_without_a_tag_stays_with_it(self):
        untagged = image.image("untagged")
        sbom = image.attachment(untagged)
        registry = self.hostile({"app": {"develop": sbom, "1.0": image.image("1")}})
        registry.put("app", None, untagged)
        registry.begin_audit()
        registry.allowed.tags.add(("app", "develop"))
        self.submit(self.delete_config(registry))
        self.assertEqual(registry.tags("app"), ["1.0"])
        self.assertTrue(registry.has("app", sbom.digest))


class AnswerTest(HostileTest):
    def test_of_a_proxy_that_lost_patience_is_no_end(self):
        doomed, shared = image.index([image.image("child")]), image.image("shared")
        registry = self.hostile(
            {"app": {"develop-1": doomed, "develop-s": shared, "1.0": shared}}
        )
        begun = []

        def late(request, proceed):
            timer = threading.Timer(2, proceed)
            self.addCleanup(timer.join)
            begun.append(time.time())
            timer.start()
            return Answer(524, {"Content-Type": "text/html"}, b"<html>timeout</html>")

        registry.script("DELETE", doomed.digest, late, times=1)
        self.run_deletion(registry, {"app": ["1.0"]})
        early = [
            request
            for request in registry.seen("PUT", "/app/")
            if begun[0] < request.begun < begun[0] + 2
        ]
        self.assertEqual(early, [], "written beside a DELETE")

    def test_that_no_registry_gives_is_no_empty_repository(self):
        registry = self.hostile({"app": {"develop": image.image("doomed")}})
        registry.script(
            ".*", "/", lambda request, proceed: Answer(404, {}, b"<html>nothing</html>")
        )
        result = self.run_deletion(
            registry, {"app": ["develop"]}, status=1, entry={"repositories": ["app"]}
        )
        self.assertRegex(result.text, "speaks no Registry API")

    def test_keep_says_what_it_left(self):
        shared = image.image("shared")
        registry = self.hostile({"app": {"develop": shared, "1.0": shared}})
        config = {"shared-digest": "keep"}
        result = self.run_deletion(registry, {"app": ["1.0", "develop"]}, **config)
        self.assertRegex(result.text, "left because others need.*develop")
        self.assertIn("2 tags: ", result.text)


if __name__ == "__main__":
    unittest.main()
