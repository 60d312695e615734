# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""A Redis of the user's own: with a password, away, full, loading."""

import os
import shutil
import signal
import unittest

from tests.support import image, process
from tests.support.case import EndToEndTest, registry_entry, sync_section
from tests.support.oracle import SyncPolicy
from tests.support.redis_server import RedisServer

# Microseconds a command; Redis answers after each 1,024 of them.
_SLOW_TO_LOAD = ["--key-load-delay", "400"]
_SECRET = "hidden-pass-of-redis"


class RedisTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.source = self.registry("source")
        self.target = self.registry("target")
        self.contents = {
            f"app{i}": {f"{j}": image.image(f"{i}/{j}") for j in range(3)}
            for i in range(30)
        }
        self.filled = self.fill(self.source, self.contents)

    def redis(self, **options):
        server = RedisServer(os.path.join(self.folder, "redis"), **options)
        self.addCleanup(server.stop)
        return server.start()

    def sync_config(self, rate=None):
        limits = {"requests-per-second": rate} if rate else {}
        return self.config(
            {
                "source": registry_entry(self.source),
                "target": registry_entry(self.target, **limits),
            },
            sync=sync_section(SyncPolicy(), "source", "target"),
        )

    def assert_all_copied(self):
        self.assert_contents(self.target, {n: r.tags for n, r in self.filled.items()})

    def reach_middle(self, running):
        process.wait_until(
            lambda: running.ended() or self.target.count_requests() > 100,
            what="the middle of the run",
        )
        self.assertFalse(running.ended(), running.text())

    def await_words(self, running, words, times=1):
        process.wait_until(
            lambda: running.ended() or running.text().count(words) >= times,
            what=f"'{words}'",
        )
        self.assertGreaterEqual(running.text().count(words), times, running.text())

    def end_well(self, running):
        result = running.wait()
        self.assertEqual(result.status, 0, result)
        self.assert_all_copied()
        return result


class PasswordTest(RedisTest):
    def test_in_the_environment(self):
        redis = self.redis(password=_SECRET)
        config = self.sync_config()
        result = self.submit(
            config, environment={"RM_REDIS_URL": redis.url(password=_SECRET)}
        )
        self.assert_all_copied()
        self.assertNotIn(_SECRET, result.text)
        self.assertNotEqual(redis.ask("DBSIZE"), "0")

    def test_in_a_file(self):
        redis = self.redis(password=_SECRET)
        path = os.path.join(self.folder, "redis-url")
        with open(path, "w", encoding="utf-8") as file:
            file.write(redis.url(password=_SECRET) + "\n")
        os.chmod(path, 0o600)
        self.submit(self.sync_config(), "--redis-file", path)
        self.assert_all_copied()

    def test_wrong_or_missing(self):
        redis = self.redis(password=_SECRET)
        wrong = {"RM_REDIS_URL": redis.url(password="wrong-" + _SECRET)}
        for arguments, environment in (([], wrong), (["--redis", redis.url()], {})):
            mark = self.target.mark()
            result = self.submit(
                self.sync_config(), *arguments, environment=environment, status=3
            )
            self.assertNotIn(_SECRET, result.text)
            self.assertIn("RM_REDIS_URL", result.text)
            self.assert_no_writes(self.target, mark)

    def test_nobody_answers(self):
        redis = self.redis()
        redis.stop()
        result = self.submit(self.sync_config(), "--redis", redis.url(), status=3)
        self.assertIn(f"127.0.0.1:{redis.port}", result.text)


class AwayTest(RedisTest):
    def test_killed_in_mid_run_and_back(self):
        redis = self.redis()
        with self.product.start(
            "submit", self.sync_config(rate=200), "--redis", redis.url()
        ) as running:
            self.reach_middle(running)
            redis.kill()
            self.await_words(running, "the journal cannot be reached")
            redis.start()
            result = self.end_well(running)
        self.assertIn("the journal is back", result.text)

    def loaded_redis(self):
        """One that loads for seconds where it is started _SLOW_TO_LOAD."""
        redis = self.redis()
        many = "for i = 1, 9999 do redis.call('SET', 'another' .. i, 'x') end"
        redis.ask("EVAL", many, "0")
        return redis

    def test_loading_after_a_restart(self):
        redis = self.loaded_redis()
        with self.product.start(
            "submit", self.sync_config(rate=200), "--redis", redis.url()
        ) as running:
            self.reach_middle(running)
            redis.kill()
            redis.start(*_SLOW_TO_LOAD)
            self.assertIn("LOADING", redis.ask("GET", "another1"))
            self.end_well(running)

    def test_loading_at_the_start(self):
        redis = self.loaded_redis()
        redis.kill()
        redis.start(*_SLOW_TO_LOAD)
        self.assertIn("LOADING", redis.ask("GET", "another1"))
        result = self.submit(self.sync_config(), "--redis", redis.url())
        self.assertIn("still loading its data", result.err)
        self.assert_all_copied()

    def test_interrupted_while_it_is_loading(self):
        redis = self.loaded_redis()
        redis.kill()
        redis.start("--key-load-delay", "4000")
        with self.product.start(
            "submit", self.sync_config(), "--redis", redis.url()
        ) as running:
            self.await_words(running, "still loading its data")
            running.kill(signal.SIGINT)
            result = running.wait(20)
        self.assertEqual(result.status, 4, result)

    def test_without_room_on_its_disk(self):
        redis = self.redis(settings=["--save", "3600 1", "--enable-protected-configs", "yes"])
        snapshots = os.path.join(redis.folder, "snapshots")
        with self.product.start(
            "submit", self.sync_config(rate=200), "--redis", redis.url()
        ) as running:
            self.reach_middle(running)
            # Where its snapshots cannot be written Redis takes no write more.
            os.mkdir(snapshots)
            self.assertEqual(redis.ask("CONFIG", "SET", "dir", snapshots), "OK")
            shutil.rmtree(snapshots)
            redis.ask("BGSAVE")
            self.await_words(running, "space")
            os.mkdir(snapshots)
            self.assertEqual(redis.ask("CONFIG", "SET", "dir", snapshots), "OK")
            redis.ask("BGSAVE")
            self.end_well(running)


if __name__ == "__main__":
    unittest.main()
