# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Answers that are far too much: memory stays bounded, the rest is carried out."""

import json
import unittest

from tests.support import client, image, process
from tests.support.case import registry_entry
from tests.support.hostile_case import HostileTest
from tests.support.hostile_server import Answer, refuse
from tests.support.oracle import SyncPolicy

_MIB = 1 << 20


def _of_type(media_type, body):
    """A hook that answers with a body for a GET, and its digest."""
    headers = {
        "Content-Type": media_type,
        "Docker-Content-Digest": client.digest_of(body),
    }
    return lambda request, proceed: Answer(200, dict(headers), body)


class _BoundsTest(HostileTest):
    # Of any process of ours, whatever a registry answers.
    most_memory = 256 * _MIB

    def run_bounded(self, config, status):
        """Submits; fails where a process of ours takes more memory."""
        most = 0
        with self.product.start("submit", config) as running:
            while not running.ended():
                for one in [running, *running.workers()]:
                    most = max(most, process.peak_memory(one.pid))
            result = running.wait()
        self.assertEqual(result.status, status, result)
        if process.MEMORY_IS_OURS:
            self.assertLess(most, self.most_memory)
        # Nor is it passed on to a terminal.
        self.assertLess(len(result.text), _MIB)
        return result


class ManifestTest(_BoundsTest):
    def setUp(self):
        super().setUp()
        self.source = self.hostile(
            {"app": {"bad": image.image("bad"), "good": image.image("good")}}
        )
        self.target = self.hostile()

    def check_named(self, body, *words, media_type=client.OCI_MANIFEST):
        self.source.script("(GET|HEAD)", "manifests/(bad|sha)", _of_type(media_type, body))
        config = self.sync_config(self.source, self.target)
        result = self.run_bounded(config, 1)
        for word in ("bad", *words):
            self.assertRegex(result.text, word)
        self.assertEqual(self.target.tags("app"), ["good"])

    def test_of_100_megabytes(self):
        self.check_named(b'{"layers": [' + b" " * (100 * _MIB) + b"]}")

    def test_of_deep_nesting(self):
        self.check_named(b'{"config":' * 400_000)

    def test_of_brackets(self):
        self.check_named(b"[" * (3 * _MIB))

    def test_of_very_many_layers(self):
        layer = {"mediaType": "x", "digest": "sha256:" + "0" * 64, "size": 1}
        body = {"schemaVersion": 2, "config": layer, "layers": [layer] * 25_000}
        self.check_named(json.dumps(body).encode())

    def test_of_very_many_children(self):
        child = {"mediaType": "x", "digest": "sha256:" + "0" * 64, "size": 1}
        body = {"schemaVersion": 2, "manifests": [child] * 10_001}
        self.check_named(
            json.dumps(body).encode(), "10000|10,000", media_type=client.OCI_INDEX
        )

    def test_of_many_indexes_in_each_other(self):
        nested = image.image("bad")
        for _ in range(10):
            nested = image.index([nested])
        self.source.put("app", "bad", nested)
        config = self.sync_config(self.source, self.target)
        result = self.run_bounded(config, 1)
        self.assertRegex(result.text, "bad.*deep")
        self.assertEqual(self.target.tags("app"), ["good"])


class ListTest(_BoundsTest):
    # A million names of tags are held at once.
    most_memory = 768 * _MIB

    def test_a_million_tags_in_one_answer(self):
        source = self.hostile({"app": {"1.0": image.image("one")}})
        target = self.hostile()
        tags = ["1.0", *(f"build-{i:07}" for i in range(1_000_000))]
        body = json.dumps({"name": "app", "tags": tags}).encode()
        source.script(
            "GET", "tags/list", lambda request, proceed: Answer(200, {}, body)
        )
        config = self.sync_config(source, target, SyncPolicy(filters=(r"^\d+\.\d+$",)))
        self.run_bounded(config, 0)
        self.assertEqual(target.tags("app"), ["1.0"])

    def test_an_answer_without_an_end(self):
        source = self.hostile({"app": {"1.0": image.image("one")}})
        body = b'{"tags": ["' + b"a" * (200 * _MIB)
        source.script(
            "GET", "tags/list", lambda request, proceed: Answer(200, {}, body)
        )
        self.run_bounded(self.sync_config(source, self.hostile()), 1)


class ErrorTest(_BoundsTest):
    def setUp(self):
        super().setUp()
        self.registry = self.hostile({"app": {"develop": image.image("one")}})

    def refuse_with(self, message):
        self.registry.script("HEAD|GET", "manifests/", refuse(400, "X", message=message))
        return self.run_bounded(self.delete_config(self.registry), 1)

    def test_with_control_characters_is_not_printed_raw(self):
        result = self.refuse_with("\x1b[2J\x07\u202egone\r\nrun ABCD finished")
        for text in ("\x1b", "\x07", "\u202e", "\nrun ABCD finished"):
            self.assertNotIn(text, result.text)

    def test_of_many_megabytes(self):
        self.refuse_with("x" * (20 * _MIB))

    def test_in_a_token_of_many_megabytes(self):
        self.registry.script(
            "GET|HEAD",
            "/v2/",
            refuse(
                401,
                headers={
                    "WWW-Authenticate": f'Bearer realm="{self.registry.url}/token"'
                },
            ),
        )
        body = json.dumps({"token": "t" * (20 * _MIB)}).encode()
        self.registry.script("GET", "/token", lambda r, p: Answer(200, {}, body))
        config = self.config(
            {"one": registry_entry(self.registry, username="a", password="b")},
            delete={"registries": ["one"], "dry-run": False},
        )
        result = self.run_bounded(config, 1)
        self.assertIn("0 tags: 1 failed", result.out)


if __name__ == "__main__":
    unittest.main()
