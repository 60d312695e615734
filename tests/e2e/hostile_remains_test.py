# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Repositories that are broken before a run, or break under it: dangling and
half-removed tags, manifests that vanish, indexes that miss a child.

The audit of tests/support/hostile_registry.py stands behind every test here.
"""

import unittest

from tests.support import image
from tests.support.hostile_case import HostileTest
from tests.support.hostile_server import (
    after,
    corrupt,
    cut,
    refuse,
    reset,
    say_length,
)
from tests.support.oracle import DeletePolicy


class DanglingTagTest(HostileTest):
    """A tag is listed, and its manifest answers 404."""

    def setUp(self):
        super().setUp()
        lost = image.image("lost")
        self.registry = self.hostile(
            {
                "app": {
                    "lost": lost,
                    "develop": image.image("develop"),
                    "1.0": image.image("kept"),
                },
                "second": {"develop": image.image("other"), "1.0": image.image("x")},
            }
        )
        self.registry.lose("app", lost.digest)

    def check(self, setting, left, status=0):
        survivors = {"app": left, "second": ["1.0"]}
        result = self.run_deletion(
            self.registry, survivors, status=status, **{"dangling-tags": setting}
        )
        self.assertEqual(self.registry.tags("app"), sorted(left))
        self.assertEqual(self.registry.tags("second"), ["1.0"])
        return result

    def test_stop(self):
        result = self.check("stop", ["1.0", "develop", "lost"], status=1)
        self.assertRegex(result.text, r"\blost\b.*dangling-tags")

    def test_keep(self):
        self.check("keep", ["1.0", "lost"])

    def test_remove(self):
        self.check("remove", ["1.0"])

    def test_remove_where_tags_are_deleted_by_tag(self):
        self.registry.tag_delete = "untag"
        self.registry.allowed.by_tag = True
        self.check("remove", ["1.0"])

    def test_a_404_without_the_code_is_no_dangling_tag(self):
        """A proxy or a lost repository says 404, too."""
        self.registry.script("GET|HEAD", "manifests/lost", refuse(404, "NAME_UNKNOWN"))
        result = self.check("remove", ["1.0", "develop", "lost"], status=1)
        self.assertRegex(result.text, r"\blost\b")

    def test_a_tag_that_cannot_be_read_stops_its_repository(self):
        self.registry.put("app", "lost", image.image("unreadable"))
        self.registry.script("GET|HEAD", "manifests/lost", refuse(403, "DENIED"))
        result = self.check("remove", ["1.0", "develop", "lost"], status=1)
        self.assertRegex(result.text, r"\blost\b.*403")

    def test_a_named_tag_that_dangles_stops_its_repository(self):
        result = self.run_deletion(
            self.registry,
            {"app": ["1.0", "develop", "lost"]},
            status=1,
            entry={"repositories": ["app:lost", "app:develop"]},
        )
        self.assertRegex(result.text, r"\blost\b.*dangling-tags")
        self.assertEqual(self.registry.tags("app"), ["1.0", "develop", "lost"])

    def test_a_head_that_finds_nothing_is_asked_again_by_get(self):
        self.registry.put("app", "lost", image.image("found"))
        self.registry.script("HEAD", "manifests/lost", refuse(404, "MANIFEST_UNKNOWN"))
        self.check("stop", ["1.0", "lost"])

    def test_a_tag_that_vanishes_between_list_and_read_is_no_error(self):
        self.registry.put("app", "lost", image.image("found"))
        self.allow_deletion(self.registry, {"app": ["1.0", "lost"], "second": ["1.0"]})
        self.registry.script(
            "HEAD",
            "app/manifests/(lost|develop|1.0)",
            after(lambda: self.registry.untag("app", "lost")),
            times=1,
        )
        self.submit(self.delete_config(self.registry))
        self.assert_left(self.registry, {"app": ["1.0"], "second": ["1.0"]})


class HalfRemovedTagTest(HostileTest):
    """A tag bears the placeholder of a removal that did not come to its end."""

    def setUp(self):
        super().setUp()
        self.shared = image.image("shared")
        tags = dict.fromkeys(("develop-1", "develop-2", "1.0"), self.shared)
        self.registry = self.hostile({"app": tags})
        self.allow_deletion(self.registry, {"app": ["1.0"]})
        self.config_path = self.delete_config(self.registry)

    def leave_half_removed(self):
        """The product makes it so: its placeholder is not deleted."""
        shared = self.shared.digest
        self.registry.script(
            "DELETE", f"manifests/sha256:(?!0000|{shared[7:]})", refuse(403, "DENIED")
        )
        result = self.submit(self.config_path, status=1)
        self.registry.forget_scripts()
        half = ["develop-1", "develop-2"]
        self.assertEqual(self.registry.placeholder_tags("app"), half)
        return result

    def test_is_named_with_the_reason_and_finished_by_the_next_run(self):
        result = self.leave_half_removed()
        self.assertRegex(result.text, "develop-1.*placeholder")
        plan = self.run_product("plan", self.config_path)
        self.assertRegex(plan.text, "half removed.*develop-1, develop-2")
        self.submit(self.config_path)
        self.assertEqual(self.registry.tags("app"), ["1.0"])

    def test_is_not_finished_by_a_dry_run(self):
        self.leave_half_removed()
        mark = self.registry.mark()
        self.submit(self.config_path, "--dry-run")
        self.assertEqual([r for r in self.registry.seen(since=mark) if r.writes], [])
        self.registry.allowed.placeholders = True

    def test_is_never_copied(self):
        self.leave_half_removed()
        self.registry.allowed.placeholders = True
        target = self.hostile()
        self.run_sync(self.registry, target, status=None)
        self.assertEqual(target.contents(), {"app": {"1.0": self.shared.digest}})

    def test_takes_no_place_among_the_newest(self):
        self.leave_half_removed()
        self.registry.fill({"app": {"develop-0": image.image("newer")}})
        # Among develop-0, -1 and -2 the newest stays: half removed ones do not count.
        config = self.delete_config(self.registry, **{"mix-count": 1})
        plan = self.run_product("plan", config, "--details")
        self.assertRegex(plan.out, "develop-0 +keep")
        self.submit(config)
        self.assertEqual(self.registry.tags("app"), ["1.0", "develop-0"])

    def check_killed(self, method, path, skip=0):
        self.kill_at(self.registry, self.config_path, method, path, skip=skip)
        self.submit(self.config_path)
        self.assert_left(self.registry, {"app": ["1.0"]})

    def test_killed_before_the_first_placeholder(self):
        self.check_killed("PUT", "manifests/develop")

    def test_killed_before_the_second_placeholder(self):
        self.check_killed("PUT", "manifests/develop", skip=1)

    def test_killed_when_the_placeholder_is_deleted(self):
        self.check_killed(
            "DELETE", f"manifests/sha256:(?!0000|{self.shared.digest[7:]})"
        )


class InterruptedDeleteTest(HostileTest):
    """Everything is killed in mid-deletion, before or after a DELETE's effect."""

    def setUp(self):
        super().setUp()
        children = [image.image("child 1"), image.image("child 2")]
        self.whole = image.index(children)
        self.child = children[0]
        self.signature = image.signature(self.whole)
        self.child_signature = image.signature(self.child)
        self.registry = self.hostile(
            {
                "app": {
                    "develop": self.whole,
                    "1.0": image.image("kept"),
                    image.signature_tag(self.whole.digest): self.signature,
                    image.signature_tag(self.child.digest): self.child_signature,
                }
            }
        )
        self.allow_deletion(self.registry, {"app": ["1.0"]})
        self.config_path = self.delete_config(self.registry)

    def check(self, manifest, proceeds):
        self.kill_at(
            *(self.registry, self.config_path, "DELETE", manifest.digest),
            proceeds=proceeds,
        )
        self.submit(self.config_path)
        self.assert_left(self.registry, {"app": ["1.0"]})

    def test_before_the_index_goes(self):
        self.check(self.whole, False)

    def test_after_the_index_went(self):
        self.check(self.whole, True)

    def test_before_a_child_goes(self):
        self.check(self.child, False)

    def test_after_a_child_went(self):
        self.check(self.child, True)

    def test_before_a_signature_goes(self):
        self.check(self.signature, False)

    def test_after_the_last_signature_went(self):
        self.check(self.child_signature, True)

    def test_what_is_tagged_in_between_stays_with_its_signature(self):
        self.kill_at(
            self.registry, self.config_path, "DELETE", self.whole.digest, proceeds=True
        )
        self.registry.put("app", "release", self.child)
        signature_tag = image.signature_tag(self.child.digest)
        self.registry.allowed.tags.discard(("app", signature_tag))
        for manifest in (self.child, self.child_signature):
            self.registry.allowed.digests.discard(("app", manifest.digest))
        self.submit(self.config_path)
        self.assert_left(self.registry, {"app": ["1.0", "release", signature_tag]})


