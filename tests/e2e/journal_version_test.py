# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""A run that the first version of the journal's format holds is resumed.

testdata/journal_v1.tar.gz is a state folder that a coordinator of that version
left when it was killed (kill -9) while it cleaned the registry below: the
repositories before app05 were done, and the DELETE of app05's `develop`, an
index, had been sent. The next coordinator took the run over, and was interrupted
before its first request.
"""

import os
import shutil
import tarfile
import unittest

from tests.support import image
from tests.support.case import delete_section
from tests.support.forward_proxy import ForwardProxy
from tests.support.hostile_case import DEVELOP, HostileTest

_HERE = os.path.dirname(os.path.abspath(__file__))
_STATE = os.path.join(_HERE, "testdata", "journal_v1.tar.gz")
# A run's identity has the address of its registry.
_PORT = 5000
_NAMES = [f"team/app{i:02}" for i in range(10)]


_CUT_SHORT = "team/app05"


def contents():
    return {
        name: {
            "1.0": image.image(f"{name} kept"),
            "develop": image.index(
                [image.image(f"{name} gone {i}") for i in range(2)]
            ),
        }
        for name in _NAMES
    }


class JournalVersionTest(HostileTest):
    def setUp(self):
        super().setUp()
        self.server = self.hostile(contents())
        port = int(self.server.host.rsplit(":", 1)[1])
        self.proxy = ForwardProxy({_PORT: port})
        self.addCleanup(self.proxy.stop)
        self.path = self.config(
            {
                "one": {
                    "registry": f"http://registry.example:{_PORT}",
                    "repositories": _NAMES,
                }
            },
            delete=delete_section(DEVELOP, ["one"]),
        )

    def take_over(self, left):
        """The state folder, and the registry as it was then; the tags in `left`
        stay, whoever pushed them."""
        shutil.rmtree(os.path.join(self.product.folder, "state"))
        with tarfile.open(_STATE) as archive:
            archive.extractall(self.product.folder)
        self.allow_deletion(self.server, left)
        self.server.untag(_CUT_SHORT, "develop")
        self.server.lose(_CUT_SHORT, contents()[_CUT_SHORT]["develop"].digest)

    def run_again(self, *arguments):
        return self.submit(
            self.path,
            "--workers",
            "1",
            *arguments,
            environment={"HTTP_PROXY": self.proxy.url},
        )

    def test_its_run_is_resumed_and_what_was_done_is_not_done_again(self):
        # Somebody pushed `develop` again where the run was done with it.
        left = {
            name: ["1.0", "develop"] if name < _CUT_SHORT else ["1.0"]
            for name in _NAMES
        }
        self.take_over(left)
        result = self.run_again()
        self.assertIn("resuming run", result.text)
        self.assertIn("5 of 10 repositories done", result.text)
        # Also the images of the index that was deleted before: only the intent
        # knows them.
        self.assert_left(self.server, left)

    def test_fresh_abandons_its_run_and_finishes_its_deletion(self):
        left = {name: ["1.0"] for name in _NAMES}
        self.take_over(left)
        result = self.run_again("--fresh")
        self.assertIn("is abandoned", result.text)
        self.assert_left(self.server, left)


if __name__ == "__main__":
    unittest.main()
