# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""The verb retry: the failed actions of a run again, and nothing else."""

import os
import re
import unittest

from tests.support import image
from tests.support.case import blob_file, registry_entry, sync_section
from tests.support.hostile_case import DEVELOP, HostileTest
from tests.support.hostile_server import refuse
from tests.support.oracle import SyncPolicy


def run_of(result):
    return re.search(r"(?m)^run (\w{4})", result.text).group(1)


class RetrySyncTest(HostileTest):
    def setUp(self):
        super().setUp()
        self.source = self.registry("a")
        self.target = self.registry("b")
        broken = image.image("broken")
        self.contents = {
            "app": {"1.0": image.image("one"), "2.0": broken},
            "other": {"1.0": image.image("other")},
        }
        self.fill(self.source, self.contents)
        self.made_config = self.config(
            {"a": registry_entry(self.source), "b": registry_entry(self.target)},
            sync=sync_section(SyncPolicy(), "a", "b"),
        )
        self.lost = blob_file(self.source, broken.blobs[-1].digest)
        os.rename(self.lost, self.lost + ".away")

    def failed_run(self):
        return run_of(self.submit(self.made_config, status=1))

    def mend(self):
        os.rename(self.lost + ".away", self.lost)

    def test_only_what_failed_is_done(self):
        run = self.failed_run()
        self.mend()
        # Both would be copied by a new run.
        late = {"app": {"3.0": image.image("late")}, "new": {"1": image.image("new")}}
        self.fill(self.source, late)
        mark = self.source.mark()
        result = self.run_product("retry", run)
        self.assertIn("1 copied", result.out)
        expected = {
            name: {tag: made.digest for tag, made in tags.items()}
            for name, tags in self.contents.items()
        }
        self.assert_contents(self.target, expected)
        asked = {r.path.split("/")[2] for r in self.source.requests_since(mark)}
        self.assertNotIn("other", asked)

    def test_what_fails_again_is_named_and_can_be_tried_again(self):
        run = self.failed_run()
        result = self.run_product("retry", run, status=1)
        self.assertIn("app:2.0", result.text)
        again = run_of(result)
        self.assertNotEqual(again, run)
        self.mend()
        self.run_product("retry", again)
        self.assertRegex(
            self.run_product("runs").out, rf"(?m)^\w{{4}} .*\(retry of {again}\)"
        )

    def test_a_run_without_failures(self):
        self.mend()
        run = run_of(self.submit(self.made_config))
        mark = self.target.mark()
        result = self.run_product("retry", run)
        self.assertIn("nothing failed", result.text)
        self.assert_no_writes(self.target, mark)

    def test_a_run_that_there_is_not(self):
        self.assertIn("no run", self.run_product("retry", "ZZZZ", status=2).err)

    def test_a_config_that_has_changed(self):
        run = self.failed_run()
        self.config(
            {"a": registry_entry(self.source), "b": registry_entry(self.target)},
            sync=sync_section(SyncPolicy(), "b", "a"),
        )
        result = self.run_product("retry", run, status=2)
        self.assertIn("changed since", result.err)


class RetryDeleteTest(HostileTest):
    def test_only_the_tags_that_could_not_be_deleted_go(self):
        refused = image.image("refused")
        contents = {
            "app": {
                "1.0": image.image("one"),
                "develop-1": image.image("two"),
                "develop-2": refused,
            }
        }
        registry = self.hostile(contents)
        self.allow_deletion(registry, {"app": ["1.0"]})
        config = self.delete_config(registry, DEVELOP)
        registry.script("DELETE", refused.digest, refuse(403, "DENIED"))
        run = run_of(self.submit(config, status=1))
        self.assertEqual(registry.tags("app"), ["1.0", "develop-2"])
        registry.forget_scripts()
        # It would be deleted by a new run.
        registry.fill({"app": {"develop-3": image.image("three")}})
        self.run_product("retry", run)
        self.assertEqual(registry.tags("app"), ["1.0", "develop-3"])


if __name__ == "__main__":
    unittest.main()
