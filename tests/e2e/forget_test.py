# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""What runs leave on disk is bounded, and nothing goes that is still needed."""

import json
import os
import re
import time
import unittest

from tests.support import image
from tests.support.case import delete_section, registry_entry
from tests.support.hostile_case import DEVELOP, HostileTest
from tests.support.hostile_server import after, refuse


class ForgetRunsTest(HostileTest):
    """Runs of a state folder, some of them only written there."""

    def runs_folder(self):
        state = self.product.environment["XDG_STATE_HOME"]
        return os.path.join(state, "registry-manager/runs")

    def runs(self):
        folder = self.runs_folder()
        return sorted(os.listdir(folder)) if os.path.exists(folder) else []

    def write_run(self, run, days_ago=0, **fields):
        """A run that is there, finished unless `fields` say otherwise."""
        folder = os.path.join(self.runs_folder(), run)
        os.makedirs(folder)
        snapshot = {
            "version": 1,
            "run": run,
            "verb": "submit",
            "state": "FINISHED",
            "updated_unix": int(time.time()) - days_ago * 86400,
            **fields,
        }
        with open(os.path.join(folder, "snapshot.json"), "w", encoding="utf-8") as file:
            json.dump(snapshot, file)
        return folder

    def nothing_to_do(self):
        registry = self.hostile({"app": {"1.0": image.image("one")}})
        return self.delete_config(registry)


class SubmitTest(ForgetRunsTest):
    def test_submits_keep_as_many_runs_as_they_are_told(self):
        config = self.nothing_to_do()
        self.write_run("WXYZ", days_ago=1, state="INTERRUPTED")
        said = ""
        for _ in range(27):
            said += self.submit(config, "--keep-runs", "20").err
            self.assertLessEqual(len(self.runs()), 21)
        # The unfinished run stays beside them.
        self.assertEqual(len(self.runs()), 21)
        self.assertIn("WXYZ", self.runs())
        self.assertRegex(said, r"removed 1 old run \(.*\): \w{4}; at most 20 runs")

    def test_submits_keep_runs_for_ninety_days_unless_told_otherwise(self):
        config = self.nothing_to_do()
        self.write_run("AAAA", days_ago=89)
        self.write_run("BBBB", days_ago=91)
        self.submit(config)
        self.assertIn("AAAA", self.runs())
        self.assertNotIn("BBBB", self.runs())
        self.submit(config, "--keep-days", "30")
        self.assertNotIn("AAAA", self.runs())

    def test_runs_never_take_more_than_two_gibibytes(self):
        config = self.nothing_to_do()
        for run, days_ago in (("AAAA", 3), ("BBBB", 2), ("CCCC", 1)):
            folder = self.write_run(run, days_ago)
            with open(os.path.join(folder, "outcomes.jsonl"), "w") as file:
                # Takes no space, and has its size.
                file.truncate(900 << 20)
        result = self.submit(config)
        self.assertRegex(
            result.err, r"removed 1 old run \(900\S* MiB\): AAAA;.*2\.0 GiB"
        )
        self.assertTrue({"BBBB", "CCCC"} < set(self.runs()))
        self.assertNotIn("AAAA", self.runs())

    def test_a_run_that_is_under_way_is_not_forgotten_by_another(self):
        registry = self.hostile({"app": {"1.0": image.image("one")}})
        other = self.hostile({"app": {"1.0": image.image("one")}})
        others = self.config(
            {"one": registry_entry(other)},
            "b.yml",
            delete=delete_section(DEVELOP, ["one"]),
        )
        config = self.delete_config(registry)

        def forget_all(*_):
            self.submit(others, "--keep-runs", "0")
            self.run_product("forget", "--keep-runs", "0")

        registry.script("GET", "/v2/app/tags/list", after(forget_all), times=1)
        run = re.search(r"run (\w{4})", self.submit(config).err).group(1)
        self.assertIn(run, self.runs())
        self.run_product("report", run)

    def test_a_run_whose_deletion_is_not_finished_stays(self):
        registry = self.hostile(
            {"app": {"1.0": image.image("one"), "develop-1": image.image("two")}}
        )
        config = self.delete_config(registry)
        self.allow_deletion(registry, {"app": ["1.0"]})
        self.kill_at(registry, config, "DELETE", r".*/manifests/sha256:(?!0{64}).*")
        # The run ends, and what it was about to delete is still there.
        registry.script("GET", "/v2/app/tags/list", refuse(403, "DENIED"))
        self.submit(config, status=1)
        registry.forget_scripts()
        (run,) = self.runs()
        self.assertIn('"FINISHED"', self.snapshot(run))
        out = self.run_product("forget", run, status=1).out
        self.assertRegex(out, rf"run {run} .* stays: the journal needs it")
        self.run_product("forget", "--keep-runs", "0")
        self.assertEqual(self.runs(), [run])
        # Another run finishes the deletion; then nothing holds the first.
        self.submit(config)
        self.assert_left(registry, {"app": ["1.0"]})
        self.run_product("forget", run)
        self.assertNotIn(run, self.runs())

    def snapshot(self, run):
        path = os.path.join(self.runs_folder(), run, "snapshot.json")
        with open(path, encoding="utf-8") as file:
            return file.read()


