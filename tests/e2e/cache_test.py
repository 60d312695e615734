# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""What was read is not read again: a GET of a manifest counts as a pull. Whether
it is there is asked anew, and nothing that is kept answers that."""

import os
import stat
import unittest

from tests.support import image
from tests.support.hostile_case import HostileTest
from tests.support.hostile_server import refuse
from tests.support.oracle import DeletePolicy, SyncPolicy


def two_platforms(seed):
    return image.index([image.image(f"{seed} amd"), image.image(f"{seed} arm")])


class CacheTest(HostileTest):
    def cache_folder(self):
        state = self.product.environment["XDG_STATE_HOME"]
        return os.path.join(state, "registry-manager/manifests")

    def cache_files(self):
        return [
            os.path.join(folder, name)
            for folder, _, names in os.walk(self.cache_folder())
            for name in names
        ]

    def manifests_read(self, registry, since):
        return [r.target for r in registry.seen("GET", "/manifests/", since)]


class DeletionTest(CacheTest):
    def setUp(self):
        super().setUp()
        tags = {
            f"{i}.0": image.image(f"kept {i}") if i % 4 else two_platforms(i)
            for i in range(100)
        }
        self.kept = sorted(tags)
        self.indexes = [tags[f"{i}.0"] for i in range(0, 100, 4)]
        tags["develop-1"] = image.image("doomed 1")
        self.one = self.hostile({"app": tags})

    def night(self):
        """Everything is clean at its end; the manifests that it read."""
        mark = self.one.mark()
        self.run_deletion(self.one, {"app": self.kept})
        return self.manifests_read(self.one, mark)

    def test_the_second_night_reads_no_manifest_that_the_first_has_read(self):
        first = self.night()
        self.assertGreaterEqual(len(first), len(self.indexes))
        doomed = image.image("doomed 2")
        self.one.put("app", "develop-2", doomed)
        self.assertEqual(set(self.night()), {f"/v2/app/manifests/{doomed.digest}"})
        self.assertEqual(self.night(), [])

    def test_a_child_that_went_meanwhile_is_missing(self):
        self.night()
        child = self.indexes[0].children[0]
        self.one.lose("app", child.digest)
        self.one.put("app", "develop-2", image.image("doomed 2"))
        result = self.run_deletion(self.one, {"app": self.kept})
        self.assertIn(f"lists {child.digest}, which the registry does not", result.err)

    def test_a_child_that_is_shared_with_a_doomed_index_stays(self):
        self.night()
        self.one.put(
            "app",
            "develop-2",
            image.index([self.indexes[0].children[0], image.image("alone")]),
        )
        self.night()

    def test_damage_is_found_and_read_again(self):
        self.night()
        for path in self.cache_files():
            with open(path, "r+b") as file:
                file.seek(-2, os.SEEK_END)
                file.write(b"!!")
        self.one.put("app", "develop-2", image.image("doomed 2"))
        self.assertGreaterEqual(len(self.night()), len(self.indexes))
        self.assertEqual(self.night(), [])

    def test_it_is_for_this_user_only(self):
        self.night()
        self.assertTrue(self.cache_files())
        for path in self.cache_files():
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(os.stat(self.cache_folder()).st_mode), 0o700)

    def test_without_it_everything_is_done_as_well(self):
        os.makedirs(os.path.dirname(self.cache_folder()), mode=0o700)
        with open(self.cache_folder(), "w", encoding="utf-8") as file:
            file.write("not a folder")
        first = self.night()
        self.one.put("app", "develop-2", image.image("doomed 2"))
        self.assertGreaterEqual(len(self.night()), len(first))

    def test_what_another_registry_has_is_not_taken_for_there(self):
        self.night()
        other = self.hostile({"app": {"1.0": self.indexes[0]}})
        other.put("app", "develop-1", image.image("doomed 1"))
        other.lose("app", self.indexes[0].children[0].digest)
        result = self.run_deletion(other, {"app": ["1.0"]})
        self.assertIn("which the registry does not have", result.err)


class DatesTest(CacheTest):
    def test_dates_are_read_once(self):
        tags = {
            f"develop-{name}": image.image(name, created=f"2024-01-0{i + 1}T00:00:00Z")
            for i, name in enumerate("abcd")
        }
        one = self.hostile({"app": tags})
        policy = DeletePolicy(mix_count=3, include_keys=("develop",))
        kept = ["develop-b", "develop-c", "develop-d"]
        self.run_deletion(one, {"app": kept}, policy=policy)
        new = image.image("e", created="2024-01-09T00:00:00Z")
        one.put("app", "develop-e", new)
        mark = one.mark()
        self.run_deletion(
            one, {"app": ["develop-c", "develop-d", "develop-e"]}, policy=policy
        )
        # Those of the new tag, and whether what was deleted is gone.
        self.assertEqual(len(one.seen("GET", "/blobs/", mark)), 1)
        looked_at = {tags["develop-b"].digest, new.digest}
        self.assertEqual(
            set(self.manifests_read(one, mark)),
            {f"/v2/app/manifests/{digest}" for digest in looked_at},
        )


class SyncTest(CacheTest):
    def night(self, **options):
        """(manifests read at the source, at the target)"""
        marks = self.source.mark(), self.target.mark()
        self.run_sync(self.source, self.target, "--workers", "2", **options)
        self.mark = marks[0]
        return (
            self.manifests_read(self.source, marks[0]),
            self.manifests_read(self.target, marks[1]),
        )

    def heads(self, registry):
        return len(registry.seen("HEAD", "/manifests/", self.mark))

    def referrers_requests(self):
        return len(self.source.seen("GET", "/referrers/", self.mark))

    def test_an_unchanged_image_costs_one_head_at_each_end(self):
        tags = {f"{i}.0": two_platforms(i) for i in range(50)}
        self.source = self.hostile({"app": tags}, has_referrers=True)
        self.target = self.hostile(has_referrers=True)
        self.night()
        mark = self.target.mark()
        self.assertEqual(self.night(), ([], []))
        self.assertEqual(self.heads(self.source), 50)
        self.assertEqual(len(self.target.seen("HEAD", "/manifests/", mark)), 50)
        # An index and its two images each.
        self.assertLessEqual(self.referrers_requests(), 150)
        writes = [r for r in self.target.seen(since=mark) if r.writes]
        self.assertEqual(writes, [])

    def test_without_a_referrers_api_none_is_asked_for(self):
        tags = {f"{i}.0": two_platforms(i) for i in range(20)}
        self.source = self.hostile({"app": tags})
        self.target = self.hostile()
        self.night()
        self.assertEqual(self.night(), ([], []))
        self.assertEqual(self.heads(self.source), 20)
        # Each worker finds out once.
        self.assertLessEqual(self.referrers_requests(), 2)

    def test_what_is_attached_and_unchanged_is_not_read_again(self):
        whole = two_platforms("whole")
        sbom = image.attachment(whole)
        for has_referrers in (False, True):
            self.source = self.hostile({"app": {"1.0": whole}}, has_referrers=True)
            self.source.put("app", None, sbom)
            self.target = self.hostile(has_referrers=has_referrers)
            config = self.sync_config(self.source, self.target)
            self.submit(config)
            # What was written is read for the first time.
            self.submit(config)
            marks = self.source.mark(), self.target.mark()
            self.submit(config)
            self.assertEqual(self.manifests_read(self.source, marks[0]), [])
            self.assertEqual(self.manifests_read(self.target, marks[1]), [])
            writes = [r for r in self.target.seen(since=marks[1]) if r.writes]
            self.assertEqual(writes, [])
            self.assertTrue(self.target.has("app", sbom.digest))

    def test_a_signature_that_comes_later_is_copied_and_the_index_not_read(self):
        whole = two_platforms("whole")
        self.source = self.hostile({"app": {"1.0": whole}})
        self.target = self.hostile()
        self.night()
        child = whole.children[0]
        tag = image.signature_tag(child.digest)
        self.source.put("app", tag, image.signature(child))
        self.run_sync(self.source, self.target)
        mark = self.source.mark()
        self.run_sync(self.source, self.target)
        self.assertEqual(self.manifests_read(self.source, mark), [])
        self.assertIn(tag, self.target.tags("app"))

    def test_an_index_that_the_source_lost_is_not_copied_from_what_is_kept(self):
        whole = two_platforms("whole")
        self.source = self.hostile({"app": {"1.0": whole}})
        self.target = self.hostile()
        self.night()
        self.source.script(
            "GET|HEAD", "/v2/app/manifests/", refuse(404, "MANIFEST_UNKNOWN")
        )
        other = self.hostile()
        config = self.sync_config(self.source, other, SyncPolicy())
        self.submit(config, status=1)
        self.assertEqual(other.tags("app"), [])


if __name__ == "__main__":
    unittest.main()