class BrokenIndexTest(HostileTest):
    """An index lists what the repository does not have."""

    def setUp(self):
        super().setUp()
        self.there, self.missing = image.image("there"), image.image("missing")
        self.whole = image.index([self.there, self.missing])

    def hostile_with(self, **tags):
        contents = {"app": {"1.0": image.image("kept"), **tags}}
        registry = self.hostile(contents)
        registry.lose("app", self.missing.digest)
        return registry

    def test_a_kept_one_protects_what_is_there_and_is_reported(self):
        doomed = {"develop-1": self.there, "develop-2": image.image("d")}
        registry = self.hostile_with(**{"2.0": self.whole, **doomed})
        result = self.run_deletion(registry, {"app": ["1.0", "2.0"]})
        self.assertIn(self.missing.digest[:19], result.text)
        self.assertTrue(registry.has("app", self.there.digest))

    def test_a_doomed_one_goes_with_what_is_there(self):
        registry = self.hostile_with(develop=self.whole)
        self.run_deletion(registry, {"app": ["1.0"]})
        self.assertFalse(registry.has("app", self.there.digest))

    def check_child_that_cannot_be_read(self, hook, **how_often):
        registry = self.hostile(
            {
                "app": {
                    "1.0": image.index([self.whole]),
                    "develop-1": self.there,
                    "develop-2": image.image("doomed"),
                },
                "second": {"develop": image.image("d"), "1.0": image.image("k")},
            }
        )
        registry.script("GET|HEAD", self.whole.digest, hook, **how_often)
        survivors = {"app": registry.tags("app"), "second": ["1.0"]}
        result = self.run_deletion(registry, survivors, status=1)
        self.assertEqual(len(registry.tags("app")), 3)
        self.assertEqual(registry.tags("second"), ["1.0"])
        self.assertRegex(result.text, "app")

    def test_a_child_that_is_forbidden_stops_the_repository(self):
        self.check_child_that_cannot_be_read(refuse(403, "DENIED"))

    def test_a_child_that_fails_stops_the_repository(self):
        self.check_child_that_cannot_be_read(refuse(500))

    def test_a_child_of_other_bytes_stops_the_repository(self):
        self.check_child_that_cannot_be_read(corrupt)

    def test_a_child_that_is_cut_stops_the_repository(self):
        self.check_child_that_cannot_be_read(cut(0.6))

    def test_a_child_that_is_too_short_stops_the_repository(self):
        self.check_child_that_cannot_be_read(say_length(-5))

    def test_a_child_whose_connection_is_reset_stops_the_repository(self):
        self.check_child_that_cannot_be_read(reset)

    def test_a_child_that_fails_in_passing_is_asked_for_again(self):
        registry = self.hostile(
            {"app": {"1.0": image.index([self.whole]), "develop": self.there}}
        )
        registry.script("GET|HEAD", self.whole.digest, refuse(502), times=2)
        self.run_deletion(registry, {"app": ["1.0"]})


