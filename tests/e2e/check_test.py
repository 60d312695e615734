# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""The verb check: what a config rests on, found out without changing anything."""

import os
import re
import unittest

from tests.support import image, tls
from tests.support.case import EndToEndTest, delete_section, registry_entry
from tests.support.case import sync_section
from tests.support.oracle import DeletePolicy, SyncPolicy
from tests.support.redis_server import RedisServer

_POLICY = DeletePolicy(include_keys=("develop",))


class CheckTest(EndToEndTest):
    def check(self, registries, *arguments, status=0, **policies):
        config = self.config(registries, **policies)
        return self.run_product("check", config, *arguments, status=status).out

    def deleting(self, registry, *arguments, entry=None, status=0):
        return self.check(
            {"one": entry or registry_entry(registry)},
            *arguments,
            status=status,
            delete=delete_section(_POLICY, ["one"]),
        )

    def assert_says(self, out, level, pattern):
        self.assertRegex(out, rf"(?mi)^  {level} +.*{pattern}")

    def assert_silent(self, out, *levels):
        self.assertNotRegex(out, rf"(?m)^  ({'|'.join(levels)}) ")

    def test_all_is_well(self):
        registry = self.registry(users={"admin": "secret-77"})
        self.fill(registry, {"app": {"1.0": image.image("one")}})
        mark = registry.mark()
        out = self.deleting(registry)
        self.assert_says(out, "ok", "takes the credentials of the config$")
        self.assert_says(out, "ok", "lists its catalogue")
        self.assert_says(out, "ok", "deletes")
        self.assert_says(out, "note", "at most 16 requests at once")
        self.assert_silent(out, "error", "unreachable")
        self.assertNotIn("secret-77", out)
        self.assert_contents(registry, {"app": {"1.0": image.image("one").digest}})
        writes = [r for r in registry.requests_since(mark) if r.writes]
        # Basic credentials are asked for first.
        self.assertEqual([r.status for r in writes], [401, 404], writes)

    def test_a_registry_that_does_not_delete(self):
        registry = self.registry(delete=False)
        self.fill(registry, {"app": {"1.0": image.image("one")}})
        out = self.deleting(registry, status=1)
        self.assert_says(out, "error", r"delet\w+.*enabled")

    def test_a_target_alone_is_not_asked_whether_it_deletes(self):
        one, two = self.registry("one"), self.registry("two")
        self.fill(one, {"app": {"1.0": image.image("one")}})
        mark = two.mark()
        out = self.check(
            {"one": registry_entry(one), "two": registry_entry(two)},
            sync=sync_section(SyncPolicy(), "one", "two"),
        )
        self.assert_silent(out, "error", "warning", "unreachable")
        self.assert_says(out, "note", "takes pushes was not tried")
        self.assert_no_writes(two, mark)

    def test_wrong_credentials(self):
        registry = self.registry(users={"admin": "right"})
        entry = {"registry": registry.url, "username": "admin", "password": "wrong-88"}
        out = self.deleting(registry, entry=entry, status=3)
        self.assert_says(out, "unreachable", "(credentials|unauthori)")
        self.assertNotIn("wrong-88", out)

    def test_nobody_answers_and_the_other_registry_is_looked_at(self):
        registry = self.registry()
        self.fill(registry, {"app": {"1.0": image.image("one")}})
        out = self.check(
            {
                "gone": {"registry": "http://127.0.0.1:9"},
                "one": registry_entry(registry),
            },
            status=3,
            delete=delete_section(_POLICY, ["gone", "one"]),
        )
        gone, one = re.split(r"(?m)^registry one ", out)
        self.assert_says(gone, "unreachable", r"127\.0\.0\.1:9")
        self.assert_says(one, "ok", "deletes")

    def test_a_certificate_that_nobody_vouches_for(self):
        authority = tls.Authority(os.path.join(self.folder, "ca"))
        registry = self.registry(authority=authority)
        out = self.deleting(registry, entry={"registry": registry.url}, status=3)
        self.assert_says(out, "unreachable", "certificate")
        out = self.deleting(
            registry, entry={"registry": registry.url, "insecure": True}
        )
        self.assert_says(out, "warning", "not verified")

    def test_what_is_no_registry(self):
        registry = self.registry()
        out = self.deleting(
            registry, entry={"registry": registry.url + "/elsewhere"}, status=3
        )
        self.assert_says(out, "unreachable", "no Registry API")

    def test_repositories_that_the_config_names(self):
        registry = self.registry()
        self.fill(registry, {"app": {"1.0": image.image("one")}})
        out = self.deleting(
            registry, entry=registry_entry(registry, repositories=["app"])
        )
        self.assert_says(out, "ok", "lists the tags of app")
        entry = registry_entry(registry, repositories=["gone", "app", "lost"])
        out = self.deleting(registry, entry=entry)
        self.assert_says(out, "warning", "no repository gone, lost, which")
        self.assert_says(out, "ok", "lists the tags of app$")
        many = [f"gone{i:02}" for i in range(25)] + ["app"]
        out = self.deleting(
            registry, entry=registry_entry(registry, repositories=many)
        )
        self.assert_says(out, "ok", "lists the tags of app; 6 more .* not looked at")

    def test_where_the_credentials_come_from(self):
        registry = self.registry()
        open_entry = {"registry": registry.url, "username": "bob", "password": "pw"}
        out = self.deleting(registry, entry=open_entry)
        self.assert_says(out, "ok", "asks for no credentials; those of the config")
        out = self.deleting(registry, entry={"registry": registry.url})
        self.assert_says(out, "ok", "asks for no credentials$")

    def test_an_auth_file_that_is_not_there(self):
        config = self.config(
            {"one": {"registry": "http://127.0.0.1:9", "auth-file": "gone.json"}}
        )
        result = self.run_product("check", config, status=2)
        self.assertRegex(result.err, "auth-file 'gone.json' does not exist")

    def test_plain_http_to_a_tls_port(self):
        authority = tls.Authority(os.path.join(self.folder, "ca"))
        registry = self.registry(authority=authority)
        plain = registry.url.replace("https://", "http://")
        out = self.check(
            {"one": {"registry": plain}},
            status=1,
            delete=delete_section(_POLICY, ["one"]),
        )
        self.assertRegex(out, "write https://")

    def test_a_redis_that_would_lose_the_journal(self):
        registry = self.registry()
        server = RedisServer(os.path.join(self.folder, "redis"), "pw-55")
        server.start("--appendonly", "no")
        self.addCleanup(server.stop)
        config = self.config(
            {"one": registry_entry(registry)}, delete=delete_section(_POLICY, ["one"])
        )
        result = self.run_product(
            "check", config, environment={"RM_REDIS_URL": server.url("pw-55")}
        )
        self.assert_says(result.out, "ok", r"answers; version \d")
        self.assert_says(result.out, "warning", "appendonly yes")
        self.assertNotIn("pw-55", result.text)
        server.stop()
        result = self.run_product(
            "check", config, environment={"RM_REDIS_URL": server.url("pw-55")}, status=3
        )
        self.assert_says(result.out, "unreachable", "redis")

    def test_skopeo_is_there_when_asked_for(self):
        one, two = self.registry("one"), self.registry("two")
        registries = {"one": registry_entry(one), "two": registry_entry(two)}
        section = sync_section(SyncPolicy(), "one", "two", engine="skopeo")
        self.assert_says(self.check(registries, sync=section), "ok", "skopeo version")
        config = self.config(registries, sync=section)
        self.product.environment["PATH"] = "/nonexistent"
        result = self.product.run("check", config)
        self.assertEqual(result.status, 3, result)
        self.assert_says(result.out, "error", "no skopeo")
        self.assert_says(result.out, "unreachable", "no redis-server")

    def test_a_config_that_others_can_read(self):
        registry = self.registry(users={"admin": "pw"})
        self.assert_says(self.deleting(registry), "warning", "read")

    def test_a_wrong_config(self):
        result = self.run_product("check", self.config({}), status=2)
        self.assertTrue(result.err)


if __name__ == "__main__":
    unittest.main()
