# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Deletions while the registry, or somebody else, gets in the way.

The audit of tests/support/hostile_registry.py stands behind every test here.
"""

import threading
import unittest

from tests.support import image, process
from tests.support.hostile_case import HostileTest
from tests.support.hostile_registry import IMPOSSIBLE, PROBE_TAGS
from tests.support.hostile_server import (
    Answer,
    after,
    refuse,
    reset,
    reset_afterwards,
    slow,
    without,
)


def _shared(repositories):
    """Repositories where a doomed tag shares its image with a kept one."""
    contents = {}
    for i in range(repositories):
        shared = image.index([image.image(f"shared {i}"), image.image(f"other {i}")])
        contents[f"app{i}"] = {
            "1.0": shared,
            "develop-shared": shared,
            "develop-own": image.image(f"own {i}"),
        }
    return contents


class DeleteOfATagTest(HostileTest):
    """What registries do on DELETE of a tag, which is tried on probe tags."""

    def check(self, *arguments, repositories=4, **options):
        contents = _shared(repositories)
        registry = self.hostile(contents, **options)
        registry.allowed.by_tag = options["tag_delete"] == "untag"
        self.run_deletion(registry, {name: ["1.0"] for name in contents}, *arguments)
        return registry

    def placeholders_put(self, registry):
        return registry.seen("PUT", "/manifests/develop")

    def test_that_removes_a_tag_alone_is_used(self):
        registry = self.check(tag_delete="untag")
        self.assertEqual(self.placeholders_put(registry), [])
        self.assertEqual(len(registry.seen("DELETE", "/manifests/develop-shared")), 4)

    def test_is_proven_once_for_a_registry_and_run(self):
        # One worker: what others have found out it does not know.
        registry = self.check("--workers", "1", tag_delete="untag", repositories=12)
        self.assertEqual(len(registry.seen("PUT", PROBE_TAGS[0])), 1)

    def test_that_is_refused_with_400(self):
        registry = self.check(tag_delete=400)
        self.assertEqual(len(self.placeholders_put(registry)), 4)

    def test_that_is_refused_with_405(self):
        registry = self.check(tag_delete=405)
        self.assertEqual(len(self.placeholders_put(registry)), 4)

    def test_that_takes_the_manifest_along_is_found_out_on_probe_tags(self):
        registry = self.check(tag_delete="takes manifest")
        self.assertEqual(len(self.placeholders_put(registry)), 4)

    def test_that_takes_the_manifest_along_after_it_was_proven(self):
        contents = _shared(5)
        registry = self.hostile(contents, tag_delete="untag")
        registry.allowed.by_tag = registry.allowed.pushes = True
        harmed = []

        def take_along(request, proceed):
            name = request.path.split("/")[2]
            harmed.append(name)
            for tag in ("1.0", "develop-shared"):
                registry.untag(name, tag)
            registry.lose(name, contents[name]["1.0"].digest)
            return Answer(202)

        registry.script("DELETE", "/manifests/develop-shared", take_along)
        result = self.run_deletion(
            registry,
            {name: ["1.0"] for name in contents},
            *("--workers", "1", "--slots", "1"),
            status=1,
        )
        # It is pushed back with its tag, and the registry is stopped.
        self.assertEqual(len(harmed), 1, "deleted on after others were harmed")
        self.assertEqual(registry.tags(harmed[0]), ["1.0"])
        self.assertRegex(result.text, "pushed back")
        self.assertIn("shared-digest: keep", result.text)
        registry.forget_scripts()
        for name in set(contents) - set(harmed):
            self.assertIn("develop-shared", registry.tags(name))


class MovingTagTest(HostileTest):
    """Somebody pushes between the plan and the deletion."""

    def setUp(self):
        super().setUp()
        self.doomed, self.other = image.image("doomed"), image.image("other")
        self.kept = image.image("kept")
        self.registry = self.hostile(
            {
                "app": {
                    "develop-1": self.doomed,
                    "develop-2": self.other,
                    "develop-kept": self.kept,
                    "1.0": self.kept,
                }
            }
        )

    def when_listed_again(self, action):
        self.registry.script("GET", "/app/tags/list", after(action), skip=1, times=1)

    def spare(self, *manifests):
        for manifest in manifests:
            self.registry.allowed.digests.discard(("app", manifest.digest))

    def test_a_tag_that_moved_is_left(self):
        new = image.image("new")

        def move():
            self.registry.put("app", "develop-1", new)
            self.spare(self.doomed)

        self.when_listed_again(move)
        result = self.run_deletion(
            self.registry, {"app": ["1.0", "develop-1"]}, "--details"
        )
        self.assertRegex(result.text, "develop-1.*moved")
        self.assertTrue(self.registry.has("app", self.doomed.digest))

    def test_a_tag_that_moved_onto_a_doomed_image_is_left(self):
        def move():
            self.registry.put("app", "develop-1", self.other)
            self.spare(self.doomed, self.other)

        self.when_listed_again(move)
        self.run_deletion(self.registry, {"app": ["1.0", "develop-1"]})

    def test_a_kept_tag_that_comes_onto_a_doomed_image_protects_it(self):
        def tag():
            self.registry.put("app", "release", self.doomed)
            self.spare(self.doomed)

        self.when_listed_again(tag)
        self.run_deletion(self.registry, {"app": ["1.0", "release"]})
        self.assertTrue(self.registry.has("app", self.doomed.digest))

    def test_a_new_index_protects_a_doomed_image_in_it(self):
        def tag():
            whole = image.index([self.doomed, image.image("second")])
            self.registry.put("app", "release", whole)
            self.spare(self.doomed)

        self.when_listed_again(tag)
        self.run_deletion(self.registry, {"app": ["1.0", "release"]})

    def test_a_new_tag_that_the_rules_would_doom_protects_too(self):
        def tag():
            self.registry.put("app", "develop-new", self.doomed)
            self.spare(self.doomed)

        self.when_listed_again(tag)
        self.run_deletion(self.registry, {"app": ["1.0", "develop-new"]})

    def test_a_tag_that_is_to_go_alone_is_looked_at_once_more(self):
        new = image.image("new")
        self.registry.script(
            "DELETE",
            PROBE_TAGS[0],
            after(lambda: self.registry.put("app", "develop-kept", new)),
            times=1,
        )
        self.run_deletion(self.registry, {"app": ["1.0", "develop-kept"]})
        self.assertEqual(self.registry.contents()["app"]["develop-kept"], new.digest)

    def test_a_tag_that_somebody_else_deleted_is_no_error(self):
        def delete():
            self.registry.untag("app", "develop-2")
            self.spare(self.other)

        self.when_listed_again(delete)
        self.run_deletion(self.registry, {"app": ["1.0"]})


class RefusedDeleteTest(HostileTest):
    """A DELETE is refused, or comes to something else than it says."""

    def setUp(self):
        super().setUp()
        self.whole = image.index([image.image("child 1"), image.image("child 2")])
        self.signature = image.signature_tag(self.whole.digest)
        self.registry = self.hostile(
            {
                "app": {
                    "develop-1": self.whole,
                    self.signature: image.signature(self.whole),
                    "develop-2": image.image("2"),
                    "1.0": image.image("kept"),
                },
                "second": {"develop": image.image("3"), "1.0": image.image("4")},
            }
        )
        self.survivors = {"app": ["1.0"], "second": ["1.0"]}

    def check_refused(self, status, code):
        """One image is refused; the others go, and the next run finishes."""
        self.registry.script("DELETE", self.whole.digest, refuse(status, code))
        result = self.run_deletion(self.registry, self.survivors, status=1)
        self.assertRegex(result.text, f"develop-1.*{status}")
        self.assertEqual(
            self.registry.tags("app"), sorted(["1.0", "develop-1", self.signature])
        )
        self.assertEqual(self.registry.tags("second"), ["1.0"])
        self.registry.forget_scripts()
        self.run_deletion(self.registry, self.survivors)

    def test_an_image_refused_with_403_keeps_its_children_and_signatures(self):
        self.check_refused(403, "DENIED")

    def test_an_image_refused_with_500_keeps_its_children_and_signatures(self):
        self.check_refused(500, "UNKNOWN")

    def test_an_image_refused_with_405_keeps_its_children_and_signatures(self):
        self.check_refused(405, "UNSUPPORTED")

    def test_a_child_that_is_refused_is_named(self):
        child = self.whole.children[0].digest
        self.registry.script("DELETE", child, refuse(403, "DENIED"))
        result = self.run_deletion(self.registry, self.survivors, status=1)
        self.assertIn(child[:19], result.text)
        self.assertEqual(self.registry.tags("app"), ["1.0"])

    def check_finished_by_a_later_run(self, digest, refusals):
        """What belongs to an image that has gone must not be left for ever."""
        self.registry.script("DELETE", digest, refuse(403, "DENIED"), times=refusals)
        self.run_deletion(self.registry, self.survivors, status=1)
        config = self.delete_config(self.registry)
        for _ in range(refusals - 1):
            self.submit(config, status=1)
        self.assertTrue(self.registry.has("app", digest))
        self.submit(config)
        self.assert_left(self.registry, self.survivors)

    def test_a_child_that_was_refused_goes_with_the_next_run(self):
        self.check_finished_by_a_later_run(self.whole.children[0].digest, 1)

    def test_a_child_that_was_refused_twice_goes_with_the_next_run(self):
        self.check_finished_by_a_later_run(self.whole.children[0].digest, 2)

    def test_a_signature_that_was_refused_goes_with_the_next_run(self):
        signature = self.registry.contents()["app"][self.signature]
        self.check_finished_by_a_later_run(signature, 1)

    def test_a_signature_that_was_refused_twice_goes_with_the_next_run(self):
        signature = self.registry.contents()["app"][self.signature]
        self.check_finished_by_a_later_run(signature, 2)

    def check_referrer_under_a_fallback_tag(self, refusals):
        attached = [image.attachment(self.whole, name) for name in ("sbom", "note")]
        tag = image.signature_tag(self.whole.digest, "")
        self.registry.put("app", tag, image.referrers_index(attached))
        self.check_finished_by_a_later_run(attached[0].digest, refusals)

    def test_a_referrer_that_was_refused_goes_with_the_next_run(self):
        self.check_referrer_under_a_fallback_tag(1)

    def test_a_referrer_that_was_refused_twice_goes_with_the_next_run(self):
        self.check_referrer_under_a_fallback_tag(2)

    def test_a_deletion_that_is_answered_with_500_and_done_is_done(self):
        def answer(request, proceed):
            proceed()
            return refuse(500)(request, proceed)

        self.registry.script("DELETE", self.whole.digest, answer)
        self.run_deletion(self.registry, self.survivors)

    def test_a_deletion_whose_answer_is_lost_is_done(self):
        self.registry.script("DELETE", self.whole.digest, reset_afterwards)
        self.run_deletion(self.registry, self.survivors)

    def test_a_deletion_without_an_answer_is_watched_and_nothing_is_written(self):
        """It takes effect two seconds later, and is not asked for again."""
        begun = []
        beside = self.registry.contents()["app"]["develop-2"]

        def lose(request, proceed):
            begun.append(self.registry.mark())
            timer = threading.Timer(2, proceed)
            self.addCleanup(timer.join)
            timer.start()
            return reset(request, proceed)

        self.registry.script("DELETE", self.whole.digest, lose, times=1)
        self.run_deletion(self.registry, self.survivors)
        since = self.registry.seen(path="/app/", since=begun[0])
        meanwhile = [r for r in since if r.begun < since[0].begun + 1.9]
        # Images that do not belong to each other are deleted side by side.
        writes = [r for r in meanwhile if r.writes and beside not in r.path]
        self.assertEqual(writes, [])
        self.assertEqual(len(self.registry.seen("DELETE", self.whole.digest)), 1)

    def check_others_go_on(self, **entry):
        """A deletion that is watched holds up its own repository alone."""
        self.allow_deletion(self.registry, {"second": ["1.0"]})
        self.registry.allowed.digests.add(("app", self.whole.digest))
        self.registry.allowed.tags |= {("app", "develop-1"), ("app", "develop-2")}
        other = self.registry.contents()["app"]["develop-2"]
        self.registry.allowed.digests.add(("app", other))
        self.registry.script("DELETE", self.whole.digest, reset)
        # The second repository begins when the first is being watched.
        self.registry.script("HEAD", "/second/", slow(1), times=1)
        config = self.delete_config(self.registry, entry=entry)
        with self.product.start("submit", config):
            process.wait_until(
                lambda: self.registry.tags("second") == ["1.0"],
                timeout=20,
                what="the deletion in the second repository",
            )

    def test_a_deletion_that_is_watched_holds_up_no_other_repository(self):
        self.check_others_go_on()

    def test_a_deletion_that_leaves_the_tag_dangling_is_finished(self):
        def half(request, proceed):
            self.registry.lose("app", self.whole.digest)
            return refuse(500)(request, proceed)

        # As docker-registry 2.8.2 does beside a PUT.
        self.registry.script("DELETE", self.whole.digest, half, times=1)
        self.run_deletion(self.registry, self.survivors)

    def test_rights_that_one_repository_lacks_stop_it_alone(self):
        self.registry.script("DELETE", f"/second/.*{IMPOSSIBLE}", refuse(403, "DENIED"))
        result = self.run_deletion(self.registry, self.survivors, status=1)
        self.assertRegex(result.text, "second.*403")
        self.assertEqual(self.registry.tags("app"), ["1.0"])
        self.assertEqual(self.registry.tags("second"), ["1.0", "develop"])

    def test_a_registry_that_does_not_delete_is_not_changed(self):
        self.registry.script("DELETE", "", refuse(405, "UNSUPPORTED"))
        result = self.run_deletion(self.registry, self.survivors, status=1)
        self.assertIn("does not delete", result.text)
        self.assertEqual(self.registry.tags("second"), ["1.0", "develop"])
        wrote = [r for r in self.registry.seen() if r.writes and r.method != "DELETE"]
        self.assertEqual(wrote, [])

    def test_an_odd_answer_to_the_question_stops_the_repository(self):
        self.registry.script("DELETE", f"/app/.*{IMPOSSIBLE}", refuse(418))
        result = self.run_deletion(self.registry, self.survivors, status=1)
        self.assertRegex(result.text, "app.*418")
        self.assertEqual(len(self.registry.tags("app")), 4)
        self.assertEqual(self.registry.tags("second"), ["1.0"])

    def test_kept_images_keep_their_signatures(self):
        kept = image.index([image.image("a"), image.image("b")])
        signed = kept.children[0]
        tags = {
            "2.0": kept,
            image.signature_tag(kept.digest): image.signature(kept),
            image.signature_tag(signed.digest, ".att"): image.signature(signed),
            image.signature_tag(signed.digest, ""): image.referrers_index(
                [image.attachment(signed)]
            ),
        }
        # The index goes; its signed child stays, because it has a tag of its own.
        self.registry.fill({"app": {**tags, "develop-3": image.index([signed])}})
        self.run_deletion(
            self.registry, {"app": ["1.0", *tags], "second": ["1.0"]}
        )


class ReferrersTest(HostileTest):
    """What is attached to an image, by the registry's own referrers API."""

    def setUp(self):
        super().setUp()
        self.doomed, self.kept = image.image("doomed"), image.image("kept")
        self.sbom = image.attachment(self.doomed)
        self.kept_sbom = image.attachment(self.kept)
        # Attached to what is attached.
        self.note = image.attachment(self.sbom, "note")
        self.registry = self.hostile(
            {"app": {"develop": self.doomed, "1.0": self.kept}}, has_referrers=True
        )
        for attached in (self.sbom, self.kept_sbom, self.note):
            self.registry.put("app", None, attached)

    def allow(self, *manifests):
        for manifest in manifests:
            self.registry.allowed.digests.add(("app", manifest.digest))

    def test_goes_with_its_image_and_no_other(self):
        self.allow(self.sbom, self.note)
        self.run_deletion(self.registry, {"app": ["1.0"]})
        self.assertTrue(self.registry.has("app", self.kept_sbom.digest))

    def test_stays_where_its_image_cannot_be_deleted(self):
        self.registry.script("DELETE", self.doomed.digest, refuse(403, "DENIED"))
        self.run_deletion(self.registry, {"app": ["1.0"]}, status=1)
        for attached in (self.sbom, self.note):
            self.assertTrue(self.registry.has("app", attached.digest))

    def test_stays_where_it_has_a_kept_tag(self):
        self.registry.put("app", "sbom", self.sbom)
        self.run_deletion(self.registry, {"app": ["1.0", "sbom"]})
        self.assertTrue(self.registry.has("app", self.sbom.digest))

    def check_stops(self, hook, lists=0):
        """So many lists come before."""
        self.registry.script("GET", "/referrers/", hook, skip=lists)
        result = self.run_deletion(self.registry, {"app": ["1.0"]}, status=1)
        self.assertRegex(result.text, "app")
        self.assertEqual(self.registry.tags("app"), ["1.0", "develop"])

    def test_that_cannot_be_listed_stops_the_repository(self):
        self.check_stops(refuse(500))

    def test_that_is_forbidden_to_list_stops_the_repository(self):
        self.check_stops(refuse(403, "DENIED"), lists=1)

    def test_whose_list_is_none_stops_the_repository(self):
        page = Answer(200, {}, b"<html></html>")
        self.check_stops(lambda request, proceed: page, lists=1)


