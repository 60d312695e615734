# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Uploads to registries behind a limit to the size of a request (413)."""

import re
import unittest

from tests.support import image
from tests.support.hostile_case import HostileTest
from tests.support.hostile_server import Answer, corrupt, refuse

_MIB = 1 << 20
_PAGE = b"<html><body>413 Request Entity Too Large</body></html>"
_TOO_LARGE = Answer(413, {"Content-Type": "text/html"}, _PAGE)


class UploadLimitTest(HostileTest):
    def setUp(self):
        super().setUp()
        self.layer = image.random_layer("big", 5 * _MIB)
        self.big = image.image("big", layers=(self.layer,))
        self.source = self.hostile({"team/app": {"big": self.big}})
        self.target = self.hostile()
        self.limit = _MIB
        self.least = 0

    def limited(self, request, proceed):
        length = int(request.headers.get("content-length", 0))
        if length > self.limit:
            return Answer(413, dict(_TOO_LARGE.headers), _PAGE)
        answer = proceed()
        if self.least and request.method in ("POST", "PATCH"):
            answer.headers["OCI-Chunk-Min-Length"] = str(self.least)
        return answer

    def check_copied_in_parts(self):
        self.target.script("POST|PUT|PATCH", "/blobs/uploads/", self.limited)
        self.run_sync(self.source, self.target)
        self.check_parts()

    def check_parts(self):
        self.assertEqual(self.target.blobs[self.layer.digest], self.layer.data)
        parts = [r for r in self.target.seen("PATCH") if r.status == 202]
        first = 0
        for part in parts:
            self.assertLessEqual(len(part.body), self.limit)
            last = first + len(part.body) - 1
            self.assertEqual(part.headers.get("content-range"), f"{first}-{last}")
            first = last + 1
            if first < len(self.layer.data):
                self.assertGreaterEqual(len(part.body), self.least)
        self.assertEqual(first, len(self.layer.data))
        ended = self.target.seen("PUT", re.escape(self.layer.digest[7:]))
        self.assertEqual(len([r for r in ended if r.status == 201]), 1)
        refused = [r for r in self.target.seen() if r.status == 413]
        self.assertLess(len(refused), 12)

    def test_are_sent_in_parts(self):
        self.check_copied_in_parts()

    def test_are_sent_in_parts_that_are_not_too_small(self):
        self.least = 524288
        self.check_copied_in_parts()

    def test_that_refuses_before_it_has_read_the_body(self):
        self.target.refuses_early = lambda headers: (
            _TOO_LARGE if int(headers.get("content-length", 0)) > self.limit else None
        )
        self.run_sync(self.source, self.target)
        self.check_parts()

    def test_are_remembered_for_the_registry(self):
        for i in range(8):
            made = image.image(str(i), layers=(image.random_layer(str(i), 3 * _MIB),))
            self.source.put("team/app", f"other-{i}", made)
        self.target.script("POST|PUT|PATCH", "/blobs/uploads/", self.limited)
        self.run_sync(self.source, self.target, source_entry={"max-connections": 2})
        refused = [r for r in self.target.seen() if r.status == 413]
        self.assertLess(len(refused), 12)

    def test_a_part_that_the_registry_has_already_is_not_sent_again(self):
        """416: the session is asked where it stands."""

        def lost(request, proceed):
            proceed()
            return refuse(416, "RANGE_INVALID")(request, proceed)

        self.target.script("PATCH", "", lost, times=1, skip=2)
        self.target.script("POST|PUT|PATCH", "/blobs/uploads/", self.limited)
        self.run_sync(self.source, self.target)
        self.assertEqual(self.target.blobs[self.layer.digest], self.layer.data)

    def test_parts_that_are_too_large_by_416_are_made_smaller(self):
        """As GHCR refuses them."""

        def too_large(request, proceed):
            if len(request.body) > self.limit:
                status = 416 if request.method == "PATCH" else 413
                return refuse(status, "REQUESTED_RANGE_NOT_SATISFIABLE")(
                    request, proceed
                )
            return proceed()

        self.target.script("PUT|PATCH", "/blobs/uploads/", too_large)
        self.run_sync(self.source, self.target)
        self.check_parts()

    def test_a_part_that_is_refused_for_good_is_named(self):
        self.limit = 1000
        self.target.script("POST|PUT|PATCH", "/blobs/uploads/", self.limited)
        result = self.run_sync(self.source, self.target, status=1)
        self.assertRegex(result.text, "big.*413")
        self.assertEqual(self.target.tags("team/app"), [])


class WrongBytesTest(HostileTest):
    """A body that is not that of its digest is fetched again."""

    def setUp(self):
        super().setUp()
        self.layers = (
            image.random_layer("small", 3000),
            image.random_layer("large", 900_000),
        )
        self.one = image.image("one", layers=self.layers)
        self.contents = {"app": {"1.0": self.one, "multi": image.index([self.one])}}

    def test_in_passing_cost_no_image(self):
        source, target = self.hostile(self.contents), self.hostile()
        scripts = [
            source.script("GET", path, corrupt, times=1)
            for path in (
                self.layers[0].digest,
                self.layers[1].digest,
                "manifests/1.0",
                f"manifests/{self.one.digest}",
                f"blobs/{self.one.blobs[0].digest}",
            )
        ]
        self.run_sync(source, target)
        self.assertEqual([script.count for script in scripts], [1] * 5)

    def test_on_their_way_to_the_target_are_sent_again(self):
        source, target = self.hostile(self.contents), self.hostile()
        target.script("PUT", "/blobs/uploads/", refuse(400, "DIGEST_INVALID"), times=2)
        self.run_sync(source, target)

    def test_in_passing_cost_no_deletion(self):
        tags = {"develop-1": image.index([self.one]), "1.0": image.image("kept")}
        registry = self.hostile({"app": tags})
        registry.script("GET", "/manifests/", corrupt, times=1)
        self.run_deletion(registry, {"app": ["1.0"]})


if __name__ == "__main__":
    unittest.main()
