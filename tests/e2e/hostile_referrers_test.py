# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""What is attached to an image comes along, whatever the ends offer."""

import json
import os
import shutil
import unittest

from tests.support import image
from tests.support.hostile_case import HostileTest
from tests.support.hostile_server import refuse
from tests.support.oracle import SyncPolicy


class ReferrersTest(HostileTest):
    def setUp(self):
        super().setUp()
        self.child = image.image("child")
        self.whole = image.index([self.child])
        self.sbom = image.attachment(self.whole)

    def servers(self, target_has_referrers=True, tags=None):
        tags = tags or {"1.0": self.whole}
        self.source = self.hostile({"app": tags}, has_referrers=True)
        self.target = self.hostile(has_referrers=target_has_referrers)

    def totals(self, result):
        return json.loads(result.out.splitlines()[-1])["totals"]

    def copy(self, target_has_referrers):
        self.servers(target_has_referrers)
        self.source.put("app", None, self.sbom)
        self.run_sync(self.source, self.target, status=None)
        self.assertTrue(self.target.has("app", self.sbom.digest))

    def test_to_a_target_with_the_api(self):
        self.copy(target_has_referrers=True)
        self.assertEqual(self.target.contents(), self.source.contents())

    def test_to_a_target_without_the_api(self):
        self.copy(target_has_referrers=False)
        tag = image.signature_tag(self.whole.digest, "")
        index = self.target.contents()["app"][tag]
        self.assertIn(self.sbom.digest, self.target.reach("app", [index]))

    def test_that_cannot_be_listed(self):
        self.servers()
        # The list of the index shows that there is an API.
        path = f"/referrers/{self.child.digest}"
        self.source.script("GET", path, refuse(403, "DENIED"))
        result = self.run_sync(self.source, self.target, status=1)
        self.assertRegex(result.text, f"{self.child.digest}.*403")

    def test_that_cannot_be_found_are_a_failure(self):
        """The image is there already, and its child was signed since."""
        self.servers()
        policy = SyncPolicy(filters=("^1",))
        self.run_sync(self.source, self.target, policy=policy)
        signature = image.signature_tag(self.child.digest)
        self.source.put("app", signature, image.signature(self.child))
        path = f"manifests/{self.whole.digest}"
        self.source.script("GET", path, refuse(404, "MANIFEST_UNKNOWN"))
        # What the first run has read would do.
        state = self.product.environment["XDG_STATE_HOME"]
        shutil.rmtree(os.path.join(state, "registry-manager/manifests"))
        for verb in ("plan", "submit"):
            config = self.sync_config(self.source, self.target, policy)
            result = self.run_product(verb, config, "--json", status=1)
            self.assertRegex(result.out, "signatures and referrers cannot be found")
            self.assertEqual(self.totals(result)["failed"], 1)
            self.assertEqual(self.totals(result)["skipped"], 0)
        self.source.forget_scripts()
        self.run_sync(self.source, self.target, policy=policy)
        self.assertIn(signature, self.target.tags("app"))

    def test_are_planned_and_then_copied(self):
        self.servers()
        self.run_sync(self.source, self.target)
        self.source.put("app", None, self.sbom)
        config = self.sync_config(self.source, self.target)
        mark = self.target.mark()
        plan = self.run_product("plan", config, "--json")
        self.assertEqual([r for r in self.target.seen(since=mark) if r.writes], [])
        self.assertEqual(self.totals(plan)["to_copy"], 1)
        self.assertIn(self.sbom.digest, plan.out)
        result = self.submit(config, "--json")
        self.assertEqual(self.totals(result)["copied"], 1)
        plan = self.run_product("plan", config, "--json")
        self.assertEqual(self.totals(plan)["to_copy"], 0)

    def test_of_which_one_is_broken(self):
        self.servers()
        attached = [image.attachment(self.whole, f"sbom {i}") for i in range(3)]
        for one in attached:
            self.source.put("app", None, one)
        broken = attached[0].blobs[1].digest
        self.source.script("GET", broken, refuse(404, "BLOB_UNKNOWN"))
        config = self.sync_config(self.source, self.target)
        result = self.submit(config, "--json", status=1)
        there = [self.target.has("app", one.digest) for one in attached]
        self.assertEqual(there, [False, True, True])
        # The image and two of them.
        self.assertEqual(self.totals(result)["copied"], 3)
        self.assertEqual(self.totals(result)["failed"], 1)

    def test_of_an_image_under_many_tags_are_copied_once(self):
        """A repository that is split into batches."""
        # No round number, which a cap may have left.
        tags = {f"t{i:03}": self.child for i in range(101)}
        self.servers(target_has_referrers=False, tags=tags)
        attached = [image.attachment(self.child, f"sbom {i}") for i in range(3)]
        for one in attached:
            self.source.put("app", None, one)
        config = self.sync_config(self.source, self.target)
        result = self.submit(config, "--workers", "2", "--json")
        totals = self.totals(result)
        self.assertEqual((totals["tags"], totals["copied"]), (101, 104))
        for one in attached:
            puts = self.target.seen("PUT", f"manifests/{one.digest}")
            self.assertEqual(len(puts), 1, puts)
        for server in (self.source, self.target):
            self.assertEqual(len(server.seen("GET", "/v2/app/tags/list")), 1)

    def test_that_a_fallback_tag_leaves_out_stay_listed(self):
        """The source has the API and a tag; the target has no API."""
        self.servers(target_has_referrers=False)
        tagged = image.attachment(self.whole, "tagged")
        tag = image.signature_tag(self.whole.digest, "")
        self.source.put("app", None, self.sbom)
        self.source.put("app", tag, image.referrers_index([tagged]))
        config = self.sync_config(self.source, self.target)
        self.submit(config)
        index = self.target.contents()["app"][tag]
        listed = self.target.reach("app", [index])
        self.assertLessEqual({self.sbom.digest, tagged.digest}, listed)
        mark = self.target.mark()
        result = self.submit(config, "--json")
        self.assertEqual([r for r in self.target.seen(since=mark) if r.writes], [])
        self.assertEqual(self.totals(result)["copied"], 0)
        self.assertEqual(self.totals(result)["skipped"], 2)


if __name__ == "__main__":
    unittest.main()
