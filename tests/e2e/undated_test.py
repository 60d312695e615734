# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""An order that is not known deletes nothing: images without a date."""

import unittest

from tests.support import image
from tests.support.case import delete_section, registry_entry
from tests.support.hostile_case import HostileTest
from tests.support.oracle import DeletePolicy

_NO_DATES = ("1970-01-01T00:00:00Z", "1980-01-01T00:00:00Z", "0001-01-01T00:00:00Z", None)
_RULES = {"mix_count": 3, "include_keys": ("feature", "hotfix")}


class UndatedTest(HostileTest):
    def contents(self, created):
        tags = {f"feature-{i}": image.image(f"f{i}", created=created) for i in range(5)}
        for i in range(5):
            date = f"2024-0{i + 1}-01T00:00:00Z"
            tags[f"hotfix-{i}"] = image.image(f"h{i}", created=date)
        return tags

    def plan(self, registry, policy, *arguments):
        config = self.config(
            {"one": registry_entry(registry)}, delete=delete_section(policy, ["one"])
        )
        return self.run_product("plan", config, *arguments)

    def test_what_bears_no_date_stays_and_takes_no_place(self):
        for created in _NO_DATES:
            with self.subTest(created=created):
                tags = self.contents(created)
                registry = self.hostile({"app": tags})
                policy = DeletePolicy(**_RULES)
                planned = self.plan(registry, policy)
                self.assertRegex(planned.text, "5 candidates bear no date.*feature-0")
                self.assertIn("undated", planned.text)
                events = self.plan(registry, policy, "--json").out
                self.assertRegex(events, "bears? no date")
                left = [tag for tag in tags if tag not in ("hotfix-0", "hotfix-1")]
                result = self.run_deletion(registry, {"app": left}, policy=policy)
                self.assertRegex(result.text, "5 candidates bear no date")

    def test_as_the_oldest_they_go_first(self):
        registry = self.hostile({"app": self.contents(None)})
        policy = DeletePolicy(**_RULES, undated="oldest")
        left = ["hotfix-2", "hotfix-3", "hotfix-4"]
        self.run_deletion(registry, {"app": left}, policy=policy)

    def test_the_annotation_counts_if_the_config_has_no_date(self):
        def dated(seed, year, month):
            created = f"{year}-0{month}-01T00:00:00Z"
            annotations = {"org.opencontainers.image.created": created}
            return image.image(seed, created=None, annotations=annotations)

        tags = {f"feature-{i}": dated(f"f{i}", 2024, i + 1) for i in range(5)}
        tags |= {f"hotfix-{i}": dated(f"h{i}", 2023, i + 1) for i in range(5)}
        registry = self.hostile({"app": tags})
        policy = DeletePolicy(**_RULES)
        left = ["feature-2", "feature-3", "feature-4"]
        result = self.run_deletion(registry, {"app": left}, policy=policy)
        self.assertNotIn("no date", result.text)

    def test_the_annotation_of_an_index_counts_if_its_images_have_no_date(self):
        def dated(seed, month):
            created = f"2024-0{month}-01T00:00:00Z"
            annotations = {"org.opencontainers.image.created": created}
            child = image.image(seed, created=None)
            return image.index([child], annotations=annotations)

        tags = {f"feature-{i}": dated(f"f{i}", i + 1) for i in range(5)}
        registry = self.hostile({"app": tags})
        left = ["feature-2", "feature-3", "feature-4"]
        self.run_deletion(registry, {"app": left}, policy=DeletePolicy(**_RULES))


if __name__ == "__main__":
    unittest.main()
