# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Copies from and to registries whose transfers go wrong.

The audit of tests/support/hostile_registry.py stands behind every test here:
no manifest is put before what it needs, no upload ends with other bytes.
"""

import unittest

from tests.support import image
from tests.support.hostile_case import HostileTest
from tests.support.hostile_server import (
    Answer,
    after,
    corrupt,
    cut,
    refuse,
    reset,
    reset_afterwards,
    say_length,
    slow,
    without,
)

# Below and above what is read whole before it is sent.
_SMALL, _LARGE = 3000, 900_000
_USERS = {"admin": "s3cret"}


class _CopyTest(HostileTest):
    """`bad` has a small and a large layer; `app:good` and `second` are others."""

    def setUp(self):
        super().setUp()
        self.small = image.random_layer("small", _SMALL)
        self.large = image.random_layer("large", _LARGE)
        self.bad = image.image("bad", layers=(self.small, self.large))
        self.contents = {
            "app": {"bad": self.bad, "good": image.image("good")},
            "second": {"1.0": image.image("second")},
        }

    def servers(self, source=None, target=None):
        self.source = self.hostile(self.contents, **(source or {}))
        self.target = self.hostile(**(target or {}))

    def check_all_copied(self, **options):
        return self.run_sync(self.source, self.target, **options)

    def check_bad_is_named(self, *words):
        """The tag on the target stays as it was; the others are copied."""
        old = image.image("old")
        self.target.put("app", "bad", old)
        result = self.run_sync(self.source, self.target, status=1)
        self.assertRegex(result.text, r"\bbad\b")
        for word in words:
            self.assertRegex(result.text, word)
        expected = {"bad": old.digest, "good": self.contents["app"]["good"].digest}
        self.assertEqual(self.target.contents()["app"], expected)
        self.assertEqual(self.target.tags("second"), ["1.0"])

        # When all is well again, the same command ends well.
        for server in (self.source, self.target):
            server.forget_scripts()
        self.check_all_copied()


class BadSourceTest(_CopyTest):
    """The source's answers are cut, hang, or hold other bytes."""

    def setUp(self):
        super().setUp()
        self.servers()

    def misbehave(self, what, hook, times=None):
        path = {
            "small blob": self.small.digest,
            "large blob": self.large.digest,
            "manifest": f"manifests/(bad|{self.bad.digest})",
        }[what]
        return self.source.script("GET", path, hook, times=times)

    def test_a_large_blob_that_is_cut_goes_on_from_its_offset(self):
        self.misbehave("large blob", cut(0.6), times=1)
        self.check_all_copied()
        asked = self.source.seen("GET", self.large.digest)
        first = int(_LARGE * 0.6)
        ranges = [request.headers.get("range") for request in asked]
        self.assertEqual(ranges, [None, f"bytes={first}-"])

    def test_a_large_blob_that_is_cut_again_and_again(self):
        self.misbehave("large blob", cut(0.6), times=5)
        self.check_all_copied()

    def test_a_large_blob_that_is_cut_where_there_is_no_range(self):
        def hook(request, proceed):
            request.headers.pop("range", None)
            answer = proceed()
            answer.share = 0.6 if script.count == 1 else 1
            return answer

        script = self.misbehave("large blob", hook)
        self.check_all_copied()

    def test_a_small_blob_that_is_cut(self):
        self.misbehave("small blob", cut(0.6), times=1)
        self.check_all_copied()

    def test_a_manifest_that_is_cut(self):
        self.misbehave("manifest", cut(0.6), times=1)
        self.check_all_copied()

    def test_a_large_blob_that_is_always_cut_to_nothing(self):
        self.misbehave("large blob", cut(0.0))
        self.check_bad_is_named(self.large.digest[:19])

    def test_a_large_blob_that_is_always_answered_with_500(self):
        self.misbehave("large blob", refuse(500))
        self.check_bad_is_named(self.large.digest[:19], "500")

    def test_a_large_blob_that_is_answered_with_500_after_a_cut(self):
        first = self.misbehave("large blob", cut(0.6), times=1)
        self.source.script("GET", self.large.digest, refuse(500))
        self.check_bad_is_named(self.large.digest[:19], "500")
        self.assertEqual(first.count, 1)

    def test_a_large_blob_whose_connection_is_always_reset(self):
        self.misbehave("large blob", reset)
        self.check_bad_is_named(self.large.digest[:19])

    def test_a_small_blob_that_is_always_cut(self):
        self.misbehave("small blob", cut(0.6))
        self.check_bad_is_named(self.small.digest[:19])

    def test_a_manifest_that_is_always_cut(self):
        self.misbehave("manifest", cut(0.6))
        self.check_bad_is_named()

    def test_other_bytes_in_a_large_blob(self):
        self.misbehave("large blob", corrupt)
        self.check_bad_is_named(self.large.digest[:19], "content|bytes|digest")

    def test_other_bytes_in_a_small_blob(self):
        self.misbehave("small blob", corrupt)
        self.check_bad_is_named(self.small.digest[:19], "content|bytes|digest")

    def test_other_bytes_in_a_manifest(self):
        self.misbehave("manifest", corrupt)
        self.check_bad_is_named("digest")

    def test_other_bytes_in_a_child(self):
        self.contents["app"]["bad"] = self.bad = image.index([self.bad])
        self.source.put("app", "bad", self.bad)
        child = self.bad.children[0].digest
        self.source.script("GET", child, corrupt)
        self.check_bad_is_named(child)

    def test_a_large_blob_that_is_too_short_by_its_length(self):
        self.misbehave("large blob", say_length(-100))
        self.check_bad_is_named(self.large.digest[:19])

    def test_a_large_blob_that_is_too_long_by_its_length(self):
        def longer(request, proceed):
            answer = proceed()
            answer.body += b"more"
            return answer

        self.misbehave("large blob", longer)
        self.check_bad_is_named(self.large.digest[:19], "longer")

    def test_a_small_blob_that_is_too_short_by_its_length(self):
        self.misbehave("small blob", say_length(-100))
        self.check_bad_is_named(self.small.digest[:19])

    def test_a_small_blob_that_is_shorter_than_its_length(self):
        self.misbehave("small blob", say_length(100))
        self.check_bad_is_named(self.small.digest[:19])

    def test_a_manifest_that_is_too_short_by_its_length(self):
        self.misbehave("manifest", say_length(-100))
        self.check_bad_is_named()

    def test_connections_reset_in_passing(self):
        for what in ("large blob", "small blob", "manifest"):
            self.misbehave(what, reset, times=2)
        self.check_all_copied()

    def test_bodies_that_hang(self):
        """A stall ends after 30 seconds: a blob's and a manifest's at once."""
        self.misbehave("large blob", cut(0.6, hang=60), times=1)
        self.source.script("GET", "second/manifests/", cut(0.6, hang=60), times=1)
        self.check_all_copied()

    def test_missing_digest_headers(self):
        for server in (self.source, self.target):
            server.script(".*", "/v2/", without("Docker-Content-Digest"))
        self.check_all_copied()
        mark = self.target.mark()
        self.check_all_copied()
        self.assertEqual([r for r in self.target.seen(since=mark) if r.writes], [])

    def test_other_bytes_without_a_digest_header(self):
        """A tag's manifest cannot be told then; a child's can, by its name."""
        self.bad = self.contents["app"]["bad"] = image.index([self.bad])
        self.source.put("app", "bad", self.bad)

        def hook(request, proceed):
            answer = corrupt(request, proceed)
            answer.headers.pop("Docker-Content-Digest")
            return answer

        self.source.script("GET", self.bad.children[0].digest, hook)
        self.check_bad_is_named(self.bad.children[0].digest)


