# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Credentials stay where the user put them, and in memory.

While a run is under way, its processes and folders are looked through again and
again: arguments and environments of all, the memory of Redis, every file.
"""

import base64
import os
import random
import re
import stat
import time
import unittest
import urllib.parse

from tests.support import fixture, image, tls
from tests.support.case import EndToEndTest, delete_section, registry_entry, sync_section
from tests.support.oracle import DeletePolicy, SyncPolicy
from tests.support.redis_server import RedisServer
from tests.support.token_server import TokenServer

_SECRET = "s3cret: with/odd=characters"
_DEVELOP = DeletePolicy(mix_count=0, include_keys=("develop",))


def _spellings(user, password):
    """A password as it might be written somewhere."""
    basic = base64.b64encode(f"{user}:{password}".encode())
    quoted = urllib.parse.quote(password, safe="")
    return {password.encode(), basic, quoted.encode()}


def _read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""  # It has gone.


def _memory(pid):
    """What a process has written into its memory: what a core would hold."""
    found = []
    try:
        with open(f"/proc/{pid}/mem", "rb") as memory:
            for line in _read(f"/proc/{pid}/maps").decode().splitlines():
                area = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
                if area:
                    first, end = (int(text, 16) for text in area.groups())
                    memory.seek(first)
                    found.append(memory.read(end - first))
    except OSError:
        pass  # It has ended.
    return b"".join(found)


class SecretsTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        # The modes of files are to be the product's own doing.
        self.addCleanup(os.umask, os.umask(0))
        self.needles = set()
        self.auth_files = set()

    def watch(self, running):
        """Looks through everything until the run has ended; its Result."""
        looks = 0
        program = os.path.basename(self.product.coordinator)
        while not running.ended():
            for one in running.descendants():
                # Forked, and about to become another program: still a copy of
                # the coordinator, with what the user gave that.
                if one.name() == program:
                    continue
                for kind in ("cmdline", "environ"):
                    path = f"/proc/{one.pid}/{kind}"
                    content = _read(path)
                    self.look_at(f"{one} {path}", content)
                    self.note_auth_files(content)
            for one in running.redis_servers() if looks % 10 == 0 else ():
                self.look_at(f"the memory of {one}", _memory(one.pid))
            self.look_through_folders()
            looks += 1
            time.sleep(0.02)
        self.assertGreater(looks, 10)
        result = running.wait()
        self.look_at("what it printed", result.text.encode())
        self.look_through_folders()
        return result

    def note_auth_files(self, arguments):
        """Those that skopeo was given: each is for its user alone."""
        for path in re.findall(rb"authfile[=\0]([^\0]+)", arguments):
            self.auth_files.add(path.decode())
            self.check_mode(path, 0o600)
            self.check_mode(os.path.dirname(path), 0o700)

    def look_at(self, where, content):
        for needle in self.needles:
            if needle in content:
                self.fail(f"{needle} stands in {where}")

    def look_through_folders(self):
        for name in ("state", "tmp"):
            for folder, _, names in os.walk(os.path.join(self.product.folder, name)):
                self.check_mode(folder, 0o700)
                for path in (os.path.join(folder, one) for one in names):
                    self.check_mode(path, 0o600)
                    if os.path.isfile(path):
                        self.look_at(path, _read(path))

    def check_mode(self, path, mode):
        try:
            found = os.lstat(path).st_mode
        except FileNotFoundError:
            return
        # A socket is guarded by its folder.
        if not stat.S_ISSOCK(found):
            self.assertEqual(stat.S_IMODE(found), mode, path)

    def both(self, source, target, rate=60, **more):
        """A config that copies and deletes slowly enough to be watched."""
        slow = {"requests-per-second": rate}
        path = self.config(
            {
                "source": registry_entry(source, **slow, **more),
                "target": registry_entry(target, **slow),
            },
            sync=sync_section(SyncPolicy(), "source", "target"),
            delete=delete_section(_DEVELOP, ["source"]),
        )
        os.chmod(path, 0o600)
        return path

    def fill_some(self, registry):
        contents = fixture.random_registry(random.Random(43), "s", repositories=3)
        contents["app"] = {tag: image.image(tag) for tag in ("develop-1", "1.0")}
        self.fill(registry, contents)

    def test_basic_credentials(self):
        source = self.registry("source", users={"admin": _SECRET})
        target = self.registry("target", users={"writer": "s3cret-of-the-writer"})
        self.fill_some(source)
        self.needles = _spellings("admin", _SECRET)
        self.needles |= _spellings("writer", "s3cret-of-the-writer")
        with self.product.start("submit", self.both(source, target), "-v", "5") as run:
            result = self.watch(run)
        self.assertEqual(result.status, 0, result)
        self.assertNotIn("chmod", result.text)
        for verb in ("status", "report", "runs"):
            self.look_at(verb, self.run_product(verb).text.encode())

    def test_bearer_tokens(self):
        signer = tls.Signer(os.path.join(self.folder, "signer"))
        tokens = TokenServer(signer, {"admin": _SECRET})
        self.addCleanup(tokens.stop)
        source = self.registry("source", token_server=tokens)
        self.fill_some(source)
        before = len(tokens.issued)
        self.needles = _spellings("admin", _SECRET)
        config = self.both(source, self.registry("target"))
        with self.product.start("submit", config, "-v", "5") as run:
            result = self.watch(run)
        self.assertEqual(result.status, 0, result)
        issued = tokens.issued[before:]
        self.assertTrue(issued)
        self.needles = {token.rpartition(".")[2].encode() for token in issued}
        self.look_at("what it printed", result.text.encode())
        self.look_through_folders()

    def test_refused_credentials(self):
        source = self.registry("source", users={"admin": _SECRET})
        wrong = "wrong-" + _SECRET
        self.needles = _spellings("admin", wrong)
        config = self.config(
            {"one": {"registry": source.url, "username": "admin", "password": wrong}},
            delete=delete_section(_DEVELOP, ["one"]),
        )
        result = self.submit(config, "-v", "5", status=3)
        self.look_at("what it printed", result.text.encode())

    def test_of_the_environment_reach_no_child(self):
        source = self.registry("source", users={"admin": _SECRET})
        self.fill_some(source)
        redis = RedisServer(os.path.join(self.folder, "redis"), password="hidden-pass")
        self.addCleanup(redis.stop)
        redis.start()
        self.needles = _spellings("admin", _SECRET) | {b"hidden-pass"}
        config = self.both(source, self.registry("target"), password="${RM_TEST_SECRET}")
        environment = {
            "RM_TEST_SECRET": _SECRET,
            "RM_REDIS_URL": redis.url(password="hidden-pass"),
        }
        with self.product.start(
            "submit", config, "-v", "5", environment=environment
        ) as run:
            result = self.watch(run)
        self.assertEqual(result.status, 0, result)
        self.needles = _spellings("admin", _SECRET)
        for name in os.listdir(redis.folder):
            self.look_at(name, _read(os.path.join(redis.folder, name)))

    def test_a_variable_of_the_system_may_stand_in_the_config(self):
        source = self.registry("source", users={"admin": _SECRET})
        self.fill_some(source)
        state = self.product.environment["XDG_STATE_HOME"]
        with open(os.path.join(state, "password"), "w", encoding="utf-8") as file:
            file.write(_SECRET + "\n")
        os.chmod(file.name, 0o600)
        entry = registry_entry(source)
        del entry["password"]
        entry["password-file"] = "${XDG_STATE_HOME}/password"
        config = self.config(
            {"source": entry}, delete=delete_section(_DEVELOP, ["source"])
        )
        self.submit(config)
        runs = os.path.join(state, "registry-manager", "runs")
        self.assertEqual(len(os.listdir(runs)), 1)
        self.assertIn(" submit ", self.run_product("runs").out)

    def test_skopeo_has_them_in_a_file_of_its_own_that_goes(self):
        source = self.registry("source", users={"admin": _SECRET})
        self.fill(source, {"app": {f"1.{i}": image.image(f"s{i}") for i in range(8)}})
        target = self.registry("target")
        self.needles = _spellings("admin", _SECRET)
        config = self.config(
            {"source": registry_entry(source), "target": registry_entry(target)},
            sync=sync_section(SyncPolicy(), "source", "target", engine="skopeo"),
        )
        with self.product.start("submit", config, "-v", "5") as run:
            result = self.watch(run)
        self.assertEqual(result.status, 0, result)
        self.assertTrue(self.auth_files)
        for path in self.auth_files:
            self.assertFalse(os.path.exists(path), path)

    def test_programs_leave_no_core(self):
        source = self.registry("source")
        self.fill_some(source)
        config = self.both(source, self.registry("target"), rate=20)
        with self.product.start("submit", config) as run:
            while not run.workers() and not run.ended():
                time.sleep(0.01)
            for pid in [run.pid, *(one.pid for one in run.workers())]:
                limits = _read(f"/proc/{pid}/limits").decode()
                self.assertRegex(limits, r"Max core file size +0 +0 ")

    def test_a_config_that_others_can_read_is_pointed_out(self):
        source = self.registry("source", users={"admin": _SECRET})
        self.fill_some(source)
        config = self.both(source, self.registry("target"), rate=1000)
        os.chmod(config, 0o644)
        result = self.run_product("plan", config)
        self.assertIn(f"chmod 600 {config}", result.err)


if __name__ == "__main__":
    unittest.main()
