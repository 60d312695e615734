# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""What a run says that it did is what the registries' access logs say."""

import glob
import json
import os
import random
import unittest

from tests.support import fixture
from tests.support.case import EndToEndTest, delete_section, registry_entry, sync_section
from tests.support.oracle import DeletePolicy, SyncPolicy

_MOST = DeletePolicy(mix_count=2, include_regex=".")


class CountsTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.source = self.registry("source")
        self.target = self.registry("target")
        contents = fixture.random_registry(random.Random(77), "counts", repositories=8)
        self.filled = self.fill(self.source, contents)
        self.entries = {
            "source": registry_entry(self.source),
            "target": registry_entry(self.target),
        }

    def totals(self):
        """Those of the only run in the state folder."""
        runs = os.path.join(self.product.environment["XDG_STATE_HOME"], "*/runs/*")
        (path,) = glob.glob(os.path.join(runs, "snapshot.json"))
        with open(path, encoding="utf-8") as file:
            found = json.load(file)["totals"]
        return {name: int(value) for name, value in found.items()}

    def test_of_a_sync(self):
        marks = self.source.mark(), self.target.mark()
        self.submit(
            self.config(
                self.entries, sync=sync_section(SyncPolicy(), "source", "target")
            )
        )
        asked = self.source.requests_since(marks[0])
        sent = self.target.requests_since(marks[1])
        totals = self.totals()
        self.assertEqual(totals["requests"], len(asked) + len(sent))
        self.assertEqual(totals["copied"], sum(len(r.tags) for r in self.filled.values()))
        blobs = [r for r in asked if r.reads_blob and r.status == 200]
        mounts = [r for r in sent if "mount=" in r.path and r.status == 201]
        self.assertEqual(totals["blobs_copied"], len(blobs))
        self.assertEqual(totals["bytes_copied"], sum(r.size for r in blobs))
        self.assertEqual(totals.get("blobs_mounted", 0), len(mounts))

    def test_of_a_deletion(self):
        mark = self.source.mark()
        before = self.source.client().contents()
        self.submit(
            self.config(self.entries, delete=delete_section(_MOST, ["source"]))
        )
        after = self.source.client().contents()
        requests = self.source.requests_since(mark)
        totals = self.totals()
        self.assertEqual(totals["requests"], len(requests))
        gone = sum(len(tags) - len(after.get(name, {})) for name, tags in before.items())
        self.assertEqual(totals["deleted"] + totals.get("untagged", 0), gone)
        accepted = [r for r in requests if r.method == "DELETE" and r.status == 202]
        placed = {
            r.path.partition("/manifests/")[0]
            for r in requests
            if r.method == "PUT" and "/manifests/" in r.path
        }
        digests = totals["manifests_deleted"] + _digests_of_deleted_tags(self, after)
        # Each repository with a tag to be removed alone deletes one placeholder.
        self.assertEqual(len(accepted) - len(placed), digests)


def _digests_of_deleted_tags(test, after):
    """How many different images the deleted tags had, that no tag has now."""
    count = 0
    for name, repository in test.filled.items():
        left = after.get(name, {})
        gone = {d for tag, d in repository.tags.items() if tag not in left}
        count += len({d for d in gone if not test.source.client().resolve(name, d)})
    return count


if __name__ == "__main__":
    unittest.main()