class RedirectTest(_CopyTest):
    """The source leads to another host for its blobs."""

    def check_redirected(self, **options):
        self.servers(source={"users": _USERS, **options})
        storage = self.storage(self.source)
        self.source.script("GET", "/blobs/", storage.redirect)
        self.check_all_copied()
        self.assertGreaterEqual(len(storage.seen("GET")), 6)

    def test_basic_credentials_are_not_sent_there(self):
        self.check_redirected()

    def test_bearer_tokens_are_not_sent_there(self):
        self.check_redirected(token_lifetime=60)

    def test_a_blob_that_is_cut_there_goes_on_by_way_of_the_registry(self):
        self.servers(source={"users": _USERS})
        storage = self.storage(self.source)
        self.source.script("GET", "/blobs/", storage.redirect)
        storage.script("GET", self.large.digest, cut(0.6), times=1)
        self.check_all_copied()
        self.assertEqual(len(self.source.seen("GET", self.large.digest)), 2)

    def check_storage_refuses(self, status):
        self.servers(source={"users": _USERS})
        storage = self.storage(self.source)
        self.source.script("GET", "/blobs/", storage.redirect)
        storage.script("GET", self.large.digest, refuse(status))
        self.check_bad_is_named(self.large.digest[:19], str(status))

    def test_storage_that_has_lost_a_blob(self):
        self.check_storage_refuses(404)

    def test_storage_that_refuses_a_blob(self):
        self.check_storage_refuses(401)

    def test_redirects_in_a_circle(self):
        self.servers()

        def hook(request, proceed):
            return Answer(307, {"Location": request.path})

        self.source.script("GET", self.large.digest, hook)
        self.check_bad_is_named(self.large.digest[:19])


