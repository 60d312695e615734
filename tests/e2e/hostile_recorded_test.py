# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Answers of real registries that are odd, replayed by a registry in memory.

What they were recorded from is not needed here: tests/e2e/registries_test.py
asks it itself if it is there.
"""

import json
import random
import unittest

from tests.support import image
from tests.support.hostile_case import HostileTest
from tests.support.hostile_server import Answer


class ListTest(HostileTest):
    """Lists as distribution 3.1.2 and go-containerregistry 0.22.1 give them."""

    def test_a_full_last_page_links_to_an_empty_one(self):
        kept = {f"{i}.0": image.image(f"{i}") for i in range(8)}
        doomed = {f"develop-{i}": image.image(f"develop {i}") for i in range(12)}
        registry = self.hostile({"app": {**kept, **doomed}}, page_size=10)

        def link(request, proceed):
            answer = proceed()
            if names := json.loads(answer.body)["tags"]:
                where = f"/v2/app/tags/list?last={names[-1]}&n=10"
                answer.headers["Link"] = f'<{where}>; rel="next"'
            return answer

        registry.script("GET", "/app/tags/list", link)
        self.run_deletion(registry, {"app": list(kept)})
        self.assertTrue(registry.seen("GET", r"/app/tags/list\?last=develop-9"))

    def in_random_order(self, contents):
        """A part of the catalogue in another order each time, whatever `last`
        says, and never a link."""
        registry = self.hostile(contents)
        order = random.Random(23)

        def shuffled(request, proceed):
            size = int(request.query.get("n", 10000))
            names = order.sample(sorted(contents), len(contents))[:size]
            body = json.dumps({"repositories": names}).encode()
            # It calls all its JSON plain text.
            return Answer(200, {"Content-Type": "text/plain; charset=utf-8"}, body)

        registry.script("GET", "/_catalog", shuffled)
        return registry

    def test_a_catalogue_in_random_order_is_listed_whole(self):
        contents = {
            f"app/r{i:04}": {"1.0": image.image("1.0"), "develop": image.image("d")}
            for i in range(1030)
        }
        for name in sorted(contents)[40:]:
            del contents[name]["develop"]
        registry = self.in_random_order(contents)
        self.run_deletion(registry, {name: ["1.0"] for name in contents})

    def test_a_short_catalogue_in_random_order_is_asked_for_once(self):
        both = {"1.0": image.image("1.0"), "develop": image.image("d")}
        contents = {f"app/r{i}": both for i in range(6)}
        registry = self.in_random_order(contents)
        self.run_deletion(registry, {name: ["1.0"] for name in contents})
        self.assertEqual(len(registry.seen("GET", "/_catalog")), 1)


class LeftTagsTest(HostileTest):
    """DELETE of a digest leaves its tags listed and handed out as before
    (go-containerregistry 0.22.1); by digest the manifest is gone."""

    def leaving(self, tags):
        registry = self.hostile({"app": tags}, tag_delete="untag")
        registry.allowed.by_tag = True
        repository = registry.repositories["app"]
        left = {}

        def delete(request, proceed):
            reference = request.path.rsplit("/", 1)[1]
            if reference not in repository.manifests:
                return proceed()
            left[reference] = repository.manifests.pop(reference)
            return Answer(202)

        def read(request, proceed):
            digest = repository.tags.get(request.path.rsplit("/", 1)[1])
            if digest not in left:
                return proceed()
            data, media_type = left[digest]
            headers = {"Content-Type": media_type, "Docker-Content-Digest": digest}
            return Answer(200, headers, data)

        registry.script("DELETE", "/manifests/", delete)
        registry.script("GET|HEAD", "/manifests/", read)
        return registry

    def check(self, doomed):
        kept = {"1.0": image.image("1.0")}
        registry = self.leaving({**kept, **doomed})
        self.run_deletion(registry, {"app": list(kept)})
        self.run_deletion(registry, {"app": list(kept)})

    def test_tags_of_one_image_go_by_name(self):
        shared = image.image("shared")
        self.check({"develop-1": shared, "develop-2": shared})

    def test_the_tag_of_an_index_goes_by_name(self):
        self.check({"develop": image.index([image.image("a"), image.image("b")])})

    def test_the_tag_of_a_signature_goes_by_name(self):
        doomed = image.image("signed")
        tag = image.signature_tag(doomed.digest)
        registry = self.leaving(
            {"1.0": image.image("1.0"), "develop": doomed, tag: image.signature(doomed)}
        )
        self.run_deletion(registry, {"app": ["1.0"]})


if __name__ == "__main__":
    unittest.main()
