# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Syncs between real registries, held against the oracle."""

import os
import random
import subprocess
import unittest

from tests.support import client, fixture, image, oracle, process
from tests.support.case import EndToEndTest, blob_file, registry_entry, sync_section
from tests.support.oracle import SyncPolicy


class SyncTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.source = self.registry("source")
        self.target = self.registry("target")

    def sync_config(self, policy=None, entries=None, name="config.yml", **more):
        """A config that syncs from `source` to `target`."""
        registries = {
            "source": registry_entry(self.source, **(entries or {})),
            "target": registry_entry(self.target),
        }
        section = sync_section(policy or SyncPolicy(), "source", "target", **more)
        return self.config(registries, name, sync=section)

    def check_random(self, seed):
        rng = random.Random(seed)
        contents = fixture.random_registry(rng, f"sync {seed}", repositories=6)
        source = self.fill(self.source, contents)
        policy = SyncPolicy(
            filters=rng.choice([(), (r"^v?\d+\.\d+", "^latest$"), ("develop|[0-9]$",)]),
            replace=rng.choice([(), (("library", "prod"), ("", "top"))]),
        )
        # The target has some of it already, some tags at another image, and
        # tags that the source does not have.
        earlier = {}
        for name in rng.sample(sorted(contents), 3):
            tags = rng.sample(sorted(contents[name]), 1)
            held = {tag: contents[name][tag] for tag in tags}
            held["moved"] = image.image(f"{seed} other")
            held[rng.choice(sorted(contents[name]))] = image.image(f"{seed} older")
            earlier[oracle.target_name(name, policy.replace)] = held
        before = {n: r.tags for n, r in self.fill(self.target, earlier).items()}

        config = self.sync_config(policy)
        source_mark = self.source.mark()
        self.submit(config)

        expected = oracle.after_sync(source, before, policy)
        self.assert_contents(self.target, expected)
        self.assert_pulls(self.target)
        self.assert_no_writes(self.source, source_mark)

        marks = self.source.mark(), self.target.mark()
        self.submit(config)
        for registry, mark in zip((self.source, self.target), marks):
            self.assert_no_writes(registry, mark)
            self.assert_reads_no_blob(registry, mark)
        self.assert_contents(self.target, expected)

    def test_random_registries_one(self):
        self.check_random(1)

    def test_random_registries_two(self):
        self.check_random(2)

    def test_random_registries_three(self):
        self.check_random(3)

    def test_random_registries_four(self):
        self.check_random(4)

    def test_is_dry_unless_told_otherwise(self):
        one = image.image("one")
        self.fill(self.source, {"library/app": {"1.0": one, "latest": one}})
        config = self.sync_config(**{"dry-run": True})
        for arguments in (
            ("submit", config),
            ("plan", config),
            ("sync", "-c", config),
            ("submit", self.sync_config(name="real.yml"), "--dry-run"),
        ):
            marks = self.source.mark(), self.target.mark()
            result = self.run_product(*arguments)
            self.assertIn("library/app", result.text)
            self.assert_no_writes(self.source, marks[0])
            self.assert_no_writes(self.target, marks[1])
        self.run_product("sync", "-c", config, "--no-dry-run")
        self.assertEqual(
            self.target.client().tagged("library/app"),
            {"1.0": one.digest, "latest": one.digest},
        )

    def test_says_under_which_name_and_what_is_not_selected(self):
        one, broken = image.image("one"), image.image("broken")
        tags = {"1.0": one, "2.0": broken, "dev": one, "latest": one}
        self.fill(self.source, {"library/app": tags})
        os.remove(blob_file(self.source, broken.blobs[-1].digest))
        policy = SyncPolicy(filters=(r"^\d",), replace=(("library", "prod"),))
        config = self.sync_config(policy)
        source, target = self.source.host, self.target.host
        head = f"sync {source}/library/app -> {target}/prod/app: 4 tags: "
        out = self.run_product("plan", config).out
        self.assertIn(f"{head}2 to copy, 2 not selected\n", out)
        self.assertNotIn("latest", out)
        out = self.run_product("plan", config, "--details").out
        self.assertIn("    latest  not selected  matches none of the filters\n", out)
        out = self.submit(config, status=1).out
        self.assertIn(f"{head}1 copied, 1 failed, 2 not selected\n", out)
        self.assertIn(f"\n  {source}/library/app:2.0 -> {target}/prod/app: ", out)
        found = self.run_product("report", "--json").out
        self.assertIn('"target_repository":"prod/app"', found.replace(" ", ""))
        self.assertNotIn("not-selected", found)

    def test_names_leave_the_other_tags_of_a_repository_out(self):
        one = image.image("one")
        self.fill(self.source, {"app": {"1.0": one, "dev": one}})
        config = self.sync_config(entries={"repositories": ["app:dev"]})
        out = self.run_product("plan", config, "--details").out
        self.assertIn("2 tags: 1 to copy, 1 not selected", out)
        self.assertIn("    1.0  not selected  the config names other tags\n", out)

    def test_copies_a_tag_that_moved(self):
        old, new = image.image("old"), image.image("new")
        self.fill(self.source, {"app": {"latest": old}})
        config = self.sync_config()
        self.submit(config)
        self.fill(self.source, {"app": {"latest": new}})
        self.submit(config)
        self.assert_contents(self.target, {"app": {"latest": new.digest}})

    def test_a_signature_made_later_comes_along(self):
        child = image.image("child")
        whole = image.index([child, image.image("other")])
        self.fill(self.source, {"app": {"1.0": whole, "dev": image.image("dev")}})
        config = self.sync_config(SyncPolicy(filters=("^1",)))
        self.submit(config)
        signatures = {
            image.signature_tag(whole.digest): image.signature(whole),
            image.signature_tag(child.digest, ".att"): image.signature(child),
            image.signature_tag(child.digest, ""): image.referrers_index(
                [image.attachment(child)]
            ),
        }
        self.fill(self.source, {"app": signatures})
        self.submit(config)
        expected = {tag: made.digest for tag, made in signatures.items()}
        self.assert_contents(self.target, {"app": {"1.0": whole.digest, **expected}})
        self.assert_pulls(self.target)

    def test_leaves_signatures_where_referrers_are_turned_off(self):
        one = image.image("one")
        tags = {"1.0": one, image.signature_tag(one.digest): image.signature(one)}
        self.fill(self.source, {"app": tags})
        self.submit(self.sync_config(SyncPolicy(filters=("^1",), referrers=False)))
        self.assert_contents(self.target, {"app": {"1.0": one.digest}})

    def test_copies_to_several_targets(self):
        second = self.registry("second")
        source = self.fill(self.source, fixture.random_registry(random.Random(9), "s"))
        config = self.config(
            {
                "source": registry_entry(self.source),
                "target": registry_entry(self.target),
                "second": registry_entry(second),
            },
            sync=sync_section(SyncPolicy(), "source", ["target", "second"]),
        )
        self.submit(config)
        for registry in (self.target, second):
            self.assert_contents(registry, {n: r.tags for n, r in source.items()})
            self.assert_pulls(registry)

    def test_a_named_tag_that_is_not_there_fails_alone(self):
        one, dev = image.image("one"), image.image("dev")
        self.fill(self.source, {"app": {"1.0": one, "dev": dev, "x": image.image("x")}})
        listed = {"repositories": ["app:dev", "app:gone"]}
        result = self.submit(
            self.sync_config(SyncPolicy(filters=("^none$",)), listed), status=1
        )
        self.assertIn("gone", result.text)
        self.assert_contents(self.target, {"app": {"dev": dev.digest}})

    def test_refuses_the_second_source_of_one_target(self):
        one, two = image.image("one"), image.image("two")
        self.fill(self.source, {"library/x": {"1": one}, "prod/x": {"2": two}})
        policy = SyncPolicy(replace=(("library", "prod"),))
        listed = {"repositories": ["library/x", "prod/x"]}
        result = self.submit(self.sync_config(policy, listed), status=1)
        self.assertIn("prod/x", result.text)
        self.assert_contents(self.target, {"prod/x": {"1": one.digest}})

    def test_mounts_within_one_registry(self):
        source = self.fill(
            self.source, {f"library/app{i}": {"1": image.image(i)} for i in range(3)}
        )
        mark = self.source.mark()
        policy = SyncPolicy(replace=(("library", "prod"),))
        config = self.config(
            {
                "source": registry_entry(self.source),
                "again": registry_entry(self.source),
            },
            sync=sync_section(policy, "source", "again"),
        )
        self.submit(config)
        requests = self.source.requests_since(mark)
        self.assertEqual([r for r in requests if r.reads_blob], [])
        self.assertEqual(
            [r for r in requests if r.method == "PUT" and "/blobs/" in r.path], []
        )
        before = {name: repository.tags for name, repository in source.items()}
        expected = oracle.after_sync(source, before, policy)
        self.assert_contents(self.source, expected)
        self.assert_pulls(self.source)

    def test_an_image_that_cannot_be_copied_stops_no_other(self):
        old, broken, good = (image.image(name) for name in ("old", "broken", "good"))
        self.fill(self.source, {"app": {"1": broken, "2": good}, "b": {"3": good}})
        self.fill(self.target, {"app": {"1": old}})
        os.remove(blob_file(self.source, broken.blobs[-1].digest))
        result = self.submit(self.sync_config(), status=1)
        self.assertRegex(result.text, r"app:1\b")
        self.assert_contents(
            self.target,
            {"app": {"1": old.digest, "2": good.digest}, "b": {"3": good.digest}},
        )
        self.assert_pulls(self.target)

    def test_sends_a_shared_layer_once(self):
        base = image.random_layer("base", 200_000)
        contents = {
            f"app{i}": {"1": image.image(i, layers=(base, image.random_layer(i)))}
            for i in range(6)
        }
        source = self.fill(self.source, contents)
        mark = self.target.mark()
        self.submit(self.sync_config(), "--workers", "1", "--slots", "1")
        self.assert_contents(self.target, {n: r.tags for n, r in source.items()})
        hexes = base.digest.removeprefix("sha256:")
        sent = [
            r
            for r in self.target.requests_since(mark)
            if r.method == "PUT" and "/blobs/" in r.path and hexes in r.path
        ]
        self.assertEqual(len(sent), 1, sent)

    def test_memory_does_not_grow_with_a_blob(self):
        size = 256 << 20
        layer = image.Blob(os.urandom(1 << 20) * (size >> 20), image.OCI_LAYER)
        source = self.fill(
            self.source, {"app": {"1": image.image("big", layers=(layer,))}}
        )
        with self.product.start("submit", self.sync_config()) as running:
            peak = 0
            while not running.ended():
                peak = max(
                    [peak, *(process.peak_memory(p.pid) for p in running.descendants())]
                )
            result = running.wait()
        self.assertEqual(result.status, 0, result)
        self.assert_contents(self.target, {n: r.tags for n, r in source.items()})
        self.assertGreater(peak, 0)
        if process.MEMORY_IS_OURS:
            self.assertLess(peak, size // 2)


class BesideSkopeoTest(EndToEndTest):
    """What skopeo has pushed is synced; what was synced skopeo can read."""

    def setUp(self):
        super().setUp()
        self.source = self.registry("source")
        self.target = self.registry("target")
        whole = image.index([image.image("a"), image.image("b")])
        docker = image.image("c", oci=False)
        self.fill(self.source, {"own": {"1.0": whole, "2.0": docker}})

    def skopeo(self, *arguments):
        return subprocess.run(
            ["skopeo", *arguments], check=True, capture_output=True, text=True
        ).stdout

    def sync(self):
        config = self.config(
            {
                "source": registry_entry(self.source),
                "target": registry_entry(self.target),
            },
            sync=sync_section(SyncPolicy(), "source", "target"),
        )
        self.submit(config)

    def test_each_reads_what_the_other_wrote(self):
        for tag in ("1.0", "2.0"):
            self.skopeo(
                "copy", "--all", "--src-tls-verify=false", "--dest-tls-verify=false",
                f"docker://{self.source.host}/own:{tag}",
                f"docker://{self.source.host}/pushed:{tag}",
            )  # fmt: skip
        self.sync()
        self.assertEqual(
            self.target.client().contents(), self.source.client().contents()
        )
        for name in ("own", "pushed"):
            for tag in ("1.0", "2.0"):
                reference = f"docker://{self.target.host}/{name}:{tag}"
                folder = os.path.join(self.folder, f"{name}-{tag}")
                self.skopeo(
                    "copy", "--all", "--src-tls-verify=false", reference, f"dir:{folder}"
                )
                with open(os.path.join(folder, "manifest.json"), "rb") as file:
                    self.assertEqual(
                        client.digest_of(file.read()),
                        self.source.client().resolve(name, tag),
                    )


class SkopeoEngineTest(EndToEndTest):
    """Skopeo knows neither nested indexes nor artifacts of unknown types."""

    def contents(self):
        whole = image.index([image.image("a"), image.image("b")])
        docker = image.image("c", oci=False)
        return {
            "library/app": {"1.0": whole, "2.0": docker, "latest": docker},
            "tool": {"1": image.index([docker], oci=False)},
        }

    def test_copies_byte_for_byte(self):
        source = self.registry("source", users={"reader": "reading-secret"})
        target = self.registry("target", users={"writer": "writing-secret"})
        filled = self.fill(source, self.contents())
        config = self.config(
            {"source": registry_entry(source), "target": registry_entry(target)},
            sync=sync_section(SyncPolicy(), "source", "target", engine="skopeo"),
        )
        seen = set()
        with self.product.start("submit", config) as running:
            while not running.ended():
                seen.update(map(_command_line, running.descendants()))
            result = running.wait()
        self.assertEqual(result.status, 0, result)
        self.assert_contents(target, {n: r.tags for n, r in filled.items()})
        self.assert_pulls(target)
        for line in seen:
            self.assertNotIn("ing-secret", line)

    def test_copies_into_a_layout(self):
        source = self.registry("source")
        filled = self.fill(source, self.contents())
        folder = os.path.join(self.folder, "layout")
        config = self.config(
            {
                "source": registry_entry(source),
                "disk": {"registry": f"oci:{folder}"},
            },
            sync=sync_section(SyncPolicy(), "source", "disk", engine="skopeo"),
        )
        self.submit(config)
        files = {name for _, _, names in os.walk(folder) for name in names}
        for repository in filled.values():
            for digest in repository.tags.values():
                self.assertIn(digest.removeprefix("sha256:"), files)


def _command_line(process_id):
    try:
        with open(f"/proc/{process_id.pid}/cmdline", encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""


if __name__ == "__main__":
    unittest.main()
