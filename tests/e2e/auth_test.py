# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Credentials, private authorities and bearer tokens of real registries."""

import base64
import json
import os
import random
import unittest

from tests.support import fixture, image, oracle, tls
from tests.support.case import EndToEndTest, delete_section, registry_entry, sync_section
from tests.support.oracle import DeletePolicy, SyncPolicy
from tests.support.token_server import TokenServer

_SECRET = "s3cret: with/odd=characters"
_DEVELOP = DeletePolicy(mix_count=0, include_keys=("develop",))


class _AuthTest(EndToEndTest):
    def check_sync_and_delete(self, source, target, source_entry=None, **options):
        """Copies a random registry, then deletes in the source."""
        contents = fixture.random_registry(random.Random(41), "auth", repositories=5)
        contents["library/app"] = {
            "develop-1": image.image("develop"),
            "1.0": image.image("1.0"),
        }
        filled = self.fill(source, contents)
        config = self.config(
            {
                "source": source_entry or registry_entry(source),
                "target": registry_entry(target),
            },
            sync=sync_section(SyncPolicy(), "source", "target"),
            delete=delete_section(_DEVELOP, ["source"]),
        )
        result = self.submit(config, **options)
        self.assertNotIn(_SECRET, result.text)
        self.assert_contents(target, {n: r.tags for n, r in filled.items()})
        self.assert_pulls(target)
        self.assert_survivors(
            source, {n: oracle.after_delete(r, _DEVELOP) for n, r in filled.items()}
        )

    def assert_refused(self, entry):
        """`list` of such a registry ends with 3 and says no secret."""
        config = self.config({"one": entry}, "refused.yml")
        result = self.run_product("list", "-c", config, status=3)
        self.assertNotIn(_SECRET, result.text)
        return result


class BasicTest(_AuthTest):
    def test_credentials_in_the_config(self):
        users = {"admin": _SECRET}
        self.check_sync_and_delete(
            self.registry("source", users=users), self.registry("target", users=users)
        )

    def test_wrong_or_no_credentials(self):
        registry = self.registry(users={"admin": _SECRET})
        entry = {"registry": registry.url, "username": "admin", "password": "wrong"}
        self.assert_refused(entry)
        self.assert_refused({"registry": registry.url})

    def test_the_other_registries_are_still_carried_out(self):
        refusing = self.registry("refusing", users={"admin": _SECRET})
        good = self.registry("good")
        self.fill(good, {"a": {"develop": image.image("a"), "1": image.image("1")}})
        config = self.config(
            {
                "refusing": {"registry": refusing.url},
                "good": registry_entry(good),
            },
            delete=delete_section(_DEVELOP, ["refusing", "good"]),
        )
        self.submit(config, status=3)
        self.assertEqual(good.client().tags("a"), ["1"])

    def test_password_file(self):
        registry = self.registry("source", users={"admin": _SECRET})
        path = os.path.join(self.folder, "password")
        with open(path, "w", encoding="utf-8") as file:
            file.write(_SECRET + "\n")
        os.chmod(path, 0o600)
        entry = {"registry": registry.url, "username": "admin", "password-file": path}
        self.check_sync_and_delete(registry, self.registry("target"), entry)

    def test_environment_variable(self):
        registry = self.registry("source", users={"admin": _SECRET})
        entry = {
            "registry": registry.url,
            "username": "admin",
            "password": "${RM_TEST_PASSWORD}",
        }
        self.check_sync_and_delete(
            registry,
            self.registry("target"),
            entry,
            environment={"RM_TEST_PASSWORD": _SECRET},
        )

    def write_docker_config(self, path, host):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        text = base64.b64encode(f"admin:{_SECRET}".encode()).decode()
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"auths": {host: {"auth": text}}}, file)

    def test_auth_file(self):
        registry = self.registry("source", users={"admin": _SECRET})
        path = os.path.join(self.folder, "auth", "auth.json")
        self.write_docker_config(path, registry.host)
        entry = {"registry": registry.url, "auth-file": path}
        self.check_sync_and_delete(registry, self.registry("target"), entry)

    def test_dockers_own_config(self):
        registry = self.registry("source", users={"admin": _SECRET})
        home = self.product.environment["HOME"]
        self.write_docker_config(os.path.join(home, ".docker/config.json"), registry.host)
        entry = {"registry": registry.url}
        self.check_sync_and_delete(registry, self.registry("target"), entry)