class LapsingTokenTest(_CopyTest):
    """Bearer tokens that end before they said they would."""

    def setUp(self):
        super().setUp()
        options = {"users": _USERS, "token_lifetime": 0.4}
        self.servers(source=options, target=options)

    def test_tokens_that_lapse_all_the_time(self):
        self.source.fill({"app": {f"{i}": image.image(f"more {i}") for i in range(30)}})
        for server in (self.source, self.target):
            server.script(".*", "/v2/", slow(0.05))
        self.check_all_copied()
        self.assertGreater(self.source.tokens_lapsed, 2)
        self.assertGreater(self.target.tokens_lapsed, 2)

    def check_lapses_at(self, server, method, path):
        def lapse(request, proceed):
            server.lapse_tokens()
            return proceed()

        server.script(method, path, lapse, times=2)
        self.check_all_copied()
        self.assertGreater(server.tokens_lapsed, 0)

    def test_at_the_upload_of_a_blob(self):
        self.check_lapses_at(self.target, "PUT", "/blobs/uploads/")

    def test_at_the_put_of_a_manifest(self):
        self.check_lapses_at(self.target, "PUT", "/manifests/")

    def test_at_the_get_of_a_blob(self):
        self.check_lapses_at(self.source, "GET", "/blobs/")

    def test_in_the_middle_of_a_blob(self):
        def cut_and_lapse(request, proceed):
            self.source.lapse_tokens()
            answer = Answer(200, {}, self.large.data, share=0.6)
            return answer

        self.source.script("GET", self.large.digest, cut_and_lapse, times=1)
        self.check_all_copied()

    def test_a_server_that_gives_none_any_more_is_named(self):
        def refuse_all():
            self.source.lapse_tokens()
            self.source.script("GET", "/token", refuse(403, "DENIED"))

        self.source.script("GET", "manifests/bad", after(refuse_all), times=1)
        result = self.run_sync(self.source, self.target, status=None)
        self.assertNotEqual(result.status, 0)
        self.assertRegex(result.text, "bad.*/token")
        self.assertNotIn(_USERS["admin"], result.text)