class ForgetVerbTest(ForgetRunsTest):
    def setUp(self):
        super().setUp()
        self.write_run("AAAA", days_ago=3)
        self.write_run("BBBB", days_ago=2, state="INTERRUPTED")
        self.write_run("CCCC", days_ago=1)

    def test_a_dry_run_removes_nothing_and_says_what_would_go(self):
        out = self.run_product("forget", "--keep-runs", "0", "--dry-run").out
        self.assertRegex(out, r"(?s)would forget run AAAA.*would forget run CCCC")
        self.assertNotIn("BBBB", out)
        self.assertEqual(self.runs(), ["AAAA", "BBBB", "CCCC"])

    def test_the_oldest_go_and_what_is_unfinished_stays(self):
        out = self.run_product("forget", "--keep-runs", "1").out
        self.assertEqual(self.runs(), ["BBBB", "CCCC"])
        self.assertRegex(out, r"forgot run AAAA \(finished, .*\)\nleft: 2 runs")
        self.run_product("forget", "--keep-days", "0")
        self.assertEqual(self.runs(), ["BBBB"])

    def test_without_flags_the_usual_limits_hold(self):
        self.write_run("DDDD", days_ago=91)
        self.run_product("forget")
        self.assertEqual(self.runs(), ["AAAA", "BBBB", "CCCC"])

    def test_named_runs_alone_go(self):
        self.write_run("DDDD", days_ago=91)
        self.run_product("forget", "cccc", "AAAA")
        self.assertEqual(self.runs(), ["BBBB", "DDDD"])

    def test_an_unfinished_run_is_refused_by_name(self):
        out = self.run_product("forget", "BBBB", "CCCC", status=1).out
        self.assertRegex(out, r"run BBBB .* stays: it is not finished")
        self.assertEqual(self.runs(), ["AAAA", "BBBB"])

    def test_nothing_goes_if_a_name_is_no_runs(self):
        for name in ("ZZZZ", "../..", ".."):
            err = self.run_product("forget", "AAAA", name, status=2).err
            self.assertIn("there is no run", err)
        self.run_product("forget", "AAAA", "--keep-runs", "3", status=2)
        self.assertEqual(self.runs(), ["AAAA", "BBBB", "CCCC"])

    def test_what_a_killed_process_left_is_swept(self):
        os.rename(
            os.path.join(self.runs_folder(), "AAAA"),
            os.path.join(self.runs_folder(), ".forgotten-AAAA-1"),
        )
        self.assertNotIn("AAAA", self.run_product("runs").out)
        self.run_product("forget")
        self.assertEqual(self.runs(), ["BBBB", "CCCC"])

    def test_a_run_that_a_retry_is_about_stays(self):
        self.write_run("DDDD", state="INCOMPLETE", retry_of="AAAA")
        self.run_product("forget", "--keep-runs", "0")
        self.assertEqual(self.runs(), ["AAAA", "BBBB", "DDDD"])

    def test_check_says_what_runs_take(self):
        config = self.config(
            {"one": registry_entry(self.registry())},
            delete=delete_section(DEVELOP, ["one"]),
        )
        out = self.run_product("check", config).out
        self.assertRegex(out, r"state folder .*\n  ok +3 runs, .*at most 100 runs")


if __name__ == "__main__":
    unittest.main()