class TlsTest(_AuthTest):
    def setUp(self):
        super().setUp()
        self.authority = tls.Authority(os.path.join(self.folder, "ca"))

    def test_private_authority(self):
        self.check_sync_and_delete(
            self.registry("source", authority=self.authority, users={"a": _SECRET}),
            self.registry("target", authority=self.authority),
        )

    def test_unknown_authority_is_refused(self):
        registry = self.registry(authority=self.authority)
        result = self.assert_refused({"registry": registry.url})
        self.assertRegex(result.text, r"(?i)certificate|ca-file")

    def test_insecure(self):
        registry = self.registry("source", authority=self.authority)
        entry = {"registry": registry.url, "insecure": True}
        self.check_sync_and_delete(registry, self.registry("target"), entry)

    def test_bare_address_is_https(self):
        registry = self.registry("source", authority=self.authority)
        entry = {"registry": registry.host, "ca-file": self.authority.certificate}
        self.check_sync_and_delete(registry, self.registry("target"), entry)


class BearerTest(_AuthTest):
    def token_server(self, **options):
        signer = tls.Signer(os.path.join(self.folder, "signer"))
        server = TokenServer(signer, {"admin": _SECRET}, **options)
        self.addCleanup(server.stop)
        return server

    def test_sync_and_delete(self):
        server = self.token_server()
        self.check_sync_and_delete(
            self.registry("source", token_server=server),
            self.registry("target", token_server=server),
        )

    def test_tokens_are_kept_while_they_live(self):
        server = self.token_server()
        registry = self.registry(token_server=server)
        tags = {f"1.{i}": image.image(i) for i in range(30)}
        self.fill(registry, {"app": tags})
        target = self.registry("target")
        config = self.config(
            {"source": registry_entry(registry), "target": registry_entry(target)},
            sync=sync_section(SyncPolicy(), "source", "target"),
        )
        before = len(server.requests)
        self.submit(config, "--workers", "1")
        self.assertLess(len(server.requests) - before, 10)

    def test_tokens_that_lapse_in_mid_run_are_renewed(self):
        server = self.token_server(lifetime=3)
        source = self.registry("source", token_server=server)
        target = self.registry("target", token_server=server)
        contents = {
            "app": {f"1.{i}": image.image(i) for i in range(25)},
            "other": {f"develop-{i}": image.image(f"d{i}") for i in range(25)},
        }
        filled = self.fill(source, contents)
        slow = {"requests-per-second": 40}
        config = self.config(
            {
                "source": registry_entry(source, **slow),
                "target": registry_entry(target, **slow),
            },
            sync=sync_section(SyncPolicy(), "source", "target"),
            delete=delete_section(_DEVELOP, ["source"]),
        )
        self.submit(config)
        self.assert_contents(target, {n: r.tags for n, r in filled.items()})
        self.assertEqual(source.client().tags("other"), [])

    def test_a_mount_has_both_repositories_in_one_token(self):
        server = self.token_server()
        registry = self.registry(token_server=server)
        filled = self.fill(registry, {"library/app": {"1": image.image("one")}})
        config = self.config(
            {"source": registry_entry(registry), "again": registry_entry(registry)},
            sync=sync_section(
                SyncPolicy(replace=(("library", "prod"),)), "source", "again"
            ),
        )
        mark = registry.mark()
        self.submit(config)
        self.assertEqual(
            registry.client().tagged("prod/app"), filled["library/app"].tags
        )
        self.assert_reads_no_blob(registry, mark)

    def test_missing_rights_stop_only_what_needs_them(self):
        def allow(user, kind, name, actions):
            return ["pull"] if name == "closed" and not fill else actions

        fill = True
        server = self.token_server(allow=allow)
        registry = self.registry(token_server=server)
        filled = self.fill(
            registry,
            {
                "closed": {"develop": image.image("a"), "1": image.image("1")},
                "open": {"develop": image.image("b"), "1": image.image("2")},
            },
        )
        fill = False
        config = self.config(
            {"one": registry_entry(registry)},
            delete=delete_section(_DEVELOP, ["one"]),
        )
        result = self.product.run("submit", config)
        self.assertIn(result.status, (1, 3), result)
        self.assertIn("closed", result.text)
        self.assertEqual(registry.client().tagged("closed"), filled["closed"].tags)
        self.assertEqual(registry.client().tags("open"), ["1"])

    def test_wrong_password(self):
        server = self.token_server()
        registry = self.registry(token_server=server)
        self.assert_refused(
            {"registry": registry.url, "username": "admin", "password": "wrong"}
        )
        self.assertGreater(server.refused, 0)


if __name__ == "__main__":
    unittest.main()
