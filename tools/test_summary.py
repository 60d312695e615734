# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""test_summary.py EVENTS STATUS: counts the test cases of a `bazel test`.

EVENTS is the file of its --build_event_json_file, STATUS its exit status. The
last line on standard output is `N passed, N failed`, and `, N skipped` after it
if there were such; the exit status is zero where Bazel's was and nothing failed.
"""

import json
import os
import sys
import urllib.parse
import xml.etree.ElementTree

# A status of Bazel's that says that there was nothing to run.
_NO_TESTS = 4


def _path_of(uri):
    return urllib.parse.unquote(urllib.parse.urlparse(uri).path)


def cases_in(path):
    """(passed, failed, skipped) cases of one test.xml; zeros if unreadable."""
    try:
        tree = xml.etree.ElementTree.parse(path)
    except (OSError, xml.etree.ElementTree.ParseError):
        return 0, 0, 0
    passed = failed = skipped = 0
    for case in tree.iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is not None:
            skipped += 1
        elif case.get("status") != "notrun":
            passed += 1
    return passed, failed, skipped


class Summary:
    """What the events of one build say about its tests."""

    def __init__(self):
        self.tests = set()
        self.status = {}
        self.reports = {}
        self.broken = set()

    def add(self, event):
        ident = event.get("id", {})
        if "targetConfigured" in ident:
            if event.get("configured", {}).get("testSize"):
                self.tests.add(ident["targetConfigured"]["label"])
            elif "aborted" in event:
                self.broken.add(ident["targetConfigured"]["label"])
        elif "targetCompleted" in ident:
            if not event.get("completed", {}).get("success", False):
                self.broken.add(ident["targetCompleted"]["label"])
        elif "testSummary" in ident:
            status = event.get("testSummary", {}).get("overallStatus", "NO_STATUS")
            self.status[ident["testSummary"]["label"]] = status
        elif "testResult" in ident:
            label = ident["testResult"]["label"]
            attempt = ident["testResult"].get("attempt", 1)
            shard = ident["testResult"].get("shard", 1)
            for output in event.get("testResult", {}).get("testActionOutput", []):
                if output.get("name") == "test.xml" and "uri" in output:
                    previous = self.reports.setdefault(label, {}).get(shard, (0, ""))
                    newest = max(previous, (attempt, _path_of(output["uri"])))
                    self.reports[label][shard] = newest

    def count(self):
        """(passed, failed, skipped, lines about what failed)."""
        passed = failed = skipped = 0
        lines = []
        for label in sorted(self.tests | set(self.status)):
            never = "DOES NOT BUILD" if label in self.broken else "NOT RUN"
            status = self.status.get(label, never)
            good = bad = left_out = 0
            for _, path in self.reports.get(label, {}).values():
                more_good, more_bad, more_left_out = cases_in(path)
                good += more_good
                bad += more_bad
                left_out += more_left_out
            skipped += left_out
            if status in ("PASSED", "FLAKY"):
                passed += good if good or left_out else 1
                continue
            passed += good if bad else 0
            failed += max(bad, 1)
            lines.append(f"{label}: {status}")
        for label in sorted(self.broken - self.tests - set(self.status)):
            failed += 1
            lines.append(f"{label}: DOES NOT BUILD")
        return passed, failed, skipped, lines


def main(arguments):
    path, bazel_status = arguments[0], int(arguments[1])
    summary = Summary()
    if os.path.exists(path):
        with open(path, encoding="utf-8") as events:
            for line in events:
                try:
                    summary.add(json.loads(line))
                except json.JSONDecodeError:
                    break  # Bazel was stopped while it wrote.
    passed, failed, skipped, lines = summary.count()
    if bazel_status not in (0, _NO_TESTS) and not failed:
        failed = 1
        lines.append(f"bazel test ended with status {bazel_status}: see above")
    for line in lines:
        print(line)
    more = f", {skipped} skipped" if skipped else ""
    print(f"{passed} passed, {failed} failed{more}")
    return 1 if failed or bazel_status not in (0, _NO_TESTS) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
