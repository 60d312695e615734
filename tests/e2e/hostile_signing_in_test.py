# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Registries that sign in, ask for patience and redirect in ways of their own.

The audit of tests/support/hostile_registry.py stands behind every test here.
"""

import json
import os
import time
import unittest

from tests.support import image, tls
from tests.support.hostile_case import HostileTest
from tests.support.hostile_server import Answer, refuse

_USERS = {"admin": "s3cret"}
_DOOMED = ("develop-1", "develop-2", "develop-3")
_KEPT = ["1.0", "multi"]
_DENIED = refuse(403, "DENIED")


def _team_app(text=""):
    """What stays and what goes, in one repository."""
    tags = {tag: image.image(f"{text}{tag}") for tag in ("1.0", *_DOOMED)}
    tags["multi"] = image.index([image.image(f"{text}a"), image.image(f"{text}b")])
    return tags


class SigningInTest(HostileTest):
    def team(self, *names, **options):
        names = names or ("team/app",)
        return self.hostile({name: _team_app(name) for name in names}, **options)

    def clean(self, registry, *names, status=0, entry=None, catalogue=False):
        names = names or ("team/app",)
        entry = dict(entry or {})
        if not catalogue:
            entry["repositories"] = list(names)
        return self.run_deletion(
            registry, {name: _KEPT for name in names}, status=status, entry=entry
        )

    def check(self, registry, **entry):
        # Harbor is known by it.
        registry.script("GET", "/api/", refuse(404), may_rest=True)
        return self.product.run("check", self.delete_config(registry, entry=entry))


class RetryAfterTest(SigningInTest):
    """The audit holds requests against the moment that was named."""

    def check_wait(self, value):
        registry = self.team()

        def hook(request, proceed):
            headers = {"Retry-After": str(value(time.time()))}
            return refuse(429, "TOOMANYREQUESTS", headers)(request, proceed)

        registry.script(".*", "/v2/", hook, times=1, skip=1)
        begun = time.time()
        self.clean(registry)
        self.assertLess(time.time() - begun, 15)

    def test_counted_from_1970_is_that_moment_minus_now(self):
        self.check_wait(lambda now: int(now) + 4)

    def test_in_milliseconds_from_1970_is_that_moment_minus_now(self):
        self.check_wait(lambda now: int(now * 1000) + 3000)

    def test_that_has_passed_is_no_long_wait(self):
        self.check_wait(lambda now: int(now) - 60)

    def test_that_is_long_ends_the_check_with_a_sentence(self):
        registry = self.team()
        wait = refuse(429, "TOOMANYREQUESTS", {"Retry-After": "3600"})
        registry.script(".*", "/v2/", wait, times=1, skip=1)
        begun = time.time()
        result = self.check(registry)
        self.assertLess(time.time() - begun, 15)
        self.assertIn("Retry-After", result.text)
        self.assertNotEqual(result.status, 0)


class YoungTokenTest(SigningInTest):
    """A token is refused until it is two seconds old."""

    def refuse_young(self, registry):
        def hook(request, proceed):
            age = registry.token_age(request)
            if age is None or age >= 2:
                return proceed()
            realm = f'Bearer realm="{registry.url}/token",service="test"'
            headers = {"WWW-Authenticate": realm + ',error="invalid_token"'}
            return refuse(401, "UNAUTHORIZED", headers)(request, proceed)

        registry.script(".*", "/v2/", hook)

    def test_is_waited_for_when_deleting(self):
        registry = self.team(users=_USERS, token_lifetime=60)
        self.refuse_young(registry)
        self.clean(registry)
        self.assertLessEqual(registry.tokens_given, 12)

    def test_is_waited_for_at_both_ends_of_a_sync(self):
        source = self.team(users=_USERS, token_lifetime=60)
        target = self.hostile(users=_USERS, token_lifetime=60)
        self.refuse_young(source)
        self.refuse_young(target)
        self.run_sync(source, target)


class LapsedPasswordTest(SigningInTest):
    """What has lapsed is answered 403 or 400, without a challenge."""

    NAMES = tuple(f"team/app{i}" for i in range(4))

    def lapsing(self, change):
        """A Basic registry that wants another password after a dozen requests."""
        registry = self.team(*self.NAMES, users=dict(_USERS))
        seen = []

        def hook(request, proceed):
            seen.append(request)
            if len(seen) == 12:
                change("another")
                registry.users = {"admin": "another"}
            answer = proceed()
            if answer.status == 401 and request.authorized:
                return _DENIED(request, proceed)
            return answer

        registry.script(".*", "/v2/", hook)
        return registry

    def test_is_asked_for_again_of_a_helper(self):
        folder = os.path.join(self.folder, "helper")
        os.makedirs(folder)
        secret, calls = os.path.join(folder, "secret"), os.path.join(folder, "calls")
        helper = os.path.join(folder, "docker-credential-fake")

        def change(password):
            with open(secret + ".new", "w", encoding="ascii") as file:
                json.dump({"Username": "admin", "Secret": password}, file)
            os.rename(secret + ".new", secret)

        change("s3cret")
        with open(helper, "w", encoding="ascii") as file:
            file.write(f"#!/bin/sh\necho call >>'{calls}'\ncat '{secret}'\n")
        os.chmod(helper, 0o755)
        registry = self.lapsing(change)
        environment = self.product.environment
        environment["PATH"] = folder + ":" + environment["PATH"]
        docker = os.path.join(environment["HOME"], ".docker")
        os.makedirs(docker)
        with open(os.path.join(docker, "config.json"), "w", encoding="ascii") as file:
            json.dump({"credHelpers": {registry.host: "fake"}}, file)
        self.allow_deletion(registry, {name: _KEPT for name in self.NAMES})
        config = self.delete_config(registry)
        with open(config, encoding="utf-8") as file:
            value = json.load(file)
        entry = {"registry": registry.url, "repositories": list(self.NAMES)}
        value["registries"] = {"one": entry}
        arguments = ("--workers", "1")
        self.submit(self.product.write_config(value), *arguments)
        self.assert_left(registry, {name: _KEPT for name in self.NAMES})
        with open(calls, encoding="ascii") as file:
            self.assertLessEqual(len(file.readlines()), 1 + 3)

    def test_is_read_again_from_a_file(self):
        path = os.path.join(self.folder, "password")

        def change(password):
            with open(path + ".new", "w", encoding="ascii") as file:
                file.write(password + "\n")
            os.rename(path + ".new", path)

        change("s3cret")
        registry = self.lapsing(change)
        self.allow_deletion(registry, {name: _KEPT for name in self.NAMES})
        config = self.delete_config(registry)
        with open(config, encoding="utf-8") as file:
            value = json.load(file)
        value["registries"]["one"] = {
            "registry": registry.url,
            "username": "admin",
            "password-file": path,
            "repositories": list(self.NAMES),
        }
        self.submit(self.product.write_config(value))
        self.assert_left(registry, {name: _KEPT for name in self.NAMES})

    def test_is_a_token_that_is_said_to_have_expired(self):
        registry = self.team(users=_USERS, token_lifetime=60)
        lapsed, seen = [], []

        def hook(request, proceed):
            given = request.headers.get("authorization")
            seen.append(request)
            if len(seen) == 5:
                lapsed.extend(r.headers.get("authorization") for r in seen)
            if given and given in lapsed:
                text = "Your authorization token has expired. Reauthenticate."
                return refuse(400, "DENIED", message=text)(request, proceed)
            return proceed()

        registry.script(".*", "/v2/", hook)
        self.clean(registry)


class OpenBaseTest(SigningInTest):
    """`/v2/` is open to all; a wrong password shows at a repository only."""

    def check_refused(self, catalogue, **options):
        registry = self.team(users=_USERS, **options)
        registry.script(
            "GET",
            "/v2/$",
            lambda r, p: Answer(200, {"Content-Type": "application/json"}, b"{}"),
        )
        entry = {"password": "wrong"}
        if not catalogue:
            entry["repositories"] = ["team/app"]
        result = self.check(registry, **entry)
        self.assertNotEqual(result.status, 0, result)
        self.assertNotRegex(result.text, "(?m)^  ok .*credentials")
        result = self.clean(registry, status=3, entry=entry, catalogue=catalogue)
        self.assertRegex(result.text, "refuses the credentials")
        self.assertNotRegex(result.text, "rights are missing")
        self.assertNotRegex(result.text, "wrong")

    def test_a_wrong_password_is_refused_at_a_repository(self):
        self.check_refused(False)

    def test_a_wrong_password_is_refused_at_the_catalogue(self):
        self.check_refused(True)

    def test_a_wrong_password_is_refused_by_the_token_service(self):
        self.check_refused(False, token_lifetime=60)

    def test_a_wrong_password_is_refused_by_the_token_service_for_the_catalogue(self):
        self.check_refused(True, token_lifetime=60)

    def test_a_right_password_is_said_to_be_taken(self):
        registry = self.team(users=_USERS)
        registry.script("GET", "/v2/$", lambda r, p: Answer(200, {}, b"{}"))
        registry.allowed.tags.add(("team/app", "develop-1"))
        result = self.check(registry, repositories=["team/app"])
        self.assertRegex(result.text, "(?m)^  ok .*takes the credentials")
        self.assertNotRegex(result.text, "asks for no credentials")


class RedirectedApiTest(SigningInTest):
    """The whole API is redirected."""

    def check_said(self, status, other, entry):
        registry = self.team()
        registry.script(
            ".*",
            "/v2/",
            lambda r, p: Answer(status, {"Location": other.url + r.target}),
        )
        if other.authority:
            entry = {**entry, "ca-file": other.authority.certificate}
        begun = time.time()
        config = self.delete_config(
            registry, entry={"repositories": ["team/app"], **entry}
        )
        for verb in ("submit", "check"):
            result = self.product.run(verb, config, timeout=45)
            self.assertIn(result.status, (2, 3), result)
            self.assertIn(f"write {other.url}", result.text)
        self.assertLess(time.time() - begun, 20)
        self.assertEqual([r for r in other.seen() if r.authorized], [])
        self.assertLessEqual(len(registry.seen()), 6)

    def tls_server(self):
        authority = tls.Authority(os.path.join(self.folder, "ca"))
        return self.hostile(authority=authority, users=_USERS)

    def test_to_https_is_said_with_the_address_to_write(self):
        other = self.tls_server()
        self.check_said(308, other, {})
        self.check_said(308, other, {"username": "admin", "password": "s3cret"})

    def test_to_another_host_is_said_with_the_address_to_write(self):
        other = self.hostile(users=_USERS, host="127.0.0.4")
        self.check_said(307, other, {})
        self.check_said(307, other, {"username": "admin", "password": "s3cret"})

    def test_to_a_host_that_is_open_is_said_with_the_address_to_write(self):
        other = self.hostile({"team/app": {"1.0": image.image("one")}}, host="127.0.0.4")
        self.check_said(308, other, {})


class PlainStorageTest(SigningInTest):
    def test_behind_https_is_refused_once_by_name_with_its_setting(self):
        authority = tls.Authority(os.path.join(self.folder, "ca"))
        layers = tuple(image.random_layer(f"layer {i}", 3000) for i in range(20))
        contents = {"app": {"1.0": image.image("one", layers=layers)}}
        source = self.hostile(contents, authority=authority)
        storage, target = self.storage(source), self.hostile()
        source.script("GET", "/blobs/", storage.redirect)
        config = self.sync_config(source, target)
        result = self.product.run("submit", config, timeout=45)
        self.assertIn(result.status, (1, 3), result)
        self.assertIn(storage.host, result.text)
        self.assertIn("storage.redirect.disable", result.text)
        self.assertEqual(storage.seen(), [])
        # What was under way at once, and no blob twice.
        reads = [r.path for r in source.seen("GET", "/blobs/")]
        self.assertLess(len(reads), 16)
        self.assertEqual(len(reads), len(set(reads)))


if __name__ == "__main__":
    unittest.main()
