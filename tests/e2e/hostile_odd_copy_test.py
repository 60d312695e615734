# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Copies from and to registries with ways of their own."""

import json
import unittest

from tests.support import image
from tests.support.hostile_case import HostileTest
from tests.support.hostile_server import Answer, refuse

_REPOSITORY = "team/app"
_DOCKER = "application/vnd.docker.distribution.manifest.v2+json"


class OddCopyTest(HostileTest):
    def setUp(self):
        super().setUp()
        self.one = image.image("one")
        self.multi = image.index([image.image("amd64"), image.image("arm64")])
        self.tags = {"1.0": self.one, "multi": self.multi}

    def servers(self, source=None, target=None):
        self.source = self.hostile({_REPOSITORY: self.tags}, **(source or {}))
        self.target = self.hostile(**(target or {}))

    def writes_of(self, *arguments, **options):
        mark = self.target.mark()
        result = self.run_sync(self.source, self.target, *arguments, **options)
        return result, [r for r in self.target.seen(since=mark) if r.writes]


class DeniedHeadTest(OddCopyTest):
    """HEAD of a manifest says 404, GET has it."""

    def check(self, end):
        self.servers()
        end().script("HEAD", "/manifests/", refuse(404, "MANIFEST_UNKNOWN"))
        config = self.sync_config(self.source, self.target)
        self.run_product("plan", config)
        self.run_sync(self.source, self.target)
        _, writes = self.writes_of()
        self.assertEqual(writes, [])

    def test_at_the_source(self):
        self.check(lambda: self.source)

    def test_at_the_target(self):
        self.check(lambda: self.target)


class UnlistedTagsTest(OddCopyTest):
    """The tags may not be listed; one that the config names may be read."""

    def sync_named(self, entry, status=0):
        config = self.sync_config(
            self.source, self.target, source_entry={"repositories": [entry]}
        )
        return self.submit(config, status=status)

    def check_named_is_copied(self, hook, **options):
        self.servers(source=options)
        self.source.script("GET", "tags/list", hook)
        result = self.sync_named(f"{_REPOSITORY}:1.0")
        self.assertEqual(
            self.target.contents(), {_REPOSITORY: {"1.0": self.one.digest}}
        )
        self.assertRegex(result.text, "tags cannot be listed")

    def test_a_named_tag_is_copied_all_the_same(self):
        for status, code in ((403, "DENIED"), (404, "NAME_UNKNOWN"), (405, "X")):
            with self.subTest(status):
                self.check_named_is_copied(refuse(status, code))

    def test_a_named_tag_is_copied_where_a_scope_is_missing(self):
        challenge = (
            'Bearer realm="http://{}/token",service="test",'
            'scope="repository:team/app:pull",error="insufficient_scope"'
        )

        def hook(request, proceed):
            value = challenge.format(request.headers["host"])
            return refuse(401, "UNAUTHORIZED", {"WWW-Authenticate": value})(
                request, proceed
            )

        self.check_named_is_copied(hook, users={"admin": "s"}, token_lifetime=60)

    def test_a_named_tag_that_is_not_there_is_a_failure(self):
        self.servers()
        self.source.script("GET", "tags/list", refuse(403, "DENIED"))
        result = self.sync_named(f"{_REPOSITORY}:9.9", status=1)
        self.assertRegex(result.text, "9.9.*the source does not have it")

    def test_of_a_whole_repository_are_a_failure_that_says_what_to_do(self):
        self.servers()
        self.source.script("GET", "tags/list", refuse(403, "DENIED"))
        result = self.sync_named(_REPOSITORY, status=1)
        self.assertRegex(result.text, f"{_REPOSITORY}.*name.*{_REPOSITORY}:TAG")


