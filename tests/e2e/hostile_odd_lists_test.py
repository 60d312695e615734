# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Listings whose pages, or whose content, are not what the specification says."""

import json
import unittest

from tests.support import image
from tests.support.client import OCI_INDEX
from tests.support.hostile_case import HostileTest
from tests.support.hostile_server import Answer, refuse


class OddLinkTest(HostileTest):
    """The Link to the next page is written in an odd way: a kept tag on it counts."""

    def check(self, change):
        shared = image.image("shared")
        kept = {f"k{i}": image.image("same") for i in range(8)}
        registry = self.hostile(
            {"app": {"develop-1": shared, **kept, "zz-keep": shared}}, page_size=9
        )

        def hook(request, proceed):
            answer = proceed()
            if "Link" in answer.headers:
                answer.headers["Link"] = change(answer.headers["Link"])
            return answer

        registry.script("GET", "/tags/list", hook)
        self.allow_deletion(registry, {"app": [*kept, "zz-keep"]})
        result = self.submit(self.delete_config(registry), status=None)
        self.assertIn("zz-keep", registry.tags("app"), result)

    def test_without_brackets_is_followed(self):
        self.check(lambda link: link.replace("<", "").replace(">", ""))

    def test_that_is_a_bare_url_is_followed(self):
        self.check(lambda link: link.partition(">")[0][1:])

    def test_in_single_quotes_is_followed(self):
        self.check(lambda link: link.replace('"', "'"))

    def test_without_a_target_stops_the_repository(self):
        self.check(lambda link: '<>; rel="next"')


class OddReferrersLinkTest(HostileTest):
    def test_a_link_without_brackets_leads_to_the_next_page(self):
        doomed = image.image("doomed")
        registry = self.hostile(
            {"app": {"1.0": image.image("1.0"), "develop": doomed}}, has_referrers=True
        )
        sboms = [image.attachment(doomed, f"{i}") for i in range(2)]
        for sbom in sboms:
            registry.put("app", None, sbom)

        def pages(request, proceed):
            answer = proceed()
            value = json.loads(answer.body)
            page = int(request.query.get("page", 0))
            if value["manifests"] and page == 0:
                answer.headers["Link"] = f'{request.path}?page=1; rel="next"'
            value["manifests"] = value["manifests"][page : page + 1]
            answer.body = json.dumps(value).encode()
            return answer

        registry.script("GET", "/referrers/", pages)
        self.allow_deletion(registry, {"app": ["1.0"]})
        registry.allowed.digests |= {("app", sbom.digest) for sbom in sboms}
        self.submit(self.delete_config(registry), status=None)
        self.assertEqual([registry.has("app", s.digest) for s in sboms], [False, False])


class ListedReferrersTest(HostileTest):
    """A list of referrers names more than what is attached, or is refused once."""

    def check(self, other, root):
        """The list of every subject has `other`, which names no subject."""
        tags = {"1.0": image.image("1"), "develop": image.image("doomed")}
        registry = self.hostile({"app": tags}, has_referrers=True)
        registry.put("app", None, root)
        value = {"schemaVersion": 2, "mediaType": OCI_INDEX}
        body = json.dumps({**value, "manifests": [other.descriptor()]}).encode()
        registry.script(
            "GET",
            "/referrers/",
            lambda r, p: Answer(200, {"Content-Type": OCI_INDEX}, body),
        )
        self.allow_deletion(registry, {"app": ["1.0"]})
        result = self.submit(self.delete_config(registry), status=None)
        self.assertTrue(registry.has("app", other.digest), result)

    def test_an_image_without_a_subject_is_not_deleted(self):
        other = image.image("by digest")
        self.check(other, other)

    def test_a_child_of_an_index_without_a_subject_is_not_deleted(self):
        other = image.image("by digest")
        self.check(other, image.index([other]))

    def test_a_404_for_one_subject_leaves_the_api_to_the_others(self):
        """It is not there (any more): 404 MANIFEST_UNKNOWN. The others' lists
        are asked for no more, and what is attached to them is left behind."""
        tags = {f"develop-{i}": image.image(f"d{i}") for i in range(3)}
        registry = self.hostile(
            {"app": {"1.0": image.image("1"), **tags}}, has_referrers=True
        )
        sboms = [image.attachment(one) for one in tags.values()]
        for sbom in sboms:
            registry.put("app", None, sbom)
        registry.script("GET", "/referrers/", refuse(404, "MANIFEST_UNKNOWN"), times=1)
        self.allow_deletion(registry, {"app": ["1.0"]})
        registry.allowed.digests |= {("app", sbom.digest) for sbom in sboms}
        self.submit(self.delete_config(registry), status=None)
        left = [s.digest for s in sboms if registry.has("app", s.digest)]
        self.assertLess(len(left), 2)

    def test_a_403_to_one_of_two_workers_leaves_nothing_behind(self):
        """One worker meets it, the other gets lists: nothing is left behind."""
        tags = {f"develop-{i}": image.image(f"d{i}") for i in range(4)}
        contents = {f"app/r{i}": {"1.0": image.image("1"), **tags} for i in range(4)}
        registry = self.hostile(contents, has_referrers=True)
        sboms = [image.attachment(one) for one in tags.values()]
        for name in contents:
            for sbom in sboms:
                registry.put(name, None, sbom)
                registry.allowed.digests.add((name, sbom.digest))
        registry.script("GET", "/referrers/", refuse(403, "DENIED"), times=1)
        self.allow_deletion(registry, {name: ["1.0"] for name in contents})
        self.submit(self.delete_config(registry), "--workers", "2", status=None)
        left = {n for n in contents for s in sboms if registry.has(n, s.digest)}
        # That of the refusal, at most.
        self.assertLessEqual(len(left), 1, left)


if __name__ == "__main__":
    unittest.main()
