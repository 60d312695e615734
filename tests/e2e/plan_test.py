# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""What a plan says besides what is done: sizes, and rules that want a second look."""

import os
import re
import subprocess
import unittest

from tests.support import image, process
from tests.support.case import EndToEndTest, delete_section, registry_entry
from tests.support.case import sync_section
from tests.support.oracle import DeletePolicy, SyncPolicy


class PlanTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.one = self.registry("one")

    def plan_deletion(self, tags, *arguments, **policy):
        self.fill(self.one, {"app": tags})
        config = self.config(
            {"one": registry_entry(self.one)},
            delete=delete_section(DeletePolicy(**policy), ["one"]),
        )
        mark = self.one.mark()
        out = self.run_product("plan", config, *arguments).out
        self.assert_no_writes(self.one, mark)
        return out

    def test_says_how_much_would_be_freed(self):
        shared = image.random_layer("shared", 8192)
        own = image.random_layer("own", 4096)
        doomed = image.image("doomed", layers=(shared, own))
        second = image.image("second", layers=(shared,))
        out = self.plan_deletion(
            {"develop-1": doomed, "develop-2": second, "1.0": image.image("kept")},
            mix_count=0,
            include_keys=("develop",),
        )
        # The shared layer counts once.
        size = 8192 + 4096 + len(doomed.blobs[0].data) + len(second.blobs[0].data)
        self.assertIn(f"frees up to {size / 1024:.1f} KiB", out)

    def test_counts_signatures_among_what_is_kept(self):
        kept = image.image("kept")
        tags = {"1.0": kept, image.signature_tag(kept.digest): image.signature(kept)}
        out = self.plan_deletion(tags, "--details", include_keys=("develop",))
        self.assertIn("2 tags: 2 kept", out)
        self.assertRegex(out, r"(?m)^    sha256-\S+  keep  ")

    def test_says_nothing_of_layers_that_are_not_known(self):
        out = self.plan_deletion(
            {"develop-1": image.image("doomed", oci=False)},
            mix_count=0,
            include_keys=("develop",),
        )
        self.assertIn("1 to delete", out)
        self.assertNotIn("frees", out)

    def test_a_hash_that_counts_as_a_version_is_pointed_out_below_its_repository(self):
        tags = {tag: image.image(tag) for tag in ("8f3a9c1b", "1.0", "main")}
        out = self.plan_deletion(tags, mix_count=1, include_regex=".")
        self.assertRegex(
            out,
            r"(?m)^delete \S+/app: .*\n    note: .*hash.*8f3a9c1b.*\n    note: .*mix",
        )

    def test_details_come_in_the_order_of_the_rules_and_in_columns(self):
        tags = [f"develop-{day}" for day in range(8, 12)]
        contents = {
            tag: image.image(tag, created=f"2020-01-{tag[8:]:0>2}T00:00:00Z")
            for tag in tags
        }
        contents["1.0"] = image.image("one")
        out = self.plan_deletion(
            contents, "--details", mix_count=1, include_keys=("develop",)
        )
        lines = re.findall(r"(?m)^    (\S+ +\S+ +.*)$", out)
        self.assertEqual(
            lines,
            [
                "1.0         keep    not included",
                'develop-11  keep    contains "develop"; '
                "1st newest of 4 candidates, 1 stay",
                'develop-10  delete  contains "develop"; 2nd newest of 4 candidates',
                'develop-9   delete  contains "develop"; 3rd newest of 4 candidates',
                'develop-8   delete  contains "develop"; 4th newest of 4 candidates',
            ],
        )

    def test_what_is_named_and_not_there_is_pointed_out(self):
        self.fill(self.one, {"app": {"1.0": image.image("one")}})
        config = self.config(
            {"one": registry_entry(self.one, repositories=["app:2.0"])},
            delete=delete_section(DeletePolicy(), ["one"]),
        )
        out = self.run_product("plan", config).out
        self.assertRegex(out, r"(?m)^    note: .*2\.0.*not there")

    def test_what_a_sync_brings_and_a_delete_takes_away_is_pointed_out(self):
        two = self.registry("two")
        tags = {tag: image.image(tag) for tag in ("1.0", "develop-1", "develop-2")}
        self.fill(self.one, {"app": tags})
        policy = DeletePolicy(mix_count=0, include_keys=("develop",))
        sections = {
            "sync": sync_section(SyncPolicy(), "one", "two"),
            "delete": delete_section(policy, ["two"]),
        }
        entries = {"one": registry_entry(self.one), "two": registry_entry(two)}
        out = self.run_product("plan", self.config(entries, **sections)).out
        self.assertRegex(out, r"note: .*takes 2 of the 3 tags .*develop-1")
        # Only what the policy covers.
        sections["delete"] = delete_section(policy, ["one"])
        out = self.run_product("plan", self.config(entries, **sections)).out
        self.assertNotIn("takes", out)

    def test_ends_when_nobody_reads_it_any_more(self):
        contents = {f"app{i:03}": {"1.0": image.image(i)} for i in range(200)}
        self.fill(self.one, contents)
        config = self.config(
            # Forty seconds of work.
            {"one": registry_entry(self.one, **{"requests-per-second": 10})},
            delete=delete_section(DeletePolicy(include_regex="."), ["one"]),
        )
        reader, writer = os.pipe()
        with subprocess.Popen(
            [self.product.coordinator, "plan", config, "--details"],
            stdout=writer,
            stderr=subprocess.DEVNULL,
            env=self.product.environment,
        ) as plan:
            self.addCleanup(process.end, plan)
            os.close(writer)
            first = os.read(reader, 4096)
            os.close(reader)
            self.assertTrue(re.match(rb"delete ", first), first)
            self.assertEqual(plan.wait(15), 4)


if __name__ == "__main__":
    unittest.main()