class OddHeadersTest(HostileTest):
    def setUp(self):
        super().setUp()
        self.contents = _shared(4)

    def test_without_digest_headers(self):
        registry = self.hostile(self.contents)
        registry.script(".*", "/v2/", without("Docker-Content-Digest"))
        self.run_deletion(registry, {name: ["1.0"] for name in self.contents})

    def test_without_content_types(self):
        registry = self.hostile(self.contents)
        registry.script("HEAD", "/v2/", without("Content-Type"))
        self.run_deletion(registry, {name: ["1.0"] for name in self.contents})

    def test_where_head_is_not_allowed(self):
        registry = self.hostile(self.contents)
        registry.script("HEAD", "/manifests/", refuse(405, "UNSUPPORTED"))
        self.run_deletion(registry, {name: ["1.0"] for name in self.contents})

    def test_with_tokens_that_lapse_all_the_time(self):
        contents = {"app": {f"develop-{i}": image.image(i) for i in range(60)}}
        contents["app"]["1.0"] = contents["app"]["develop-0"]
        users = {"admin": "s3cret"}
        registry = self.hostile(contents, users=users, token_lifetime=0.3)
        registry.script(".*", "/v2/", slow(0.03))
        self.run_deletion(registry, {"app": ["1.0"]})
        self.assertGreater(registry.tokens_lapsed, 2)


class DryRunTest(HostileTest):
    def test_writes_nothing_whatever_it_meets(self):
        contents = _shared(2)
        contents["broken"] = {"develop": image.image("broken"), "1.0": image.image("k")}
        registry = self.hostile(contents, tag_delete="untag")
        registry.lose("broken", contents["broken"]["develop"].digest)
        registry.script("GET", "manifests", slow(0.01))
        before = registry.contents()
        # The audit allows no write where no deletion was allowed.
        self.run_deletion(
            registry, {}, "--dry-run", **{"dangling-tags": "remove"}
        )
        self.assertEqual(registry.contents(), before)
        self.assertEqual([r for r in registry.seen() if r.writes], [])


if __name__ == "__main__":
    unittest.main()
