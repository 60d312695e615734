# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""The count that tools/test closes with, on events as Bazel writes them."""

import contextlib
import io
import json
import os
import tempfile
import unittest

from tools import test_summary


class TestSummaryTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.events = []

    def target(self, label, built=True, status=None, reports=()):
        """A test target's events; `reports` are the cases of each shard."""
        self.events.append(
            {
                "id": {"targetConfigured": {"label": label}},
                "configured": {"testSize": "SMALL"},
            }
        )
        for shard, cases in enumerate(reports, 1):
            path = os.path.join(self.folder, f"{len(self.events)}.xml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")
            output = {"name": "test.xml", "uri": "file://" + path}
            self.events.append(
                {
                    "id": {"testResult": {"label": label, "shard": shard}},
                    "testResult": {"testActionOutput": [output]},
                }
            )
        self.events.append(
            {
                "id": {"targetCompleted": {"label": label}},
                "completed": {"success": built},
            }
        )
        if status:
            self.events.append(
                {
                    "id": {"testSummary": {"label": label}},
                    "testSummary": {"overallStatus": status},
                }
            )

    def summary(self, bazel_status):
        """(exit status, last line) of the program."""
        path = os.path.join(self.folder, "events.json")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(event) + "\n" for event in self.events)
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            status = test_summary.main([path, str(bazel_status)])
        return status, out.getvalue().splitlines()[-1]

    def test_counts_cases_of_all_shards(self):
        two = '<testcase name="a" status="run"/><testcase name="b"/>'
        ignored = '<testcase name="c" status="notrun"/><testcase><skipped/></testcase>'
        self.target("//a", status="PASSED", reports=[two, two + ignored])
        self.target("//b", status="PASSED", reports=["<testcase/>"])
        self.assertEqual(self.summary(0), (0, "5 passed, 0 failed, 1 skipped"))

    def test_a_target_without_a_report_counts_once(self):
        self.target("//a", status="PASSED")
        self.target("//b", status="TIMEOUT")
        self.assertEqual(self.summary(3), (1, "1 passed, 1 failed"))

    def test_a_target_of_skipped_cases_passes_none(self):
        self.target("//a", status="PASSED", reports=["<testcase><skipped/></testcase>"])
        self.assertEqual(self.summary(0), (0, "0 passed, 0 failed, 1 skipped"))

    def test_counts_failed_cases(self):
        cases = "<testcase/><testcase><failure/></testcase><testcase><error/></testcase>"
        self.target("//a", status="FAILED", reports=[cases])
        self.assertEqual(self.summary(3), (1, "1 passed, 2 failed"))

    def test_a_program_that_crashed_after_its_last_case_failed(self):
        self.target("//a", status="FAILED", reports=["<testcase/>"])
        self.assertEqual(self.summary(3), (1, "0 passed, 1 failed"))

    def test_what_does_not_build_failed(self):
        self.target("//a", built=False)
        self.events.append(
            {
                "id": {"targetCompleted": {"label": "//library"}},
                "completed": {"success": False},
            }
        )
        self.assertEqual(self.summary(1), (1, "0 passed, 2 failed"))

    def test_bazel_failing_otherwise_is_a_failure(self):
        self.target("//a", status="PASSED", reports=["<testcase/>"])
        self.assertEqual(self.summary(1), (1, "1 passed, 1 failed"))

    def test_no_tests_at_all_is_none(self):
        self.assertEqual(self.summary(4), (0, "0 passed, 0 failed"))


if __name__ == "__main__":
    unittest.main()
