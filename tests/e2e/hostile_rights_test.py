# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""What one repository, or one blob, is refused says nothing of its registry."""

import unittest

from tests.support import image
from tests.support.hostile_case import HostileTest
from tests.support.hostile_server import Answer, refuse

_USERS = {"admin": "s3cret"}
# Nobody listens there.
_DEAD = "http://127.0.0.3:9/x"


class RightsTest(HostileTest):
    def setUp(self):
        super().setUp()
        self.bad = image.image("bad", layers=(image.random_layer("bad", 3000),))
        self.contents = {
            "app": {"bad": self.bad, "good": image.image("good")},
            "second": {"1.0": image.image("second")},
        }

    def refuse_unpushed(self, target, answer):
        """Reads of a repository are answered so until something is pushed."""

        def hook(request, proceed):
            name = request.path.split("/")[2]
            return answer(request, proceed) if name in unpushed else proceed()

        def pushed(request, proceed):
            made = proceed()
            if made.status < 300:
                unpushed.discard(request.path.split("/")[2])
            return made

        unpushed = set(self.contents)
        target.script("POST|PUT", "/v2/[^/]+/", pushed)
        target.script("GET|HEAD", "/v2/[^/]+/(tags|manifests|blobs)/", hook)

    def test_a_target_that_refuses_reads_before_the_first_push(self):
        source = self.hostile(self.contents)
        for code, users in ((401, _USERS), (403, None)):
            target = self.hostile(users=users, token_lifetime=users and 60)
            challenge = {
                "WWW-Authenticate": f'Bearer realm="{target.url}/token",service="test"'
            }
            self.refuse_unpushed(target, refuse(code, "DENIED", challenge))
            self.run_sync(source, target)

    def test_one_forbidden_repository_sets_no_other_aside(self):
        self.contents |= {f"a{i}": {"1": image.image(f"a{i}")} for i in range(4)}
        challenge = {"WWW-Authenticate": 'Basic realm="test"'}
        source, target = self.hostile(self.contents, users=_USERS), self.hostile()
        source.script("GET|HEAD", "/v2/a0/", refuse(401, "DENIED", challenge))
        result = self.run_sync(source, target, status=1)
        self.assertRegex(result.text, "a0.*401")
        del self.contents["a0"]
        self.assertEqual(set(target.contents()), set(self.contents))

    def test_storage_that_is_not_there_fails_its_image_alone(self):
        source, target = self.hostile(self.contents), self.hostile()
        source.script(
            "GET",
            self.bad.blobs[1].digest,
            lambda r, p: Answer(307, {"Location": _DEAD}),
        )
        result = self.run_sync(source, target, status=1)
        self.assertRegex(result.text, r"bad.*127\.0\.0\.3")
        self.assertEqual(target.tags("app"), ["good"])
        self.assertEqual(target.tags("second"), ["1.0"])

    def test_an_upload_to_what_is_not_there_fails_its_image_alone(self):
        source, target = self.hostile(self.contents), self.hostile()
        target.script("POST", "/v2/app/", lambda r, p: Answer(202, {"Location": _DEAD}))
        result = self.run_sync(source, target, status=1)
        self.assertRegex(result.text, r"good.*127\.0\.0\.3")
        self.assertEqual(target.tags("second"), ["1.0"])


if __name__ == "__main__":
    unittest.main()
