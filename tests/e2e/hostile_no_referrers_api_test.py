# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""A registry without a referrers API may say so in many ways.

The first answer tells: what is none of a registry that has the API means that
it has none, and its fallback tags are used. What may pass (429, 5xx), and what
comes after a list, is a failure.
"""

import unittest

from tests.support import image
from tests.support.hostile_case import HostileTest
from tests.support.hostile_server import Answer, refuse

_REPOSITORY = "team/app"
_USERS = {"admin": "s3cret"}
_PAGE = b"<!DOCTYPE html><html><body>Welcome</body></html>"


def _html(request, proceed):
    return Answer(200, {"Content-Type": "text/html"}, _PAGE)


def _not_acceptable(request, proceed):
    return Answer(406, {"Content-Type": "text/plain"}, b"not acceptable")


_DENIALS = {
    "401 without a challenge": refuse(401, "UNAUTHORIZED"),
    "406": _not_acceptable,
    "403": refuse(403, "DENIED"),
    "501": refuse(501, "UNSUPPORTED"),
    "a page": _html,
}


class NoReferrersApiTest(HostileTest):
    def setUp(self):
        super().setUp()
        self.images = {f"develop-{i}": image.image(f"develop {i}") for i in (1, 2, 3)}
        self.one = image.image("one")
        self.kept = {
            "1.0": self.one,
            "multi": image.index([image.image("amd64"), image.image("arm64")]),
        }

    # Deleting.

    def registry(self, **options):
        develop = self.images["develop-1"]
        attached = image.attachment(develop)
        tags = {
            **self.kept,
            **self.images,
            image.signature_tag(develop.digest, ""): image.referrers_index([attached]),
        }
        return self.hostile({_REPOSITORY: tags}, **options)

    def check_deletes(self, registry, denial):
        asked = registry.script("GET", "/referrers/", denial)
        result = self.run_deletion(registry, {_REPOSITORY: sorted(self.kept)})
        self.assertGreater(asked.count, 0)
        self.assertLessEqual(asked.count, 3)
        return result

    def test_deletes_where_it_is_refused(self):
        for what, denial in _DENIALS.items():
            with self.subTest(what):
                self.check_deletes(self.registry(), denial)

    def test_says_once_that_a_page_is_no_list(self):
        result = self.check_deletes(self.registry(), _html)
        lines = [line for line in result.text.splitlines() if "referrers" in line]
        self.assertEqual(len(lines), 1, result.text)

    def test_deletes_where_the_challenge_comes_again_and_again(self):
        registry = self.registry(users=_USERS, token_lifetime=60)
        challenge = (
            f'Bearer realm="{registry.url}/token",service="test",'
            f'scope="repository:{_REPOSITORY}:pull"'
        )
        denial = refuse(401, "UNAUTHORIZED", {"WWW-Authenticate": challenge})
        registry.script("GET", "/referrers/", denial)
        self.run_deletion(registry, {_REPOSITORY: sorted(self.kept)})

    def test_deletes_nothing_where_it_fails(self):
        registry = self.registry()
        before = registry.contents()
        registry.script("GET", "/referrers/", refuse(503))
        self.run_deletion(registry, {_REPOSITORY: sorted(self.kept)}, status=1)
        self.assertEqual(registry.contents(), before)

    def test_leaves_no_signature_where_a_list_came_first(self):
        """It has the API, and refuses later: what is attached is not known."""
        registry = self.hostile(
            {_REPOSITORY: {**self.kept, **self.images}}, has_referrers=True
        )
        for one in self.images.values():
            registry.put(_REPOSITORY, None, image.attachment(one, one.digest))
        registry.script("GET", "/referrers/", refuse(401, "UNAUTHORIZED"), skip=1)
        self.run_deletion(
            registry,
            {_REPOSITORY: sorted(self.kept)},
            status=1,
            entry={"max-connections": 1},
        )
        for one in self.images.values():
            self.assertTrue(registry.has(_REPOSITORY, one.digest))

    # Copying.

    def test_copies_from_fallback_tags(self):
        for what, denial in _DENIALS.items():
            with self.subTest(what):
                attached = image.attachment(self.one)
                tag = image.signature_tag(self.one.digest, "")
                tags = {**self.kept, tag: image.referrers_index([attached])}
                source = self.hostile({_REPOSITORY: tags})
                target = self.hostile()
                source.script("GET", "/referrers/", denial)
                self.run_sync(source, target)
                self.assertTrue(target.has(_REPOSITORY, attached.digest))

    def test_copies_to_fallback_tags(self):
        for what, denial in _DENIALS.items():
            with self.subTest(what):
                self.check_files_under_fallback_tag(denial)

    def check_files_under_fallback_tag(self, denial):
        source = self.hostile({_REPOSITORY: self.kept}, has_referrers=True)
        target = self.hostile()
        attached = [image.attachment(self.one, f"sbom {i}") for i in range(2)]
        source.put(_REPOSITORY, None, attached[0])
        target.script("GET", "/referrers/", denial, may_rest=True)
        config = self.sync_config(source, target)
        self.submit(config)
        source.put(_REPOSITORY, None, attached[1])
        self.submit(config)
        mark = target.mark()
        self.submit(config)
        self.assertEqual([r for r in target.seen(since=mark) if r.writes], [])
        tag = image.signature_tag(self.one.digest, "")
        index = target.contents()[_REPOSITORY][tag]
        listed = target.reach(_REPOSITORY, [index]) - {index}
        self.assertEqual(listed, {one.digest for one in attached})


if __name__ == "__main__":
    unittest.main()
