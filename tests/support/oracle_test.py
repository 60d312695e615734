# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""The oracle against cases worked out by hand."""

import random
import unittest

from tests.support import fixture, image, oracle
from tests.support.oracle import DeletePolicy, Repository, SyncPolicy


def _deleted_from(tagged, policy, **options):
    return oracle.after_delete(Repository.of(tagged), policy, **options)


class VersionTest(unittest.TestCase):
    def test_tells_versions_from_other_tags(self):
        for tag in (
            "1 v1 V1.2 1.2.3.4 1.2.3-alpha.1 1.2.3b2 1.0~rc1 1-~x 1- 8f3a9c1b"
            " 2018-11-05 1.2+build.7 1.0-rc.1+x 1.0--x 00.1"
        ).split():
            self.assertIsNotNone(oracle.version_key(tag), tag)
        for tag in (
            "latest develop v vv1 1. .1 1..2 1.x 1.2_3 a1 sha256-1 1.0-a..b 1+ 1.0+a+b"
            " 1.0-rc. release-1.0"
        ).split():
            self.assertIsNone(oracle.version_key(tag), tag)

    def test_orders_by_precedence(self):
        ordered = (
            "0.9 1.0.0-1 1.0.0-2 1.0.0-10 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta"
            " 1.0.0-beta 1.0.0 1.0.0.1 1.2 1.10 2 10 99999999999999999999999"
        ).split()
        keys = [oracle.version_key(tag) for tag in ordered]
        self.assertEqual(keys, sorted(keys))
        for older, newer in zip(keys, keys[1:]):
            self.assertLess(older, newer)

    def test_knows_equal_versions(self):
        for left, right in (("1", "1.0.0"), ("v1.2", "V1.2+x"), ("1.0b1", "1.0-b1")):
            self.assertEqual(oracle.version_key(left), oracle.version_key(right))


class SignatureTagTest(unittest.TestCase):
    def test_spells_a_subject(self):
        digits = "0123456789abcdef" * 4
        for suffix in ("", ".sig", ".att", "-x", "g"):
            self.assertEqual(
                oracle.subject_spelled_by(f"sha256-{digits}{suffix}"),
                f"sha256:{digits}",
            )
        self.assertEqual(
            oracle.subject_spelled_by(f"sha512-{digits}{digits}.sig"),
            f"sha512:{digits}{digits}",
        )

    def test_refuses_what_only_looks_like_it(self):
        digits = "0123456789abcdef" * 4
        for tag in (f"sha256-{digits}0", f"sha256-{digits[1:]}", f"x{digits}"):
            self.assertIsNone(oracle.subject_spelled_by(tag), tag)


