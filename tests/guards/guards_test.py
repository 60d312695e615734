# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Each guard that tools/guards takes out stands where the code marks it."""

import unittest

from tests.guards import guards


class GuardsTest(unittest.TestCase):
    def setUp(self):
        self.files = list(guards.sources())

    def test_finds_the_sources(self):
        self.assertGreater(len(self.files), 300)

    def test_every_guard_follows_its_marker(self):
        wrong = [
            found
            for found in (guards.find(one, self.files) for one in guards.GUARDS)
            if isinstance(found, str)
        ]
        self.assertEqual(wrong, [])

    def test_every_marker_is_of_a_guard(self):
        names = {one.name for one in guards.GUARDS}
        marked = {
            line.split("Guard: ")[1]
            for _, text in self.files
            for line in text.splitlines()
            if "// Guard: " in line or "-- Guard: " in line
        }
        self.assertEqual(marked, names)


if __name__ == "__main__":
    unittest.main()