class CreationTimeTest(HostileTest):
    """Dates are needed where the cut falls among names that are no versions."""

    def check(self, hook, **how_often):
        images, others = [
            {
                f"develop-{name}": image.image(
                    f"{name} of {repository}", created=f"2024-01-0{day}T00:00:00Z"
                )
                for name, day in (("a", 3), ("b", 2), ("c", 1))
            }
            for repository in ("app", "second")
        ]
        registry = self.hostile({"app": images, "second": others})
        config_blob = images["develop-b"].blobs[0]
        registry.script("GET", f"/app/blobs/{config_blob.digest}", hook, **how_often)
        policy = DeletePolicy(mix_count=1, include_keys=("develop",))
        status = 0 if how_often else 1
        left = ["develop-a"] if how_often else list(images)
        survivors = {"app": left, "second": ["develop-a"]}
        result = self.run_deletion(registry, survivors, status=status, policy=policy)
        self.assertEqual(registry.tags("app"), left)
        self.assertEqual(registry.tags("second"), ["develop-a"])
        return result

    def test_one_that_cannot_be_read_spares_all_and_is_a_failure(self):
        """What the policy asks for was not done: not a success."""
        self.assertRegex(self.check(refuse(500)).text, "creat|date")

    def test_one_of_other_bytes_spares_all_and_is_a_failure(self):
        self.assertRegex(self.check(corrupt).text, "creat|date")

    def test_one_that_fails_in_passing_is_asked_for_again(self):
        self.check(refuse(500), times=2)