class DeleteTest(unittest.TestCase):
    def test_keeps_the_newest_candidates(self):
        tagged = {
            tag: image.image(tag)
            for tag in ("1.0", "1.2", "1.10", "2.0-rc1", "2.0", "latest")
        }
        policy = DeletePolicy(mix_count=2, include_regex=".", exclude_regex="^latest$")
        left = _deleted_from(tagged, policy)
        self.assertEqual(set(left.tags), {"2.0", "2.0-rc1", "latest"})
        self.assertEqual(left.deleted, {tagged[t].digest for t in ("1.0", "1.2", "1.10")})

    def test_orders_others_by_date_and_below_versions(self):
        tagged = {
            "develop-old": image.image("a", created="2020-01-01T00:00:00Z"),
            "develop-new": image.image("b", created="2023-01-01T00:00:00Z"),
            "develop-epoch": image.image("c", created="1970-01-01T00:00:00Z"),
            "develop-none": image.image("d", created=None),
            "0.1-develop": image.image("e", created="2001-01-01T00:00:00Z"),
        }
        oldest = {"include_keys": ("develop",), "undated": "oldest"}
        left = _deleted_from(tagged, DeletePolicy(mix_count=2, **oldest))
        self.assertEqual(set(left.tags), {"0.1-develop", "develop-new"})
        left = _deleted_from(tagged, DeletePolicy(mix_count=4, **oldest))
        self.assertNotIn("develop-epoch", left.tags)
        self.assertIn("develop-none", left.tags)
        # What bears no date stays, and takes no place.
        keep = {"include_keys": ("develop",)}
        left = _deleted_from(tagged, DeletePolicy(mix_count=2, **keep))
        self.assertEqual(set(tagged) - set(left.tags), {"develop-old"})
        left = _deleted_from(tagged, DeletePolicy(mix_count=4, **keep))
        self.assertEqual(set(left.tags), set(tagged))
        # No date is needed to delete all.
        left = _deleted_from(tagged, DeletePolicy(mix_count=0, **keep))
        self.assertEqual(set(left.tags), set())

    def test_dates_an_index_by_its_newest_child(self):
        old = image.image("old", created="2020-01-01T00:00:00Z")
        new = image.image("new", created="2023-01-01T00:00:00Z")
        tagged = {
            "dev-a": image.index([old, new]),
            "dev-b": image.image("b", created="2022-01-01T00:00:00Z"),
        }
        left = _deleted_from(tagged, DeletePolicy(mix_count=1, include_keys=("dev",)))
        self.assertEqual(set(left.tags), {"dev-a"})

    def test_sem_ver_takes_what_is_no_version(self):
        tagged = {t: image.image(t) for t in ("1.0", "latest", "master", "2018-11-05")}
        policy = DeletePolicy(mix_count=0, sem_ver=True, exclude_keys=("latest",))
        left = _deleted_from(tagged, policy)
        self.assertEqual(set(left.tags), {"1.0", "latest", "2018-11-05"})

    def test_a_named_tag_goes_and_takes_no_place(self):
        tagged = {tag: image.image(tag) for tag in ("1.0", "2.0", "3.0")}
        policy = DeletePolicy(mix_count=2, include_regex=".")
        left = _deleted_from(tagged, policy, named=("3.0", "gone"))
        self.assertEqual(set(left.tags), {"1.0", "2.0"})
        left = _deleted_from(tagged, policy, named=("3.0",), whole=False)
        self.assertEqual(set(left.tags), {"1.0", "2.0"})

    def test_a_shared_digest_survives_under_its_kept_tag(self):
        shared = image.image("shared")
        tagged = {"develop-1": shared, "latest": shared}
        policy = DeletePolicy(mix_count=0, include_keys=("develop",))
        left = _deleted_from(tagged, policy)
        self.assertEqual(set(left.tags), {"latest"})
        self.assertEqual(left.deleted, set())
        policy.shared_digest = "keep"
        self.assertEqual(set(_deleted_from(tagged, policy).tags), set(tagged))

    def test_children_go_with_their_index_unless_something_kept_reaches_them(self):
        shared, own, tagged_child = (image.image(n) for n in ("shared", "own", "third"))
        doomed = image.index([shared, own, tagged_child])
        kept = image.index([image.index([shared])])
        tagged = {"develop-1": doomed, "1.0": kept, "third": tagged_child}
        left = _deleted_from(
            tagged, DeletePolicy(mix_count=0, include_keys=("develop",))
        )
        self.assertEqual(left.deleted, {doomed.digest, own.digest})

    def test_signatures_follow_their_subject(self):
        doomed, kept, child = (image.image(name) for name in ("doomed", "kept", "c"))
        whole = image.index([child])
        absent = image.image("absent")
        attached = image.attachment(doomed)
        tagged = {
            "develop-1": doomed,
            "1.0": kept,
            "develop-2": whole,
            image.signature_tag(doomed.digest): image.signature(doomed),
            image.signature_tag(doomed.digest, ""): image.referrers_index([attached]),
            image.signature_tag(kept.digest): image.signature(kept),
            image.signature_tag(child.digest, ".att"): image.signature(child),
            image.signature_tag(absent.digest): image.signature(absent),
        }
        left = _deleted_from(
            tagged, DeletePolicy(mix_count=0, include_keys=("develop", "sha256"))
        )
        self.assertEqual(
            set(left.tags),
            {
                "1.0",
                image.signature_tag(kept.digest),
                image.signature_tag(absent.digest),
            },
        )
        self.assertIn(attached.digest, left.deleted)

    def test_a_staying_signature_keeps_what_it_reaches(self):
        absent, doomed = image.image("absent"), image.image("doomed")
        tagged = {
            "develop-1": doomed,
            image.signature_tag(absent.digest): doomed,
            image.signature_tag(doomed.digest): image.signature(doomed),
        }
        left = _deleted_from(
            tagged, DeletePolicy(mix_count=0, include_keys=("develop",))
        )
        self.assertEqual(left.deleted, set())
        self.assertEqual(set(left.tags), set(tagged) - {"develop-1"})

    def test_an_attached_child_of_a_doomed_index_stays_with_its_subject(self):
        kept = image.image("kept")
        attached = image.attachment(kept)
        doomed = image.index([image.image("child"), attached])
        tagged = {"1.0": kept, "develop-1": doomed}
        left = _deleted_from(
            tagged, DeletePolicy(mix_count=0, include_keys=("develop",))
        )
        self.assertEqual(left.deleted, {doomed.digest, doomed.children[0].digest})


