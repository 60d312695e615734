# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""The hostile registry works as one, and its audit sees what must not happen."""

import json
import threading
import time
import unittest

from tests.support import client, image
from tests.support.hostile_registry import IMPOSSIBLE, HostileRegistry, Storage
from tests.support.hostile_server import cut, refuse, reset, slow


class HostileRegistryTest(unittest.TestCase):
    def setUp(self):
        self.registry = self.start(HostileRegistry())
        self.client = client.Client(self.registry.url)
        self.child = image.image("child")
        self.whole = image.index([self.child])

    def start(self, server):
        self.addCleanup(server.stop)
        return server.start()

    def fill(self, tags):
        self.registry.fill({"app": tags})
        self.registry.begin_audit()

    def assert_seen(self, *words):
        """The audit found exactly one thing, with these words."""
        found = self.registry.audit()
        self.assertEqual(len(found), 1, found)
        for word in words:
            self.assertIn(word, found[0])

    def test_takes_and_gives_images(self):
        self.registry.allowed.pushes = True
        signature = image.signature(self.whole)
        tags = {"1.0": self.whole, image.signature_tag(self.whole.digest): signature}
        image.Pusher(self.client).push_all({"app": tags, "other": {"1.0": self.child}})
        self.assertTrue(self.client.mount("other", signature.blobs[0].digest, "app"))
        self.assertEqual(self.client.contents(), self.registry.contents())
        for name, held in self.registry.contents().items():
            for tag in held:
                client.pull_completely(self.client, name, tag)
        self.assertEqual(self.registry.audit(), [])

    def test_gives_pages_of_every_kind(self):
        for link in ("relative", "absolute", "opaque"):
            registry = self.start(HostileRegistry(page_size=3, link=link))
            registry.fill({f"a{i}": {"1": self.child} for i in range(10)})
            names = client.Client(registry.url).catalog()
            self.assertEqual(names, [f"a{i}" for i in range(10)])
            self.assertEqual(len(registry.seen("GET", "_catalog")), 4)

    def test_asks_for_credentials(self):
        users = {"me": "secret"}
        for lifetime in (None, 60):
            registry = self.start(HostileRegistry(users=users, token_lifetime=lifetime))
            registry.fill({"app": {"1.0": self.child}})
            known = client.Client(registry.url, "me", "secret")
            self.assertEqual(known.tagged("app"), {"1.0": self.child.digest})
            with self.assertRaises(client.Refused):
                client.Client(registry.url, "me", "wrong").tagged("app")

    def test_scripts_come_in_their_turn(self):
        self.fill({"1.0": self.child})
        self.registry.script("GET", "tags/list", refuse(500), times=1, skip=1)
        answers = [self.client.request("GET", "/v2/app/tags/list") for _ in range(3)]
        self.assertEqual([status for status, _, _ in answers], [200, 500, 200])
        self.registry.script("GET", "tags", cut(0.5), times=3)
        with self.assertRaises(Exception):
            self.client.tags("app")
        self.registry.script("HEAD", "tags", reset, times=3)
        with self.assertRaises(OSError):
            self.client.request("HEAD", "/v2/app/tags/list")
        self.assertEqual(self.registry.audit(), [])

    def test_sees_a_script_that_never_ran(self):
        self.registry.script("GET", "nothing", reset)
        self.assert_seen("no request came")

    def test_sees_an_index_before_its_children(self):
        self.registry.allowed.pushes = True
        with self.assertRaises(client.Refused):
            self.client.push_manifest(
                "app", "1.0", self.whole.data, self.whole.media_type
            )
        self.assert_seen("needs", self.child.digest)

    def test_sees_a_push_that_is_not_allowed(self):
        self.fill({"1.0": self.child})
        self.client.push_manifest("app", "2.0", self.child.data, self.child.media_type)
        self.assert_seen("PUT /v2/app/manifests/2.0")

    def test_sees_a_delete_that_is_not_allowed(self):
        self.fill({"1.0": self.child})
        self.client.delete("app", self.child.digest)
        self.assert_seen("DELETE of app@", self.child.digest)

    def test_sees_the_question_whether_it_deletes_in_a_dry_run(self):
        self.fill({"1.0": self.child})
        self.client.delete("app", IMPOSSIBLE)
        self.assert_seen("where nothing may be deleted")

    def test_sees_a_delete_by_tag(self):
        self.registry.tag_delete = "untag"
        self.fill({"1.0": self.child})
        self.client.request("DELETE", "/v2/app/manifests/1.0")
        self.assert_seen("DELETE of the tag app:1.0")

    def test_sees_that_a_live_index_loses_a_child(self):
        self.fill({"1.0": self.whole})
        self.registry.allowed.digests.add(("app", self.child.digest))
        self.client.delete("app", self.child.digest)
        found = self.registry.audit()
        self.assertIn("which 1.0 needs", found[0])
        self.assertIn("app:1.0 is incomplete in the end", found[1])

    def test_sees_that_a_kept_tag_goes_along(self):
        self.fill({"1.0": self.child, "develop": self.child})
        self.registry.allowed.digests.add(("app", self.child.digest))
        self.registry.allowed.tags.add(("app", "develop"))
        self.client.delete("app", self.child.digest)
        self.assert_seen("on which 1.0 is")

    def test_sees_that_a_live_image_loses_its_signature(self):
        signature = image.signature(self.child)
        tag = image.signature_tag(self.child.digest)
        self.fill({"1.0": self.child, tag: signature})
        self.registry.allowed.digests.add(("app", signature.digest))
        self.registry.allowed.tags.add(("app", tag))
        self.client.delete("app", signature.digest)
        self.assert_seen("whose image is still there")

    def test_sees_that_a_live_image_loses_a_referrer(self):
        attached = image.attachment(self.child)
        self.fill({"1.0": self.child, "sbom": attached})
        self.registry.allowed.digests.add(("app", attached.digest))
        self.registry.allowed.tags.add(("app", "sbom"))
        self.client.delete("app", attached.digest)
        self.assert_seen("attached to", self.child.digest)

    def test_sees_what_comes_during_a_retry_after(self):
        self.registry.script(
            "GET", "tags", refuse(429, headers={"Retry-After": "2"}), times=1
        )
        self.client.request("GET", "/v2/app/tags/list")
        self.client.request("GET", "/v2/")
        time.sleep(0.6)
        self.client.request("GET", "/v2/")
        self.assert_seen("after a Retry-After")

    def test_sees_too_many_at_once(self):
        self.registry.max_connections = 2
        self.registry.script("GET", "", slow(0.3))
        threads = [
            threading.Thread(target=self.client.request, args=("GET", "/v2/"))
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assert_seen("3 requests at once")

    def test_sees_authorization_at_another_host(self):
        storage = self.start(Storage(self.registry))
        self.fill({"1.0": self.child})
        self.registry.script("GET", "/blobs/", storage.redirect)
        layer = self.child.blobs[-1]
        status, headers, _ = self.client.request("GET", f"/v2/app/blobs/{layer.digest}")
        self.assertEqual(status, 307)
        speaker = client.Client(storage.url)
        path = headers["Location"].removeprefix(storage.url)
        self.assertEqual(speaker.request("GET", path)[2], layer.data)
        self.assertEqual(storage.audit(), [])
        more = {"Authorization": "Basic x"}
        self.assertEqual(speaker.request("GET", path, more)[0], 400)
        self.assertIn("Authorization to another host", storage.audit()[0])

    def test_deletes_by_tag_as_it_is_told(self):
        for what, left in (("untag", ["1.0"]), ("takes manifest", []), (400, None)):
            registry = self.start(HostileRegistry(tag_delete=what))
            registry.fill({"app": {"1.0": self.child, "2.0": self.child}})
            speaker = client.Client(registry.url)
            status, _, body = speaker.request("DELETE", "/v2/app/manifests/2.0")
            if left is None:
                self.assertEqual(status, 400)
                code = json.loads(body)["errors"][0]["code"]
                self.assertEqual(code, "DIGEST_INVALID")
            else:
                self.assertEqual(status, 202)
                self.assertEqual(registry.tags("app"), left)


if __name__ == "__main__":
    unittest.main()
