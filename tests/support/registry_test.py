# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""The test registries themselves: each kind starts, takes images, gives them."""

import os
import random
import time
import unittest

from tests.support import client, fixture, image, oracle, process, tls
from tests.support.registry import Registry, parse_access
from tests.support.token_server import TokenServer


class RegistryTest(unittest.TestCase):
    def setUp(self):
        scratch = process.scratch_folder()
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name

    def registry(self, name="registry", **options):
        made = Registry(os.path.join(self.folder, name), **options)
        self.addCleanup(made.stop)
        return made.start()

    def check_round_trip(self, registry):
        one = image.image("one", oci=False)
        whole = image.index([one, image.image("two")])
        speaker = registry.client()
        pusher = image.Pusher(speaker)
        pusher.push("library/app", "1.0", whole)
        pusher.push("library/app", "one", one)
        self.assertEqual(speaker.catalog(), ["library/app"])
        self.assertEqual(
            speaker.tagged("library/app"), {"1.0": whole.digest, "one": one.digest}
        )
        self.assertEqual(
            client.pull_completely(speaker, "library/app", "1.0"),
            set(whole.everything()),
        )
        self.assertTrue(speaker.delete("library/app", one.digest))
        self.assertEqual(speaker.tags("library/app"), ["1.0"])
        with self.assertRaises(client.Corrupt):
            client.pull_completely(speaker, "library/app", "1.0")

    def test_plain(self):
        self.check_round_trip(self.registry())

    def test_delete_disabled(self):
        registry = self.registry(delete=False)
        one = image.image("one")
        image.Pusher(registry.client()).push("app", "1", one)
        with self.assertRaises(client.Refused) as refused:
            registry.client().delete("app", one.digest)
        self.assertEqual(refused.exception.status, 405)

    def test_basic_credentials(self):
        registry = self.registry(users={"admin": "se cret:", "other": "x"})
        self.check_round_trip(registry)
        for options in ({"username": "admin", "password": "wrong"}, {"username": None}):
            with self.assertRaises(client.Refused):
                registry.client(**options).catalog()

    def test_private_authority(self):
        registry = self.registry(
            authority=tls.Authority(os.path.join(self.folder, "ca"))
        )
        self.check_round_trip(registry)
        with self.assertRaises(OSError):
            client.Client(registry.url).catalog()

    def token_server(self, **options):
        signer = tls.Signer(os.path.join(self.folder, "signer"))
        server = TokenServer(signer, {"admin": "secret"}, **options)
        self.addCleanup(server.stop)
        return server

    def test_bearer_tokens(self):
        server = self.token_server()
        registry = self.registry(token_server=server)
        self.check_round_trip(registry)
        self.assertIn(("admin", ("registry:catalog:*",)), server.requests)
        with self.assertRaises(client.Refused):
            registry.client(username="admin", password="wrong").catalog()

    def test_bearer_tokens_lapse(self):
        server = self.token_server(lifetime=2)
        registry = self.registry(token_server=server)
        path, scopes = "/v2/_catalog", ["registry:catalog:*"]
        headers = {"Authorization": "Bearer " + server.token("admin", scopes)}
        speaker = client.Client(registry.url)

        def lapsed():
            # Not through request(): that would sign in again.
            return speaker._send("GET", path, headers, None)[0] == 401

        self.assertFalse(lapsed())
        begun = time.monotonic()
        process.wait_until(lapsed, timeout=10, what="the token's end")
        self.assertGreater(time.monotonic() - begun, 0.5)

    def test_rights_can_be_cut_down(self):
        server = self.token_server(
            allow=lambda user, kind, name, actions: [a for a in actions if a == "pull"]
        )
        registry = self.registry(token_server=server)
        with self.assertRaises(client.Refused):
            image.Pusher(registry.client()).push("app", "1", image.image("one"))

    def test_comes_back_with_its_contents_after_a_kill(self):
        registry = self.registry()
        one = image.image("one")
        image.Pusher(registry.client()).push("app", "1", one)
        port = registry.port
        registry.kill()
        with self.assertRaises(OSError):
            registry.client().catalog()
        registry.restart()
        self.assertEqual(registry.port, port)
        client.pull_completely(registry.client(), "app", "1")

    def test_takes_everything_a_random_registry_holds(self):
        registry = self.registry()
        contents = fixture.random_registry(random.Random(3), "r", repositories=5)
        image.Pusher(registry.client()).push_all(contents)
        speaker = registry.client()
        self.assertEqual(
            speaker.contents(),
            {
                name: oracle.Repository.of(tagged).tags
                for name, tagged in contents.items()
            },
        )
        for name, tagged in contents.items():
            for tag in tagged:
                client.pull_completely(speaker, name, tag)

    def test_mounts_between_repositories(self):
        registry = self.registry()
        one = image.image("one")
        image.Pusher(registry.client()).push("a", "1", one)
        self.assertTrue(registry.client().mount("b", one.blobs[0].digest, "a"))
        self.assertTrue(registry.client().has_blob("b", one.blobs[0].digest))

    def test_logs_requests_of_others_only(self):
        registry = self.registry()
        mark = registry.mark()
        image.Pusher(registry.client()).push("a", "1", image.image("one"))
        self.assertEqual(registry.requests_since(mark), [])
        other = client.Client(registry.url)
        other.request("GET", "/v2/a/tags/list", {"User-Agent": "somebody else"})
        other.request("PUT", "/v2/a/manifests/x", {"User-Agent": "somebody"}, b"{}")
        first, second = registry.requests_since(mark)
        self.assertEqual(
            (first.method, first.path, first.status, first.agent, first.writes),
            ("GET", "/v2/a/tags/list", 200, "somebody else", False),
        )
        self.assertTrue(second.writes)
        self.assertEqual(registry.count_requests(mark), 2)

    def test_parses_no_line_that_is_none(self):
        self.assertIsNone(parse_access("time=... level=warning msg=x"))


if __name__ == "__main__":
    unittest.main()
