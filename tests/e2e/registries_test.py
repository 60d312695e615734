# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Deletions and syncs in registries that Debian does not have.

`tools/registries` builds them; a registry that is not there skips its tests.
Each registry runs through the same scenarios, so that what differs shows.
"""

import os
import random
import unittest

from tests.support import client, fixture, image, oracle
from tests.support.case import (
    EndToEndTest,
    delete_section,
    registry_entry,
    sync_section,
)
from tests.support.oracle import DeletePolicy, SyncPolicy
from tests.support.real_registries import Distribution, GoContainerRegistry, Zot

_DEVELOP = DeletePolicy(mix_count=0, include_keys=("develop",))


class RealRegistryTest(EndToEndTest):
    """A test with one started registry; `kind` says which."""

    kind = None

    def setUp(self):
        super().setUp()
        self.real = self.served()

    def served(self, name="real", **options):
        """A started registry of this kind that ends with the test."""
        made = self.kind(os.path.join(self.folder, name), **options)
        self.addCleanup(made.stop)
        return made.start()

    def delete(self, policy=_DEVELOP, status=0, entry=None, **more):
        """Deletes from the registry; the Result."""
        config = self.config(
            {"one": registry_entry(self.real, **(entry or {}))},
            delete=delete_section(policy, ["one"], **more),
        )
        return self.submit(config, status=status)

    def sync(self, source, target, policy=SyncPolicy(), status=0, **more):
        config = self.config(
            {"from": registry_entry(source), "to": registry_entry(target)},
            sync=sync_section(policy, "from", "to", **more),
        )
        return self.submit(config, status=status)


class DeletionScenarios:
    """What a deletion must leave, whatever the registry."""

    def check_deletion(self, contents, policy=_DEVELOP):
        filled = self.fill(self.real, contents)
        survivors = {n: oracle.after_delete(r, policy) for n, r in filled.items()}
        self.delete(policy)
        self.assert_survivors(self.real, survivors)
        # A second run finds nothing to do.
        self.delete(policy)
        self.assert_survivors(self.real, survivors)

    def test_deletes_images_by_digest_with_all_their_doomed_tags(self):
        shared = image.image("shared")
        self.check_deletion(
            {
                "team/app": {
                    "1.0": image.image("kept"),
                    "develop-1": image.image("one"),
                    "develop-2": shared,
                    "develop-3": shared,
                }
            }
        )

    def test_deletes_an_index_with_its_children_and_spares_shared_children(self):
        shared = image.image("shared child")
        self.check_deletion(
            {
                "team/app": {
                    "multi": image.index([image.image("a"), shared]),
                    "develop-multi": image.index([image.image("b"), shared]),
                    "develop-child": image.image("b"),
                }
            }
        )

    def test_a_doomed_tag_on_an_image_that_stays_is_removed_alone(self):
        kept = image.image("kept")
        multi = image.index([image.image("a"), image.image("b")])
        self.check_deletion(
            {
                "team/app": {
                    "1.0": kept,
                    "develop-1": kept,
                    "develop-2": kept,
                    "multi": multi,
                    "develop-multi": multi,
                    "develop-child": multi.children[0],
                }
            }
        )

    def test_signatures_go_with_their_image_and_stay_with_it(self):
        kept, doomed = image.image("kept"), image.image("doomed")
        self.check_deletion(
            {
                "team/app": {
                    "1.0": kept,
                    image.signature_tag(kept.digest): image.signature(kept),
                    "develop-1": doomed,
                    image.signature_tag(doomed.digest): image.signature(doomed),
                }
            }
        )

    def test_referrers_go_with_their_image_and_stay_with_it(self):
        kept, doomed = image.image("kept"), image.image("doomed")
        self.fill(self.real, {"team/app": {"1.0": kept, "develop-1": doomed}})
        attached = {one.digest: image.attachment(one) for one in (kept, doomed)}
        pusher = image.Pusher(self.real.client())
        for subject, one in attached.items():
            pusher.push("team/app", None, one)
            if not self.has_referrers():
                tag = image.signature_tag(subject, "")
                pusher.push("team/app", tag, image.referrers_index([one]))
        self.delete()
        speaker = self.real.client()
        gone = (doomed, attached[doomed.digest])
        for one in gone:
            self.assertIsNone(speaker.resolve("team/app", one.digest))
        client.pull_completely(speaker, "team/app", "1.0")
        client.pull_completely(speaker, "team/app", attached[kept.digest].digest)

    def has_referrers(self):
        absent = "sha256:" + "0" * 64
        path = f"/v2/team/app/referrers/{absent}"
        return self.real.client().request("GET", path)[0] == 200

    def test_random_repositories(self):
        contents = fixture.random_registry(random.Random(21), "real", repositories=4)
        policy = DeletePolicy(mix_count=1, include_keys=("develop", "-", "1."))
        self.check_deletion(contents, policy)

    def test_a_catalogue_of_several_pages_is_listed_whole(self):
        tags = {"develop": image.image("many"), "1.0": image.image("kept")}
        names = [f"many/repo-{number:04}" for number in range(1030)]
        image.Pusher(self.real.client()).push_all({name: tags for name in names})
        self.delete()
        speaker = self.real.client()
        left = [name for name in names if "develop" in speaker.tags(name)]
        self.assertEqual(left, [])

    def test_a_kept_tag_on_a_later_page_protects_its_image(self):
        tags = {f"develop-{i:04}": image.image(i % 7) for i in range(1200)}
        tags["zz"] = image.image(3)
        self.check_deletion({"team/app": tags})


class SyncScenarios:
    """What a sync must come to at either end."""

    def test_syncs_there_and_back(self):
        contents = fixture.random_registry(random.Random(22), "sync", repositories=4)
        debian, back = self.registry("debian"), self.registry("back")
        self.fill(debian, contents)
        for source, target in ((debian, self.real), (self.real, back)):
            for _ in range(2):
                self.sync(source, target)
                self.assertEqual(target.client().contents(), debian.client().contents())
                self.assert_pulls(target)

    def test_a_second_sync_writes_nothing(self):
        debian = self.registry("debian")
        attached = image.image("signed")
        self.fill(
            self.real,
            {
                "team/app": {
                    "1.0": attached,
                    "multi": image.index([image.image("a"), image.image("b")]),
                    image.signature_tag(attached.digest): image.signature(attached),
                }
            },
        )
        self.sync(self.real, debian)
        mark = debian.mark()
        self.sync(self.real, debian)
        self.assert_no_writes(debian, mark)


class DistributionTest(DeletionScenarios, SyncScenarios, RealRegistryTest):
    kind = Distribution


class GoContainerRegistryTest(DeletionScenarios, SyncScenarios, RealRegistryTest):
    kind = GoContainerRegistry


class ZotTest(DeletionScenarios, SyncScenarios, RealRegistryTest):
    kind = Zot

    def test_docker_types_that_are_refused_stop_no_other_image(self):
        target = self.served("oci-only", docker_types=False)
        multi = image.index([image.image("a"), image.image("b")])
        contents = {"1.0": image.image("oci"), "multi": multi}
        docker = image.image("docker", oci=False)
        self.fill(self.real, {"team/app": {**contents, "2.0": docker}})
        result = self.sync(self.real, target, status=1)
        self.assertRegex(result.text, r"\b2\.0\b.*415")
        self.assert_contents(
            target, {"team/app": {tag: one.digest for tag, one in contents.items()}}
        )


if __name__ == "__main__":
    unittest.main()
