# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Deletes from registries in which tags and digests go by ways of their own.

The audit of tests/support/hostile_registry.py stands behind every test here.
"""

import unittest

from tests.support import image
from tests.support.hostile_case import HostileTest
from tests.support.hostile_server import Answer, refuse


def _standard(**more):
    """1.0 and an index that stay, and three images that go."""
    doomed = {f"develop-{i}": image.image(f"develop {i}") for i in (1, 2, 3)}
    kept = {
        "1.0": image.image("1.0"),
        "multi": image.index([image.image("a"), image.image("b")]),
    }
    return {**kept, **doomed, **more}


_KEPT = {"team/app": ["1.0", "multi"]}


class _OrderTest(HostileTest):
    def delete(self, registry, *arguments, **more):
        more.setdefault("entry", {"repositories": ["team/app"]})
        return self.run_deletion(registry, _KEPT, *arguments, **more)


class TagsFirstTest(_OrderTest):
    """A digest is refused as long as a tag points at it, or an index lists it
    (Google, Docker Hub, ECR)."""

    def refusing(self, tags, status, codes, **options):
        registry = self.hostile({"team/app": tags}, tag_delete="untag", **options)
        registry.allowed.by_tag = True

        def hook(request, proceed):
            digest = request.path.rsplit("/", 1)[1]
            repository = registry.repositories["team/app"]
            if ":" not in digest:
                return proceed()
            if digest in repository.tags.values():
                return refuse(status, codes[0])(request, proceed)
            parents = [
                d for d in repository.manifests if digest in registry.reach("team/app", [d])
            ]
            if digest in repository.manifests and parents != [digest]:
                return refuse(status, codes[-1])(request, proceed)
            return proceed()

        registry.script("DELETE", "/team/app/manifests/", hook)
        return registry

    def check(self, status, *codes):
        tags = _standard()
        tags["develop-2"] = tags["develop-1"]
        tags["develop-3"] = image.index([image.image("c"), image.image("d")])
        tags["develop-4"] = tags["1.0"]
        registry = self.refusing(tags, status, codes)
        result = self.delete(registry)
        self.assertIn("by name first", result.text)
        gone = registry.reach("team/app", [tags["1.0"].digest])
        self.assertEqual(gone, {tags["1.0"].digest})
        return registry, result

    def test_a_tag_dangles_as_google_says(self):
        self.check(400, "GOOGLE_MANIFEST_DANGLING_TAG", "GOOGLE_MANIFEST_DANGLING_PARENT_IMAGE")

    def test_it_is_denied(self):
        self.check(403, "DENIED")

    def test_it_is_a_conflict(self):
        self.check(409, "CONFLICT")

    def test_the_order_is_found_out_once(self):
        registry = self.refusing(_standard(), 400, ["GOOGLE_MANIFEST_DANGLING_TAG"])
        self.delete(registry, "--workers", "1", entry={"max-connections": 1})
        refused = [r for r in registry.seen("DELETE", "sha256:") if r.status == 400]
        self.assertEqual(len(refused), 1)

    def test_a_tag_on_a_kept_image_never_goes_by_name_unless_tags_go_alone(self):
        tags = _standard(**{"develop-4": image.image("shared")})
        tags["1.0"] = tags["develop-4"]
        registry = self.refusing(tags, 403, ["DENIED"])
        registry.tag_delete = "takes manifest"
        self.delete(registry)
        # It bears the placeholder when it goes by name.
        writes = [r for r in registry.seen(path="/develop-4$") if r.writes]
        self.assertEqual([r.method for r in writes], ["PUT", "DELETE"])

    def test_missing_rights_are_told_as_such(self):
        registry = self.hostile({"team/app": _standard()})
        registry.allowed.by_tag = True
        registry.script("DELETE", "develop|sha256:[^0]", refuse(403, "DENIED"))
        result = self.delete(registry, status=1)
        self.assertEqual(registry.tags("team/app"), sorted(_standard()))
        self.assertRegex(result.text, "403 DENIED.*give this user the right")

    def test_a_run_that_is_killed_in_between_is_finished(self):
        registry = self.refusing(_standard(), 400, ["GOOGLE_MANIFEST_DANGLING_TAG"])
        self.allow_deletion(registry, _KEPT)
        config = self.delete_config(registry, entry={"repositories": ["team/app"]})
        doomed = registry.contents()["team/app"]["develop-1"]
        # By name it has gone when the second DELETE of the digest comes.
        self.kill_at(registry, config, "DELETE", doomed, skip=1)
        self.assertNotIn("develop-1", registry.tags("team/app"))
        self.assertTrue(registry.has("team/app", doomed))
        self.submit(config)
        self.assert_left(registry, _KEPT)


class LeftTagsTest(_OrderTest):
    """DELETE of a digest leaves its tags listed (Nexus, go-containerregistry)."""

    def leaving(self, tags, answers, tag_delete="untag"):
        """`answers`: a tag that is left is handed out as before."""
        registry = self.hostile({"team/app": tags}, tag_delete=tag_delete)
        registry.allowed.by_tag = True
        ghosts = {}

        def delete(request, proceed):
            digest = request.path.rsplit("/", 1)[1]
            repository = registry.repositories["team/app"]
            if ":" not in digest:
                return proceed()
            if digest not in repository.manifests:
                return proceed()
            ghosts[digest] = repository.manifests.pop(digest)
            return Answer(202)

        def read(request, proceed):
            digest = registry.repositories["team/app"].tags.get(
                request.path.rsplit("/", 1)[1]
            )
            if answers and digest in ghosts:
                data, media_type = ghosts[digest]
                headers = {"Content-Type": media_type, "Docker-Content-Digest": digest}
                return Answer(200, headers, data)
            return proceed()

        registry.script("DELETE", "/manifests/", delete)
        registry.script("GET|HEAD", "/manifests/", read)
        return registry

    def delete_left(self, registry):
        result = self.delete(registry)
        self.assertIn("deleted by name afterwards", result.text)
        self.assertRegex(result.text, "3 deleted")

    def test_tags_that_point_at_nothing_go_by_name(self):
        self.delete_left(self.leaving(_standard(), answers=False))

    def test_tags_that_are_answered_all_the_same_go_by_name(self):
        self.delete_left(self.leaving(_standard(), answers=True))

    def test_a_tag_that_somebody_pushed_meanwhile_is_left(self):
        other = image.image("somebody else's")
        registry = self.leaving(_standard(), answers=False)
        doomed = image.image("develop 2").digest
        registry.script("DELETE", doomed, self._then_push(registry, other), times=1)
        self.allow_deletion(registry, _KEPT)
        config = self.delete_config(registry, entry={"repositories": ["team/app"]})
        result = self.submit(config)
        self.assertEqual(registry.tags("team/app"), ["1.0", "develop-2", "multi"])
        self.assertRegex(result.text, "skipped.*develop-2")

    @staticmethod
    def _then_push(registry, other):
        def hook(request, proceed):
            registry.repositories["team/app"].manifests.pop(
                request.path.rsplit("/", 1)[1]
            )
            registry.put("team/app", "develop-2", other)
            return Answer(202)

        return hook

    def test_the_next_night_is_not_stuck_in_the_repository(self):
        tags = _standard()
        del tags["develop-2"], tags["develop-3"]
        registry = self.leaving(tags, answers=True, tag_delete=405)
        config_entry = {"repositories": ["team/app"]}
        result = self.delete(registry, status=1, entry=config_entry)
        self.assertRegex(result.text, "develop-1.*still lists the tag")
        new = image.image("develop 9")
        registry.put("team/app", "develop-9", new)
        result = self.delete(registry, status=1, entry=config_entry)
        self.assertRegex(result.text, "develop-1")
        self.assertFalse(registry.has("team/app", new.digest))
        # What the registry answers for develop-9 is not there.
        registry.untag("team/app", "develop-9")


if __name__ == "__main__":
    unittest.main()
