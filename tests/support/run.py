# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""run.py MODULE: runs a module of unittest cases as a test of Bazel's.

Writes the cases to $XML_OUTPUT_FILE, so that each is counted; honours
--test_filter (a part of a case's name) and shards.
"""

import os
import sys
import time
import unittest
import xml.etree.ElementTree as etree


class _Recorder(unittest.TextTestResult):
    """Remembers each case's time and, where it failed, why."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.cases = []
        self._begun = 0.0
        self._problem = None

    def startTest(self, test):
        super().startTest(test)
        self._begun = time.monotonic()
        self._problem = None

    def stopTest(self, test):
        super().stopTest(test)
        self.cases.append((test.id(), time.monotonic() - self._begun, self._problem))

    def _record(self, kind, test, text):
        if isinstance(test, unittest.TestCase):
            self._problem = self._problem or (kind, text)
        else:
            # A class or module that could not be set up runs no case at all.
            self.cases.append((test.id(), 0.0, (kind, text)))

    def addError(self, test, err):
        super().addError(test, err)
        self._record("error", test, self.errors[-1][1])

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._record("failure", test, self.failures[-1][1])

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._record("failure", test, self._exc_info_to_string(err, test))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._record("skipped", test, reason)


def write_report(path, name, cases):
    suite = etree.Element("testsuite", name=name, tests=str(len(cases)))
    for ident, seconds, problem in cases:
        classname, _, case = ident.rpartition(".")
        node = etree.SubElement(
            suite, "testcase", classname=classname, name=case, time=f"{seconds:.3f}"
        )
        if problem:
            kind, text = problem
            clean = "".join(c if c.isprintable() or c == "\n" else "?" for c in text)
            etree.SubElement(node, kind, message=clean.rstrip().split("\n")[-1]).text = (
                clean
            )
    etree.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)


def _cases(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from _cases(test)
        else:
            yield test


def _shard(suite):
    """This shard's part of a suite (Bazel's test encyclopedia, "Test sharding")."""
    total = int(os.environ.get("TEST_TOTAL_SHARDS", "1"))
    index = int(os.environ.get("TEST_SHARD_INDEX", "0"))
    status_file = os.environ.get("TEST_SHARD_STATUS_FILE")
    if status_file:
        with open(status_file, "w", encoding="ascii"):
            pass
    return unittest.TestSuite(list(_cases(suite))[index::total])


def main(module):
    loader = unittest.TestLoader()
    wanted = os.environ.get("TESTBRIDGE_TEST_ONLY")
    if wanted:
        loader.testNamePatterns = [f"*{wanted}*"]
    everything = loader.loadTestsFromName(module)
    if not everything.countTestCases() and not wanted:
        print(f"{module} holds no test", file=sys.stderr)
        return 1
    suite = _shard(everything)
    runner = unittest.TextTestRunner(verbosity=2, resultclass=_Recorder)
    result = runner.run(suite)
    report = os.environ.get("XML_OUTPUT_FILE")
    if report:
        write_report(report, module, result.cases)
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
