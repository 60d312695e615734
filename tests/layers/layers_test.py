# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Which folder includes what.

Bazel's visibility keeps the layers of our own libraries apart. The headers of
Debian's libraries lie on the compiler's own path, where Bazel does not look:
this test does.
"""

import os
import re
import unittest

_ROOT = os.path.dirname(
    os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
)
_PROGRAMS = ("common", "coordinator", "worker")
_INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)

# A library's headers, and the only folders that may include them.
_HOMES = {
    r"zmq(_addon)?\.h(pp)?$": ("common/wire/",),
    r"hiredis/": ("coordinator/journal/",),
    r"curl/": ("common/http/",),
    r"yaml-cpp/": ("common/config/",),
    r"CLI/": ("coordinator/cli/", "worker/"),
}
# Folders, and what they may not include.
_FORBIDDEN = {
    "common/": r"(coordinator|worker)/",
    "coordinator/": r"worker/",
    "worker/": r"(coordinator/|common/registry/drivers/plain/)",
    "common/registry/connection/": r"common/registry/(?!connection/)",
    "common/registry/api/": r"common/registry/(?!(api|connection)/)",
    "common/registry/copy/": r"common/registry/(?!(copy|api|connection)/)",
    "common/registry/drivers/": r"common/registry/(?!(drivers|api|connection)/)",
    "common/registry/drivers/driver.h": r"common/registry/drivers/plain/",
    "common/registry/drivers/waves": r"common/registry/drivers/plain/",
    "common/registry/drivers/testing/": r"common/registry/drivers/plain/",
    "common/registry/drivers/repository_state.h": r"common/registry/drivers/",
    "common/registry/drivers/removal.h": r"common/registry/drivers/",
    "worker/grants/": r"worker/(?!grants/)",
    "worker/slots/": r"worker/(?!(slots|grants)/)",
    "worker/session/": r"worker/(?!(session|slots|grants)/)",
    "worker/handlers/": r"worker/(?!(handlers|slots)/)",
    "worker/handlers/deletion/": r"worker/handlers/(sync|skopeo)/",
    "worker/handlers/skopeo/": r"worker/handlers/(sync|deletion)/",
    "worker/handlers/sync/": r"worker/handlers/deletion/",
    "coordinator/words/": r"coordinator/(?!words/)",
    "coordinator/run/": r"coordinator/(?!(run|scheduler|journal)/)",
    "coordinator/access/": r"coordinator/(?!access/)",
    "coordinator/server/": r"coordinator/(cli|console|report|check)/",
    "coordinator/records/": r"coordinator/(?!(records|run|words|journal|scheduler)/)",
    "coordinator/console/": r"coordinator/(?!(console|records|words)/)",
}
# Values in, values out: no I/O, no threads, no logging, no clock of their own.
_PURE = ("common/policy/", "coordinator/scheduler/")
_IMPURE = (
    r"(thread|mutex|condition_variable|atomic|future|iostream|fstream|cstdio|chrono"
    r"|filesystem|unistd\.h|sys/.*|spdlog/.*|common/(http|registry|wire)/.*)$"
)


def sources():
    """(path from the top, included headers) of all code but tests."""
    for top in _PROGRAMS:
        for folder, _, names in os.walk(os.path.join(_ROOT, top)):
            for name in sorted(names):
                if re.search(r"(?<!_test)\.(cc|h)$", name):
                    path = os.path.join(folder, name)
                    with open(path, encoding="utf-8") as file:
                        included = _INCLUDE.findall(file.read())
                    yield os.path.relpath(path, _ROOT), included


class LayersTest(unittest.TestCase):
    def setUp(self):
        self.sources = list(sources())

    def test_finds_the_sources(self):
        self.assertIn("common/reference/digest.cc", [path for path, _ in self.sources])

    def test_each_library_is_included_in_its_home_alone(self):
        wrong = [
            f"{path} includes {header}: that is for {' and '.join(homes)}"
            for path, included in self.sources
            for header in included
            for pattern, homes in _HOMES.items()
            if re.match(pattern, header) and not path.startswith(homes)
        ]
        self.assertEqual(wrong, [])

    def test_the_programs_do_not_include_each_other(self):
        wrong = [
            f"{path} includes {header}"
            for path, included in self.sources
            for header in included
            for folder, pattern in _FORBIDDEN.items()
            if path.startswith(folder) and re.match(pattern, header)
        ]
        self.assertEqual(wrong, [])

    def test_pure_folders_are_pure(self):
        wrong = [
            f"{path} includes {header}"
            for path, included in self.sources
            if path.startswith(_PURE)
            for header in included
            if re.match(_IMPURE, header)
        ]
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