class VanishingSourceTest(HostileTest):
    """A sync whose source loses something: named, and the rest is copied."""

    def setUp(self):
        super().setUp()
        self.lost = image.image("lost")
        self.old = image.image("old")
        self.contents = {
            "app": {"1.0": self.lost, "2.0": image.image("good")},
            "second": {"1.0": image.image("other")},
        }

    def check(self, source, target=None):
        target = target or self.hostile()
        target.put("app", "1.0", self.old)
        result = self.run_sync(source, target, status=1)
        # The tag on the target stays as it was.
        expected = {"1.0": self.old.digest, "2.0": self.contents["app"]["2.0"].digest}
        self.assertEqual(target.contents()["app"], expected)
        self.assertEqual(target.tags("second"), ["1.0"])
        self.assertRegex(result.text, r"app:?.*1\.0")
        return result

    def test_a_dangling_tag(self):
        source = self.hostile(self.contents)
        source.lose("app", self.lost.digest)
        self.check(source)

    def test_a_missing_layer(self):
        source = self.hostile(self.contents)
        source.lose("app", self.lost.blobs[-1].digest)
        self.assertIn(self.lost.blobs[-1].digest, self.check(source).text)

    def test_a_missing_child(self):
        whole = image.index([image.image("there"), self.lost])
        self.contents["app"]["1.0"] = whole
        source = self.hostile(self.contents)
        source.lose("app", self.lost.digest)
        self.assertIn(self.lost.digest, self.check(source).text)

    def test_a_missing_grandchild_that_the_target_has_as_an_index(self):
        """What is there may have lost what it lists."""
        nested = image.index([self.lost])
        self.contents["app"]["1.0"] = image.index([nested])
        source = self.hostile(self.contents)
        source.lose("app", self.lost.digest)
        target = self.hostile({"app": {"nested": nested}})
        target.lose("app", self.lost.digest)
        target.untag("app", "nested")
        self.check(source, target)

    def test_a_manifest_that_vanishes_between_head_and_get(self):
        source = self.hostile(self.contents)

        def vanish():
            source.lose("app", self.lost.digest)

        source.script("GET", "app/manifests/(1.0|sha256)", after(vanish), times=1)
        self.check(source)

    def test_a_tag_that_moves_while_it_is_copied_is_copied_whole(self):
        source, target = self.hostile(self.contents), self.hostile()
        new = image.index([image.image("new")])
        move = after(lambda: source.put("app", "1.0", new))
        source.script("GET", "app/manifests/", move, times=1)
        self.run_sync(source, target, status=None)
        moved = target.contents()["app"]["1.0"]
        self.assertIn(moved, (self.lost.digest, new.digest))
        self.run_sync(source, target)


if __name__ == "__main__":
    unittest.main()
