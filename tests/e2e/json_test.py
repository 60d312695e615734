# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""What programs read: --json on every verb, and logs as JSON, by their schema."""

import json
import os
import unittest

import jsonschema

from tests.support import image
from tests.support.case import EndToEndTest, blob_file, delete_section, registry_entry
from tests.support.case import sync_section
from tests.support.oracle import DeletePolicy, SyncPolicy

_TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_SCHEMA = os.path.join(_TOP, "docs/output.schema.json")


def objects(text):
    return [json.loads(line) for line in text.splitlines()]


class JsonTest(EndToEndTest):
    @classmethod
    def setUpClass(cls):
        with open(_SCHEMA, encoding="utf-8") as file:
            cls._schema = json.load(file)
        jsonschema.Draft7Validator.check_schema(cls._schema)

    def setUp(self):
        super().setUp()
        self.source = self.registry("a")
        self.target = self.registry("b")
        self.broken = image.image("broken")
        self.fill(
            self.source,
            {
                "app": {
                    "1.0": image.image("one"),
                    "develop-1": image.image("two"),
                    "develop-2": self.broken,
                }
            },
        )
        self.made_config = self.config(
            {"a": registry_entry(self.source), "b": registry_entry(self.target)},
            sync=sync_section(SyncPolicy(), "a", "b"),
            delete=delete_section(
                DeletePolicy(mix_count=1, include_keys=("develop",)), ["b"]
            ),
        )

    def checked(self, found):
        """The objects, each valid and by its own type's part of the schema."""
        for one in found:
            part = {
                "$ref": f"#/definitions/{one['type']}",
                "definitions": self._schema["definitions"],
            }
            jsonschema.Draft7Validator(part).validate(one)
            jsonschema.Draft7Validator(self._schema).validate(one)
        return found

    def run_json(self, *arguments, status=0, **options):
        result = self.run_product(*arguments, "--json", status=status, **options)
        return self.checked(objects(result.out))

    def run_one(self, *arguments, **options):
        """The only object of a verb that prints one, over several lines."""
        result = self.run_product(*arguments, "--json", **options)
        return self.checked([json.loads(result.out)])[0]

    def test_a_plan(self):
        found = self.run_json("plan", self.made_config, "--details")
        actions = [one for one in found if one["type"] == "action"]
        copies = {a["reference"] for a in actions if a["action"] == "copy"}
        self.assertEqual(copies, {"1.0", "develop-1", "develop-2"})
        self.assertEqual({a["result"] for a in actions}, {"planned"})
        self.assertEqual(found[-1]["type"], "run")
        self.assertEqual(found[-1]["totals"]["to_copy"], 3)
        self.assertEqual(found[-1]["state"], "finished")

    def test_a_list(self):
        found = self.run_json("list", self.made_config)
        self.assertEqual(
            [(one["repository"], one["tag"]) for one in found[:-1]],
            [("app", "1.0"), ("app", "develop-1"), ("app", "develop-2")],
        )
        self.assertEqual(found[-1]["type"], "run")

    def test_a_run_and_what_is_kept_of_it(self):
        os.remove(blob_file(self.source, self.broken.blobs[-1].digest))
        found = self.run_json("submit", self.made_config, status=1)
        failed = [
            one
            for one in found
            if one["type"] == "action" and one["result"] == "failed"
        ]
        self.assertEqual([one["reference"] for one in failed], ["develop-2"])
        self.assertTrue(failed[0]["reason"])
        run = found[-1]
        self.assertEqual(run["totals"]["copied"], 2)
        self.assertEqual(run["exit_status"], 1)
        status = self.run_one("status")
        self.assertEqual(status["run"], run["run"])
        self.assertEqual(status["totals"], run["totals"])
        runs = self.run_one("runs")
        self.assertEqual([one["run"] for one in runs["runs"]], [run["run"]])
        report = self.run_one("report")
        self.assertEqual(report["failures_total"], 1)
        self.assertEqual(report["failures"][0]["reference"], "develop-2")
        self.assertEqual(sum(i["done"] for i in report["timeline"]["intervals"]), 2)
        self.assertEqual(report["slowest"][0]["repository"], "app")
        outcomes = os.path.join(
            self.product.environment["XDG_STATE_HOME"],
            "registry-manager/runs",
            run["run"],
            "outcomes.jsonl",
        )
        with open(outcomes, encoding="utf-8") as file:
            lines = objects(file.read())
        self.assertEqual(self.checked(lines), found[:-1])

    def test_a_check(self):
        found = self.run_one("check", self.made_config)
        self.assertTrue(found["findings"])

    def test_what_is_forgotten(self):
        self.run_product("submit", self.made_config)
        found = self.run_one("forget", "--keep-runs", "0", "--dry-run")
        self.assertTrue(found["dry_run"])
        self.assertEqual([one["result"] for one in found["runs"]], ["planned"])
        self.assertEqual(found["left"], {"runs": 0, "bytes": 0})
        found = self.run_one("forget", found["runs"][0]["run"])
        self.assertEqual([one["limit"] for one in found["runs"]], ["named"])
        self.assertEqual([one["result"] for one in found["runs"]], ["done"])
        self.assertEqual(self.run_one("runs")["runs"], [])

    def test_logs(self):
        result = self.run_product(
            "plan", self.made_config, "--log-format", "json", "-v", "debug"
        )
        found = self.checked(objects(result.err))
        self.assertEqual({one["type"] for one in found}, {"log"})
        self.assertIn("worker", {one["program"] for one in found})

    def test_what_is_wrong_is_a_log_line_too(self):
        result = self.run_product(
            "plan", "no-such-file.yml", "--log-format", "json", status=2
        )
        self.checked(objects(result.err))


if __name__ == "__main__":
    unittest.main()