class SpelledDigestTest(OddCopyTest):
    """A target that takes the tag sha256-HEX for the digest sha256:HEX."""

    def spell(self, request, proceed):
        name, _, reference = request.path.rpartition("/")
        tags = self.target.contents().get(_REPOSITORY, {})
        if reference.startswith("sha256-") and reference not in tags:
            request.path = f"{name}/{reference.replace('-', ':')}"
        return proceed()

    def check_lists_the_referrer_alone(self, subject):
        self.servers(source={"has_referrers": True})
        self.target.script("GET|HEAD", "/manifests/sha256-", self.spell, may_rest=True)
        self.run_sync(self.source, self.target)
        attached = image.attachment(subject)
        self.source.put(_REPOSITORY, None, attached)
        config = self.sync_config(self.source, self.target)
        self.submit(config)
        tag = image.signature_tag(subject.digest, "")
        index = self.target.contents()[_REPOSITORY][tag]
        data, _ = self.target.repositories[_REPOSITORY].manifests[index]
        listed = [one["digest"] for one in json.loads(data)["manifests"]]
        self.assertEqual(listed, [attached.digest])
        mark = self.target.mark()
        self.submit(config)
        self.assertEqual([r for r in self.target.seen(since=mark) if r.writes], [])

    def test_lists_no_platform_of_an_index_as_a_referrer(self):
        self.check_lists_the_referrer_alone(self.multi)

    def test_lists_no_layer_of_an_image_as_a_referrer(self):
        self.check_lists_the_referrer_alone(self.one)

    def test_is_said_where_the_tag_never_resolves(self):
        self.servers(source={"has_referrers": True})

        def spell(request, proceed):
            name, _, reference = request.path.rpartition("/")
            request.path = f"{name}/{reference.replace('-', ':')}"
            return proceed()

        self.target.script("GET|HEAD", "/manifests/sha256-", spell, may_rest=True)
        self.run_sync(self.source, self.target)
        self.source.put(_REPOSITORY, None, image.attachment(self.multi))
        config = self.sync_config(self.source, self.target)
        result = self.submit(config, status=1)
        self.assertRegex(result.text, "with the image itself")


class RefusedTypeTest(OddCopyTest):
    def test_names_the_type_and_what_to_set(self):
        self.tags["2.0"] = image.image("two", oci=False)
        self.servers()

        def hook(request, proceed):
            if request.headers.get("content-type") == _DOCKER:
                return refuse(415, "MANIFEST_INVALID")(request, proceed)
            return proceed()

        self.target.script("PUT", "/manifests/", hook)
        result = self.run_sync(self.source, self.target, status=1)
        self.assertEqual(self.target.tags(_REPOSITORY), ["1.0", "multi"])
        for words in (_DOCKER, "OCI types only", "docker2s2"):
            self.assertIn(words, result.text)
        tries = [r for r in self.target.seen("PUT") if r.status == 415]
        self.assertLess(len(tries), 4)


class LocationTest(OddCopyTest):
    """Where an upload goes on."""

    def lead(self, location):
        self.servers()

        def hook(request, proceed):
            answer = proceed()
            if answer.status == 202:
                answer.headers["Location"] = location(answer.headers["Location"])
            return answer

        self.target.script("POST|PATCH", "/blobs/uploads/", hook)

    def test_may_be_relative(self):
        self.lead(lambda url: url.removeprefix(self.target.url))
        self.run_sync(self.source, self.target)

    def test_that_leads_nowhere_is_explained(self):
        self.lead(lambda url: url.replace(self.target.host, "127.0.0.9:9"))
        result = self.run_sync(self.source, self.target, status=1)
        self.assertRegex(result.text, "names this as the Location")
        self.assertEqual(self.target.tags(_REPOSITORY), [])


class LateBlobsTest(OddCopyTest):
    def test_a_manifest_whose_blobs_show_a_little_later_is_put_again(self):
        self.servers()
        late = refuse(400, "MANIFEST_BLOB_UNKNOWN")
        self.target.script("PUT", "/manifests/1.0", late, times=3)
        self.run_sync(self.source, self.target)

    def test_a_patch_that_is_answered_with_201_is_one(self):
        self.servers()

        def patch(request, proceed):
            answer = proceed()
            answer.status = 201
            return answer

        def put(request, proceed):
            if request.body:
                return refuse(405, "UNSUPPORTED")(request, proceed)
            answer = proceed()
            return Answer(204 if answer.status == 201 else answer.status)

        self.target.script("PATCH", "/blobs/uploads/", patch)
        self.target.script("PUT", "/blobs/uploads/", put)
        self.run_sync(self.source, self.target)


if __name__ == "__main__":
    unittest.main()
