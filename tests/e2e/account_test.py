# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""What a run says of itself after kills and outages: no failure without its
reason, nothing told or counted twice, no end that is taken for another."""

import json
import os
import shutil
import socket
import threading
import unittest

from tests.support import image, process
from tests.support.case import (
    EndToEndTest,
    delete_section,
    registry_entry,
    revision_link,
    sync_section,
)
from tests.support.oracle import DeletePolicy, SyncPolicy
from tests.support.redis_server import RedisServer

_DEVELOP = DeletePolicy(mix_count=0, include_keys=("develop",))


class _AccountTest(EndToEndTest):
    def redis(self):
        server = RedisServer(os.path.join(self.folder, "redis"))
        self.addCleanup(server.stop)
        return server.start()

    def run_name(self):
        return json.loads(self.run_product("runs", "--json").out)["runs"][0]["run"]

    def lines(self, run):
        state = self.product.environment["XDG_STATE_HOME"]
        path = f"{state}/registry-manager/runs/{run}/outcomes.jsonl"
        with open(path, encoding="utf-8") as file:
            return [json.loads(line) for line in file]


class OutageTest(_AccountTest):
    def test_what_an_attempt_that_was_cut_short_copied_is_told_and_counted_once(self):
        source, target = self.registry("s"), self.registry("t")
        contents = {
            f"app{i}": {f"{j}": image.image(f"{i}/{j}") for j in range(12)}
            for i in range(4)
        }
        self.fill(source, contents)
        entry = registry_entry(target, **{"requests-per-second": 15})
        config = self.config(
            {"s": {**registry_entry(source), "repositories": list(contents)}, "t": entry},
            sync=sync_section(SyncPolicy(), "s", "t"),
        )

        def manifests_put():
            asked = target.requests_since(0)
            return sum(r.method == "PUT" and "/manifests/" in r.path for r in asked)

        with self.product.start(
            "submit", config, "--workers", "1", "-r", "0"
        ) as running:
            process.wait_until(
                lambda: manifests_put() >= 14 or running.ended(),
                timeout=100,
                what="a dozen tags",
            )
            target.kill()
            # No task has ended yet: what is told is of attempts that failed.
            process.wait_until(
                lambda: self.lines(self.run_name()) or running.ended(),
                timeout=60,
                what="an attempt that fails",
            )
            target.start()
            result = running.wait(300)
        self.assertEqual(result.status, 0, result)
        totals = json.loads(self.run_product("status", "--json").out)["totals"]
        self.assertEqual(totals["tags"], 48)
        self.assertEqual(totals["copied"] + totals["skipped"], 48)
        done = [
            (line["repository"], line["reference"])
            for line in self.lines(self.run_name())
            if line["type"] == "action" and line["result"] == "done"
        ]
        # One whose answer was cut off is there, and nobody knows who put it.
        self.assertEqual(len(set(done)), totals["copied"])
        self.assertGreaterEqual(totals["copied"], 40)


class KillTest(_AccountTest):
    def test_a_failure_that_is_journalled_is_told_after_a_kill(self):
        registry = self.registry("r")
        redis = self.redis()
        contents = {
            f"app{i:03}": {
                "develop-1": image.image(f"{i}"),
                "1.0": image.image(f"kept {i}"),
            }
            for i in range(20)
        }
        self.fill(registry, contents)
        lost = revision_link(registry, "app002", contents["app002"]["1.0"].digest)
        shutil.move(lost, lost + ".away")
        config = self.config(
            {"one": registry_entry(registry, **{"requests-per-second": 30})},
            delete=delete_section(_DEVELOP, ["one"]),
        )
        url = redis.url()
        with self.product.start(
            "submit", config, "--workers", "1", "--redis", url
        ) as running:
            process.wait_until(
                lambda: redis.ask("KEYS", "rm:*dead:*") or running.ended(),
                what="a failure in the journal",
            )
            running.kill()
            running.process.wait()
        self.submit(config, "--redis", url, status=1)
        run = self.run_name()
        report = json.loads(self.run_product("report", run, "--json").out)
        self.assertEqual(report["failures_total"], 1)
        self.assertEqual(report["failures"][0]["repository"], "app002")
        status = json.loads(self.run_product("status", run, "--json").out)
        self.assertEqual(status["failures_total"], 1)
        self.assertEqual(status["totals"], status["streams"][0]["counts"])
        shutil.move(lost + ".away", lost)
        self.run_product("retry", run, "--redis", url)
        self.assertEqual(registry.client().tags("app002"), ["1.0"])


class _Proxy:
    """Before a Redis: breaks connections at the script that finishes a run."""

    def __init__(self, port):
        self.breaks = True
        self._port = port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._server.getsockname()[1]}/0"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            near, _ = self._server.accept()
            far = socket.create_connection(("127.0.0.1", self._port))
            for one, other in ((near, far), (far, near)):
                threading.Thread(
                    target=self._pump, args=(one, other), daemon=True
                ).start()

    def _pump(self, one, other):
        try:
            while data := one.recv(65536):
                finishes = b"rm:finished" in data and b"rm:identity" in data
                if self.breaks and finishes and b"rm:epoch" not in data:
                    break
                other.sendall(data)
        except OSError:
            pass
        for end in (one, other):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class EndTest(_AccountTest):
    def setUp(self):
        super().setUp()
        self.target_registry = self.registry("r")
        self.fill(
            self.target_registry,
            {
                f"app{i}": {"develop-1": image.image(f"{i}"), "1.0": image.image(f"k{i}")}
                for i in range(3)
            },
        )

    def config_with(self, **limits):
        return self.config(
            {"one": registry_entry(self.target_registry, **limits)},
            delete=delete_section(_DEVELOP, ["one"]),
        )

    def test_an_end_that_the_journal_was_not_told_is_no_end_of_the_next_run(self):
        redis = self.redis()
        proxy = _Proxy(redis.port)
        config = self.config_with()
        # For a minute it tries.
        result = self.submit(config, "--redis", proxy.url, status=3)
        self.assertIn("but this could not be recorded in the journal", result.text)
        proxy.breaks = False
        self.fill(self.target_registry, {"new": {"develop-9": image.image("new")}})
        result = self.submit(config, "--redis", proxy.url)
        self.assertIn("this is a new one", result.text)
        self.assertEqual(self.target_registry.client().tags("new"), [])

    def killed(self, config):
        asked = self.target_registry.count_requests()
        with self.product.start("submit", config, "--workers", "1") as running:
            process.wait_until(
                lambda: self.target_registry.count_requests() > asked + 5
                or running.ended(),
                what="some requests",
            )
            running.kill()
            running.process.wait()

    def test_a_run_of_a_config_that_was_changed_after_a_kill_is_named_until_it_is_done(
        self,
    ):
        config = self.config_with(**{"requests-per-second": 5})
        self.killed(config)
        self.config(
            {"one": {**registry_entry(self.target_registry), "repositories": ["app0"]}},
            delete=delete_section(_DEVELOP, ["one"]),
        )
        self.assertIn("will not be resumed", self.submit(config).text)
        self.assertNotIn("will not be resumed", self.submit(config).text)

    def test_a_config_whose_path_is_no_utf_8(self):
        plain = self.config_with(**{"requests-per-second": 5})
        config = os.path.join(self.folder, "caf\udce9.yml")
        shutil.copy(plain, config)
        self.killed(config)
        result = self.submit(config)
        self.assertIn("resuming", result.text)
        self.assertNotIn("libprotobuf", result.text)
        shown = json.loads(self.run_product("status", "--json").out)
        self.assertTrue(shown["config"].endswith("caf\\xe9.yml"), shown["config"])


if __name__ == "__main__":
    unittest.main()
