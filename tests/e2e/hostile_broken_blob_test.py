# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""No image is called copied whose blobs the target has only in name.

Registries keep what a broken upload left (distribution: a file without a
byte), say of it that it is there, and take manifests that name it.
"""

import unittest

from tests.support import image
from tests.support.hostile_case import HostileTest
from tests.support.hostile_server import Answer

_REPOSITORY = "team/app"


class BrokenBlobTest(HostileTest):
    def setUp(self):
        super().setUp()
        self.layer = image.random_layer("broken", 3000)
        self.one = image.image("one", layers=(self.layer,))
        self.multi = image.index([image.image("amd64"), image.image("arm64")])
        self.tags = {"1.0": self.one, "multi": self.multi}
        self.source = self.hostile({_REPOSITORY: self.tags})
        self.target = self.hostile()

    def uploads(self):
        """How often the layer's bytes were sent."""
        return [r for r in self.target.seen("PUT|PATCH") if r.body == self.layer.data]

    def check_repaired(self):
        self.run_sync(self.source, self.target)
        self.assertEqual(len(self.uploads()), 1)
        self.assertEqual(self.target.blobs[self.layer.digest], self.layer.data)

    def break_again_after_every_upload(self):
        def empty(request, proceed):
            answer = proceed()
            if request.body == self.layer.data:
                self.target.blobs[self.layer.digest] = b""
            return answer

        self.target.script("PUT", "/blobs/uploads/", empty)

    def check_is_named_and_others_are_copied(self, tag="1.0"):
        result = self.run_sync(self.source, self.target, status=1)
        self.assertRegex(result.text, rf"\b{tag}\b")
        self.assertRegex(result.text, self.layer.digest[:19])
        expected = {one: made.digest for one, made in self.tags.items() if one != tag}
        self.assertEqual(self.target.contents()[_REPOSITORY], expected)

    def test_a_blob_without_its_bytes_is_sent(self):
        self.target.break_blob(_REPOSITORY, self.layer.digest)
        self.check_repaired()

    def test_a_blob_that_stays_without_its_bytes_is_a_failure(self):
        self.target.break_blob(_REPOSITORY, self.layer.digest)
        self.break_again_after_every_upload()
        self.check_is_named_and_others_are_copied()

    def test_a_blob_below_a_child_that_is_there_is_sent(self):
        child = self.one
        self.source.put(_REPOSITORY, "multi", image.index([child, self.multi]))
        self.target.put(_REPOSITORY, None, child)
        self.target.break_blob(_REPOSITORY, self.layer.digest)
        self.check_repaired()

    def test_a_blob_that_is_gone_below_a_child_that_is_there_is_sent(self):
        child = self.one
        self.source.put(_REPOSITORY, "multi", image.index([child, self.multi]))
        self.target.put(_REPOSITORY, None, child)
        self.target.lose(_REPOSITORY, self.layer.digest)
        self.run_sync(self.source, self.target)
        self.assertEqual(len(self.uploads()), 1)

    def test_a_child_that_only_the_target_has_is_looked_into(self):
        """The source has lost it; what the target has is whole, or is not."""
        self.tags["list"] = image.index([self.one])
        del self.tags["1.0"]
        self.source.untag(_REPOSITORY, "1.0")
        self.source.put(_REPOSITORY, "list", self.tags["list"])
        self.target.put(_REPOSITORY, None, self.one)
        self.source.lose(_REPOSITORY, self.one.digest)
        self.source.lose(_REPOSITORY, self.layer.digest)
        self.target.break_blob(_REPOSITORY, self.layer.digest)
        self.check_is_named_and_others_are_copied("list")
        self.target.blobs[self.layer.digest] = self.layer.data
        self.run_sync(self.source, self.target)

    def test_a_blob_whose_head_leads_to_storage_is_looked_at_there(self):
        storage = self.storage(self.target)
        self.target.script("HEAD|GET", "/blobs/sha256", storage.redirect)
        self.target.break_blob(_REPOSITORY, self.layer.digest)
        self.check_repaired()

    def test_a_blob_whose_head_tells_no_length_is_looked_at(self):
        def hook(request, proceed):
            answer = proceed()
            if answer.status == 200:
                answer.headers["Transfer-Encoding"] = "chunked"
            return answer

        self.target.script("HEAD", "/blobs/sha256", hook)
        self.target.break_blob(_REPOSITORY, self.layer.digest)
        self.check_repaired()

    def test_storage_that_cannot_be_reached_says_nothing(self):
        lead = Answer(307, {"Location": "http://127.0.0.9:9/x"})
        self.target.put(_REPOSITORY, None, self.one)
        self.target.script(
            "HEAD|GET",
            self.layer.digest,
            lambda request, proceed: lead if proceed().status < 300 else proceed(),
        )
        self.run_sync(self.source, self.target)
        self.assertEqual(self.uploads(), [])

    def test_heads_that_always_say_no_length_stop_no_copy(self):
        """A proxy writes Content-Length: 0 to each HEAD; the blobs are whole."""

        def hook(request, proceed):
            answer = proceed()
            if answer.status == 200:
                answer.length = 0
            return answer

        self.target.script("HEAD", "/blobs/sha256", hook)
        self.target.put(_REPOSITORY, None, self.one)
        self.run_sync(self.source, self.target)

    def test_a_mount_of_a_broken_blob_is_not_believed(self):
        """On one registry, and from where another image of the run has it."""
        other = image.image("other", layers=(self.layer,))
        self.source.put("team/other", "1.0", other)
        self.target.script(
            "POST",
            "mount=",
            self._mount_broken,
            may_rest=True,
        )
        self.run_sync(self.source, self.target)
        self.assertEqual(self.target.blobs[self.layer.digest], self.layer.data)

    def _mount_broken(self, request, proceed):
        answer = proceed()
        if request.query.get("mount") == self.layer.digest:
            self.target.blobs[self.layer.digest] = b""
        return answer

    def test_a_mount_that_is_not_done_is_not_believed(self):
        """The registry says 201, has nothing, and takes any manifest."""
        other = image.image("other", layers=(self.layer,))
        self.source.put("team/other", "1.0", other)
        lying = self.target.script(
            "POST", "mount=", lambda request, proceed: Answer(201)
        )
        self.run_sync(self.source, self.target)
        self.assertGreater(lying.count, 0)


if __name__ == "__main__":
    unittest.main()