class MountTest(_CopyTest):
    """Two repositories share their layers; the second is mounted or sent."""

    def setUp(self):
        super().setUp()
        for name in ("b", "c"):
            self.contents[name] = {"1.0": image.image(name, layers=self.bad.blobs[1:])}
        self.servers()

    def test_that_are_answered_201_send_no_byte_twice(self):
        self.run_sync(self.source, self.target)
        self.assertEqual(len(self.source.seen("GET", self.large.digest)), 1)
        self.assertEqual(len(self.source.seen("GET", self.small.digest)), 1)

    def test_send_no_byte_twice_whichever_worker_sent_it(self):
        shared = [image.random_layer(f"shared {i}", _LARGE) for i in range(3)]
        for i in range(12):
            made = image.image(f"app {i}", layers=shared)
            self.source.put(f"app{i}", "1.0", made)
        for server in (self.source, self.target):
            server.script(".*", "", slow(0.02), may_rest=True)
        self.run_sync(self.source, self.target, "--workers", "3")
        for layer in shared:
            self.assertEqual(len(self.source.seen("GET", layer.digest)), 1)

    def test_batches_put_a_blob_by_one_hand(self):
        # So many tags are batches, for several workers.
        for i in range(200):
            made = image.image(f"tag {i}", layers=(self.large,))
            self.source.put("bulk", f"t{i}", made)
        self.target.script("PUT", self.large.digest[7:], slow(1))
        self.run_sync(self.source, self.target, "--workers", "3")
        self.assertEqual(len(self.source.seen("GET", self.large.digest)), 1)

    def test_that_are_answered_202_send_in_that_session(self):
        def hook(request, proceed):
            request.query.pop("mount")
            request.query.pop("from")
            return proceed()

        script = self.target.script("POST", "mount=", hook)
        self.check_all_copied()
        # Each upload that was begun was used: none is left over.
        self.assertGreater(script.count, 0)
        self.assertEqual(self.target.uploads_left(), 0)

    def check_refused(self, status):
        script = self.target.script("POST", "mount=", refuse(status))
        self.check_all_copied()
        self.assertGreater(script.count, 0)

    def test_that_are_answered_404(self):
        self.check_refused(404)

    def test_that_are_answered_405(self):
        self.check_refused(405)

    def test_that_are_answered_403(self):
        self.check_refused(403)

    def test_that_are_answered_201_and_not_done(self):
        """The registry says so and lies; the manifest says what is missing."""
        self.target.script("POST", "mount=", lambda r, p: Answer(201), times=2)
        config = self.sync_config(self.source, self.target)
        self.submit_until_done(config)
        self.assertEqual(self.target.contents(), self.source.contents())
        self.target.forgive("needs")


class UploadTest(_CopyTest):
    """The target's uploads go wrong."""

    def setUp(self):
        super().setUp()
        self.servers()

    def check_put_refused(self, status, code):
        def hook(request, proceed):
            # A body in one PUT; the PUT that ends a PATCH has none.
            if request.body:
                return refuse(status, code)(request, proceed)
            return proceed()

        self.target.script("PUT", "/blobs/uploads/", hook)
        self.check_all_copied()
        self.assertGreater(len(self.target.seen("PATCH")), 0)

    def test_in_one_put_refused_with_404(self):
        self.check_put_refused(404, "BLOB_UPLOAD_UNKNOWN")

    def test_in_one_put_refused_with_404_by_a_proxy(self):
        self.check_put_refused(404, "UNKNOWN")

    def test_in_one_put_refused_with_405(self):
        self.check_put_refused(405, "UNSUPPORTED")

    def test_in_one_put_refused_with_413(self):
        self.check_put_refused(413, "SIZE")

    def test_sessions_that_are_lost(self):
        self.target.script(
            "PUT", "/blobs/uploads/", refuse(404, "BLOB_UPLOAD_UNKNOWN"), times=2
        )
        self.check_all_copied()

    def test_sessions_that_are_refused(self):
        self.target.script("POST", "/blobs/uploads/", refuse(502), times=3)
        self.check_all_copied()

    def test_resets_before_and_after_their_effect(self):
        self.target.script("PUT", "/blobs/uploads/", reset, times=2)
        self.target.script("PUT", "/blobs/uploads/", reset_afterwards, times=2)
        self.target.script("PUT", "/manifests/", reset, times=1)
        self.target.script("PUT", "/manifests/", reset_afterwards, times=1)
        self.check_all_copied()

    def test_answers_of_500_in_passing(self):
        self.target.script("PUT|POST|HEAD", "", refuse(500), times=4)
        self.check_all_copied()

    def test_a_blob_that_is_lost_before_the_manifest_comes(self):
        def lose(request, proceed):
            self.target.lose("app", self.small.digest)
            return refuse(400, "MANIFEST_BLOB_UNKNOWN")(request, proceed)

        self.target.script("PUT", "/manifests/bad", lose, times=1)
        self.check_all_copied()

    def test_a_target_that_is_full(self):
        self.target.script("PUT", f"{self.large.digest[7:]}", refuse(507))
        self.check_bad_is_named("507")

    def test_a_target_that_forbids_one_tag(self):
        self.target.script("PUT", "/manifests/bad", refuse(403, "DENIED"))
        self.check_bad_is_named("403")

    def test_a_target_that_stores_something_else(self):
        def hook(request, proceed):
            other = "sha256:" + "1" * 64
            return Answer(201, {"Docker-Content-Digest": other})

        self.target.script("PUT", "/manifests/bad", hook)
        self.check_bad_is_named("sha256:1111")


if __name__ == "__main__":
    unittest.main()