class SyncTest(unittest.TestCase):
    def test_renames_by_the_first_rule_that_fits(self):
        rules = (("library", "prod"), ("", "top"), ("o", "0"))
        for name, expected in (
            ("library/redis", "prod/redis"),
            ("library/library", "prod/library"),
            ("library", "top/library"),
            ("foo/boo", "f0o/boo"),
            ("a/b", "a/b"),
        ):
            self.assertEqual(oracle.target_name(name, rules), expected)

    def test_copies_selected_tags_with_their_signatures(self):
        one, two = image.image("1"), image.image("2")
        child = image.image("child")
        tagged = {
            "1.0": image.index([child]),
            "dev": two,
            image.signature_tag(child.digest): image.signature(child),
            image.signature_tag(two.digest): image.signature(two),
        }
        source = {"library/x": Repository.of(tagged)}
        target = {"prod/x": {"1.0": one.digest, "old": one.digest}}
        policy = SyncPolicy(filters=(r"^\d",), replace=(("library", "prod"),))
        after = oracle.after_sync(source, target, policy)
        self.assertEqual(
            after["prod/x"],
            {
                "1.0": tagged["1.0"].digest,
                "old": one.digest,
                image.signature_tag(child.digest): image.signature(child).digest,
            },
        )
        self.assertEqual(target["prod/x"]["1.0"], one.digest)
        policy.referrers = False
        after = oracle.after_sync(source, {}, policy)
        self.assertEqual(after, {"prod/x": {"1.0": tagged["1.0"].digest}})

    def test_copies_a_named_tag_whatever_the_filters_say(self):
        tagged = {"dev": image.image("d"), "1.0": image.image("1")}
        source = {"x": Repository.of(tagged)}
        policy = SyncPolicy(filters=("^none$",))
        after = oracle.after_sync(source, {}, policy, {"x": (False, ("dev", "gone"))})
        self.assertEqual(after, {"x": {"dev": tagged["dev"].digest}})


class FixtureTest(unittest.TestCase):
    def test_the_same_seed_gives_the_same_contents(self):
        first, second = (
            fixture.random_registry(random.Random(7), "seed") for _ in range(2)
        )
        self.assertEqual(first, second)

    def test_what_is_deleted_and_what_is_kept_are_apart(self):
        for seed in range(200):
            rng = random.Random(seed)
            repository = Repository.of(fixture.random_repository(rng, seed))
            policy = DeletePolicy(
                mix_count=rng.randint(0, 3),
                sem_ver=rng.random() < 0.5,
                include_keys=("develop", "release", "201"),
            )
            left = oracle.after_delete(repository, policy)
            self.assertFalse(left.deleted & left.kept, seed)
            self.assertFalse(left.deleted & set(left.tags.values()), seed)
            self.assertLessEqual(repository.reach(left.tags.values()), left.kept)


if __name__ == "__main__":
    unittest.main()
