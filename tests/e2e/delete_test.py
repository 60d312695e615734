# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Deletions in real registries, held against the oracle."""

import os
import random
import unittest

from tests.support import fixture, image, oracle
from tests.support.case import (
    EndToEndTest,
    blob_file,
    delete_section,
    registry_entry,
    revision_link,
    sync_section,
)
from tests.support.oracle import DeletePolicy, SyncPolicy

_DEVELOP = DeletePolicy(mix_count=0, include_keys=("develop",))


class DeleteTest(EndToEndTest):
    def delete_config(self, registry, policy=_DEVELOP, entries=None, **more):
        """A config that deletes from `registry`, which it calls `one`."""
        name = f"config{len(os.listdir(self.product.folder))}.yml"
        return self.config(
            {"one": registry_entry(registry, **(entries or {}))},
            name,
            delete=delete_section(policy, ["one"], **more),
        )

    def check_random(self, seed, shared_digest="untag"):
        rng = random.Random(seed)
        registry = self.registry()
        filled = self.fill(
            registry, fixture.random_registry(rng, f"delete {seed}", repositories=8)
        )
        policy = DeletePolicy(
            mix_count=rng.randint(0, 3),
            sem_ver=rng.random() < 0.5,
            include_keys=rng.choice([("develop", "release", "201"), ("-",), ()]),
            include_regex=rng.choice(["", r"^v?[01]\.", "^(master|main)$"]),
            exclude_keys=rng.choice([(), ("latest", "stable")]),
            exclude_regex=rng.choice(["", r"-rc\d+$", "^2024"]),
            shared_digest=shared_digest,
        )
        survivors = {n: oracle.after_delete(r, policy) for n, r in filled.items()}
        config = self.delete_config(registry, policy)
        self.submit(config)
        self.assert_survivors(registry, survivors)

        # What is left is what the same policy leaves.
        self.submit(config)
        self.assert_survivors(registry, survivors)

    def test_random_registries_one(self):
        self.check_random(11)

    def test_random_registries_two(self):
        self.check_random(12)

    def test_random_registries_three(self):
        self.check_random(13)

    def test_random_registries_four(self):
        self.check_random(14)

    def test_random_registries_five(self):
        self.check_random(15)

    def test_random_registries_with_shared_digests_kept(self):
        self.check_random(16, shared_digest="keep")

    def test_is_dry_unless_told_otherwise(self):
        registry = self.registry()
        shared = image.image("shared")
        filled = self.fill(
            registry,
            {"a": {"develop-1": shared, "1.0": shared, "develop-2": image.image("x")}},
        )
        config = self.delete_config(registry, **{"dry-run": True})
        real = self.delete_config(registry)
        for arguments in (
            ("submit", config),
            ("plan", config),
            ("delete", "-c", config),
            ("submit", real, "--dry-run"),
        ):
            mark = registry.mark()
            result = self.run_product(*arguments, "--details")
            self.assertIn("develop-1", result.text)
            self.assert_no_writes(registry, mark)
        self.assert_contents(registry, {n: r.tags for n, r in filled.items()})
        self.run_product("delete", "-c", config, "--no-dry-run")
        self.assert_contents(registry, {"a": {"1.0": shared.digest}})

    def test_a_shared_digest_survives_and_no_placeholder_stays(self):
        registry = self.registry()
        shared = image.index([image.image("a"), image.image("b")])
        tags = {f"develop-{i}": shared for i in range(5)}
        tags["develop-child"] = shared.children[0]
        self.fill(registry, {"app": {**tags, "latest": shared, "keep": image.image("k")}})
        self.submit(self.delete_config(registry))
        speaker = registry.client()
        self.assertEqual(speaker.tags("app"), ["keep", "latest"])
        self.assertEqual(speaker.resolve("app", "latest"), shared.digest)
        self.assert_pulls(registry)

    def test_leaves_everything_where_the_registry_does_not_delete(self):
        for options in ({"delete": False}, {"read_only": True}):
            with self.subTest(**options):
                registry = self.registry(str(options))
                shared = image.image("shared")
                filled = self.fill(
                    registry,
                    {"a": {"develop-1": shared, "1.0": shared}, "b": {"develop": shared}},
                )
                registry.stop()
                registry.delete_enabled = options.get("delete", True)
                registry.read_only = options.get("read_only", False)
                registry.start()
                mark = registry.mark()
                result = self.submit(self.delete_config(registry), status=1)
                self.assertRegex(result.text, r"(?i)delet")
                written = [
                    r
                    for r in registry.requests_since(mark)
                    if r.writes and r.status < 400
                ]
                self.assertEqual(written, [])
                self.assert_contents(registry, {n: r.tags for n, r in filled.items()})

    def test_deletes_exactly_the_tags_that_are_named(self):
        registry = self.registry()
        filled = self.fill(
            registry,
            {
                "a": {t: image.image(f"a{t}") for t in ("1.0", "latest", "develop")},
                "b": {t: image.image(f"b{t}") for t in ("1.0", "develop")},
                "c": {"develop": image.image("c")},
            },
        )
        entries = {"repositories": ["a:latest", "a:gone", "b", "b:1.0"]}
        policy = DeletePolicy(
            mix_count=0, include_keys=("develop",), exclude_keys=("latest",)
        )
        self.submit(self.delete_config(registry, policy, entries))
        self.assert_survivors(
            registry,
            {
                "a": oracle.after_delete(filled["a"], policy, ("latest",), whole=False),
                "b": oracle.after_delete(filled["b"], policy, ("1.0",)),
                "c": oracle.Survivors(filled["c"].tags, set(), set()),
            },
        )
        self.assertEqual(registry.client().tags("a"), ["1.0", "develop"])

    def test_a_dangling_tag_stops_its_repository_alone(self):
        registry = self.registry()
        broken = image.image("broken")
        self.fill(
            registry,
            {
                "a": {"old": broken, "develop": image.image("a"), "1": image.image("1")},
                "b": {"develop": image.image("b")},
            },
        )
        os.remove(revision_link(registry, "a", broken.digest))
        result = self.submit(self.delete_config(registry), status=1)
        self.assertRegex(result.text, r"\bold\b")
        self.assertIn("dangling-tags", result.text)
        speaker = registry.client()
        self.assertEqual(speaker.tags("a"), ["1", "develop", "old"])
        self.assertEqual(speaker.tags("b"), [])

        self.submit(self.delete_config(registry, **{"dangling-tags": "keep"}))
        self.assertEqual(speaker.tags("a"), ["1", "old"])
        self.submit(self.delete_config(registry, **{"dangling-tags": "remove"}))
        self.assertEqual(speaker.tags("a"), ["1"])
        self.assert_pulls(registry)

    def test_a_registry_that_answers_wrongly_for_one_tag_loses_nothing(self):
        registry = self.registry()
        broken, good = image.image("broken"), image.image("good")
        self.fill(registry, {"a": {"1.0": broken, "develop": good}})
        # Not 404: the manifest's bytes are empty, which the registry answers 500.
        with open(blob_file(registry, broken.digest), "wb"):
            pass
        self.submit(self.delete_config(registry), status=1)
        self.assertEqual(registry.client().tags("a"), ["1.0", "develop"])

    def test_deletes_many_tags(self):
        registry = self.registry()
        tags = {f"develop-{i}": image.image(i) for i in range(120)}
        filled = self.fill(registry, {"app": {**tags, "1.0": image.image("keep")}})
        policy = DeletePolicy(mix_count=7, include_keys=("develop",))
        self.submit(self.delete_config(registry, policy))
        self.assert_survivors(registry, {"app": oracle.after_delete(filled["app"], policy)})


class SyncThenDeleteTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.source = self.registry("source")
        self.target = self.registry("target")

    def both_config(self):
        return self.config(
            {
                "source": registry_entry(self.source),
                "target": registry_entry(self.target),
            },
            sync=sync_section(SyncPolicy(), "source", "target"),
            delete=delete_section(_DEVELOP, ["source"]),
        )

    def test_deletes_after_everything_is_copied(self):
        contents = fixture.random_registry(random.Random(21), "both", repositories=8)
        for number, tags in enumerate(contents.values()):
            tags["develop"] = image.image(f"develop {number}")
        filled = self.fill(self.source, contents)
        self.submit(self.both_config())
        self.assert_contents(self.target, {n: r.tags for n, r in filled.items()})
        self.assert_survivors(
            self.source, {n: oracle.after_delete(r, _DEVELOP) for n, r in filled.items()}
        )

    def test_does_not_delete_what_could_not_be_copied(self):
        broken = image.image("broken")
        filled = self.fill(
            self.source,
            {
                "a": {"1": broken, "develop": image.image("a")},
                "b": {"develop": image.image("b"), "2": image.image("2")},
            },
        )
        os.remove(blob_file(self.source, broken.blobs[-1].digest))
        self.submit(self.both_config(), status=1)
        self.assertEqual(self.source.client().tags("a"), ["1", "develop"])
        self.assertEqual(self.source.client().tags("b"), ["2"])
        self.assertEqual(self.target.client().tagged("b"), filled["b"].tags)


if __name__ == "__main__":
    unittest.main()
