# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""The command line: verbs, flags, exit statuses, messages that must be there."""

import json
import os
import re
import signal
import socket
import subprocess
import unittest

from tests.support import image, process
from tests.support.case import EndToEndTest, delete_section, registry_entry, sync_section
from tests.support.oracle import DeletePolicy, SyncPolicy
from tests.support.product import listed_images

_DEVELOP = DeletePolicy(mix_count=0, include_keys=("develop",))


class UsageTest(EndToEndTest):
    """Nothing here needs a registry."""

    def assert_wrong(self, *arguments):
        result = self.run_product(*arguments, status=2, timeout=20)
        self.assertTrue(result.err.strip(), "no word on standard error")
        return result

    def test_help(self):
        result = self.run_product("--help", timeout=20)
        for verb in "submit plan list delete sync status runs report".split():
            self.assertRegex(result.out, rf"\b{verb}\b")
        lines = result.out.splitlines()
        self.assertLess(len(lines), 24)
        self.assertLessEqual(max(map(len, lines)), 80)
        self.assertEqual(self.run_product("help", timeout=20).out, result.out)

    def test_help_of_a_verb(self):
        result = self.run_product("help", "plan", timeout=20)
        self.assertIn("Usage: coordinator plan CONFIG [FLAGS]", result.out)
        self.assertEqual(self.run_product("plan", "--help", timeout=20).out, result.out)
        self.assertIn("did you mean 'plan'?", self.assert_wrong("help", "pln").err)

    def test_help_under_the_other_name(self):
        other = os.path.join(self.folder, "registry-manager")
        os.symlink(self.product.coordinator, other)
        for arguments in (["--help"], ["help", "sync"]):
            out = subprocess.run(
                [other, *arguments], capture_output=True, check=True, text=True
            ).stdout
            self.assertIn("Usage: registry-manager ", out)
            self.assertIn("Example: registry-manager ", out)

    def test_says_what_is_missing_or_meant(self):
        self.assertIn("coordinator plan CONFIG", self.assert_wrong("plan").err)
        self.assertIn("name a verb", self.assert_wrong().err)
        for word in ("--verison", "-v"):
            self.assertIn("did you mean '--version'?", self.assert_wrong(word).err)

    def test_wrong_command_lines(self):
        self.assert_wrong()
        self.assert_wrong("sumbit", "config.yml")
        self.assert_wrong("submit")
        self.assert_wrong("submit", "no-such-file.yml")
        config = self.config({"one": {"registry": "http://127.0.0.1:9"}})
        self.assert_wrong("submit", config, "--no-such-flag")
        self.assert_wrong("submit", config, "--workers", "many")

    def test_a_config_without_any_policy(self):
        config = self.config({"one": {"registry": "http://127.0.0.1:9"}})
        self.assert_wrong("submit", config)

    def test_all_errors_of_a_config_at_once_with_their_places(self):
        config = self.product.write_config(
            "registries:\n"
            "  one:\n"
            "    registry: http://127.0.0.1:9\n"
            "    usrname: admin\n"
            "delete-policy:\n"
            "  registries:\n"
            "    - two\n"
            "  mix-count: many\n"
            "  tags:\n"
            "    include:\n"
            "      regex: '(['\n"
        )
        result = self.assert_wrong("submit", config)
        name = re.escape(config)
        self.assertRegex(result.err, rf"(?m)^{name}:4:5: .*username")
        self.assertRegex(result.err, rf"(?m)^{name}:7:7: .*two")
        self.assertRegex(result.err, rf"(?m)^{name}:8:14: ")
        self.assertRegex(result.err, rf"(?m)^{name}:11:14: ")

    def test_an_empty_list_of_repositories(self):
        config = self.config(
            {"one": {"registry": "http://127.0.0.1:9", "repositories": []}},
            delete=delete_section(_DEVELOP, ["one"]),
        )
        self.assertIn("repositories", self.assert_wrong("submit", config).err)

    def test_a_registry_that_is_not_there(self):
        config = self.config(
            {"one": {"registry": "http://127.0.0.1:9"}},
            delete=delete_section(_DEVELOP, ["one"]),
        )
        result = self.run_product("list", "-c", config, status=3, timeout=120)
        self.assertIn("127.0.0.1:9", result.text)

    def test_refuses_redis_secrets_in_arguments_and_tls(self):
        config = self.config(
            {"one": {"registry": "http://127.0.0.1:9"}},
            delete=delete_section(_DEVELOP, ["one"]),
        )
        for url in ("redis://user:hidden@127.0.0.1:1/0", "rediss://127.0.0.1:1/0"):
            result = self.assert_wrong("submit", config, "--redis", url)
            self.assertNotIn("hidden", result.text)

    def write_snapshot(self, **fields):
        """Of run 7F3K, as a coordinator leaves it."""
        folder = os.path.join(
            self.product.environment["XDG_STATE_HOME"], "registry-manager/runs/7F3K"
        )
        os.makedirs(folder)
        snapshot = {"version": 1, "run": "7F3K", "verb": "submit", **fields}
        with open(os.path.join(folder, "snapshot.json"), "w", encoding="utf-8") as file:
            json.dump(snapshot, file)
        return folder

    def test_a_run_is_not_under_way_because_its_process_id_is_in_use(self):
        self.write_snapshot(state="RUNNING", pid=1)
        self.assertIn("interrupted", self.run_product("status", timeout=20).out)
        self.assertRegex(self.run_product("runs", timeout=20).out, "7F3K +interrupted")

    def test_what_a_damaged_file_says_does_not_reach_the_terminal_as_it_is(self):
        evil = "x\x1b[2J"
        folder = self.write_snapshot(
            state="INTERRUPTED",
            verb=evil,
            config=evil,
            retry_of=evil,
            notes=[evil],
            streams=[{"policy": evil, "registry": evil, "target": evil}],
            failures=[{"registry": evil, "repository": evil, "reason": evil}],
            failures_total=1,
        )
        record = dict.fromkeys(
            ("policy", "registry", "target", "repository", "reference", "reason"), evil
        )
        with open(os.path.join(folder, "outcomes.jsonl"), "w", encoding="utf-8") as log:
            for more in (
                {"type": "action", "action": evil, "result": "failed"},
                {"type": "action", "action": "delete", "result": evil},
                {"type": "repository", "result": "failed", "seconds": 1e308},
                {"type": "repository", "result": "done", "seconds": 1e308},
            ):
                log.write(json.dumps({**record, **more}) + "\n")
        for verb in (["status"], ["runs"], ["report"], ["report", "--details"]):
            result = self.run_product(*verb, timeout=20)
            self.assertNotIn("\x1b", result.text)
            self.assertIn("x\\x1b[2J", result.out)
            self.assertNotIn("0" * 50, result.out)

    def test_a_state_folder_that_cannot_be_used(self):
        config = self.config(
            {"one": {"registry": "http://127.0.0.1:9"}},
            delete=delete_section(_DEVELOP, ["one"]),
        )
        nowhere = {"XDG_STATE_HOME": "/dev/null/nowhere"}
        for command in (["submit", config], ["status"], ["runs"], ["report"]):
            result = self.product.run(*command, environment=nowhere, timeout=20)
            self.assertEqual(result.status, 3, (command, result))
            self.assertIn("XDG_STATE_HOME", result.err)

    def test_an_address_of_redis_that_may_be_a_secret_is_not_repeated(self):
        config = self.config(
            {"one": {"registry": "http://127.0.0.1:9"}},
            delete=delete_section(_DEVELOP, ["one"]),
        )
        file = os.path.join(self.folder, "redis-password")
        with open(file, "w", encoding="utf-8") as stream:
            stream.write("hunter2\n")
        result = self.assert_wrong("submit", config, "--redis-file", file)
        self.assertNotIn("hunter2", result.text)

    def test_a_signal_ends_check(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            silent.settimeout(60)
            address = "http://127.0.0.1:{}".format(silent.getsockname()[1])
            config = self.config(
                {"one": {"registry": address}},
                delete=delete_section(_DEVELOP, ["one"]),
            )
            with self.product.start("check", config) as running:
                asked, _ = silent.accept()
                with asked:
                    running.kill(signal.SIGINT)
                    self.assertEqual(running.wait(20).status, -signal.SIGINT)

    def test_nothing_to_show_is_no_error(self):
        self.run_product("runs", timeout=20)


class VerbsTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.source = self.registry("source")
        self.target = self.registry("target")
        self.filled = self.fill(
            self.source,
            {
                "library/app": {
                    tag: image.image(tag) for tag in ("1.0", "latest", "develop-1")
                },
                "tool": {"2.0": image.image("2.0")},
            },
        )

    def both_config(self, name="config.yml", slow=False):
        entries = {"requests-per-second": 3} if slow else {}
        return self.config(
            {
                "source": registry_entry(self.source, **entries),
                "target": registry_entry(self.target, **entries),
            },
            name,
            sync=sync_section(SyncPolicy(), "source", "target"),
            delete=delete_section(_DEVELOP, ["source"]),
        )

    def run_into(self, out, *command):
        """As run_product, with a standard output of its own."""
        return subprocess.run(
            [self.product.coordinator, *command],
            env=self.product.environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
        )

    def assert_submitted(self):
        self.assertEqual(
            set(self.target.client().tags("library/app")), {"1.0", "latest", "develop-1"}
        )

    def test_standard_output_on_a_full_disk(self):
        config = self.both_config()
        with open("/dev/full", "wb") as full:
            for command in (
                ["plan", config],
                ["list", config],
                ["submit", config],
                ["status"],
                ["runs"],
                ["report"],
                ["check", config],
                ["submit", "--help"],
                ["man"],
            ):
                result = self.run_into(full, *command)
                self.assertEqual(result.returncode, 3, (command, result.stderr))
                self.assertIn(
                    "standard output cannot be written: No space", result.stderr
                )
                self.assertNotIn("interrupted", result.stderr)
        self.assert_submitted()

    def test_standard_output_that_nobody_reads(self):
        config = self.both_config()
        reader, writer = os.pipe()
        os.close(reader)
        self.addCleanup(os.close, writer)
        for verb, status in (("plan", 4), ("list", 4), ("submit", 0), ("runs", 0)):
            command = [verb] if verb == "runs" else [verb, config]
            result = self.run_into(writer, *command)
            self.assertEqual(result.returncode, status, (verb, result.stderr))
            self.assertNotIn("interrupted", result.stderr)
        self.assert_submitted()

    def test_closed_standard_streams_are_not_taken_for_files(self):
        closed = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"]
        command = [self.product.coordinator, "submit", self.both_config()]
        done = subprocess.run(
            closed + command, env=self.product.environment, timeout=120
        )
        self.assertEqual(done.returncode, 0)
        self.assert_submitted()
        runs = os.path.join(
            self.product.environment["XDG_STATE_HOME"], "registry-manager/runs"
        )
        (run,) = os.listdir(runs)
        with open(os.path.join(runs, run, "outcomes.jsonl"), encoding="utf-8") as log:
            for line in log:
                json.loads(line)

    def test_a_signal_that_is_ignored_from_the_start_stays_ignored(self):
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        self.addCleanup(signal.signal, signal.SIGHUP, before)
        with self.product.start("submit", self.both_config(slow=True)) as running:
            process.wait_until(lambda: running.workers() or running.ended())
            running.kill(signal.SIGHUP)
            result = running.wait()
        self.assertEqual(result.status, 0, result)
        self.assert_submitted()

    def test_list(self):
        config = self.both_config()
        expected = {
            f"{self.source.host}/{name}:{tag}"
            for name, repository in self.filled.items()
            for tag in repository.tags
        }
        for arguments in (("list", config), ("list", "-c", config)):
            mark = self.source.mark()
            result = self.run_product(*arguments)
            self.assertEqual(listed_images(result.out), expected)
            self.assert_no_writes(self.source, mark)

    def test_plan_names_what_would_happen_and_does_nothing(self):
        marks = self.source.mark(), self.target.mark()
        result = self.run_product("plan", self.both_config(), "--details")
        for word in ("library/app", "tool", "develop-1"):
            self.assertIn(word, result.out)
        self.assert_no_writes(self.source, marks[0])
        self.assert_no_writes(self.target, marks[1])

    def test_sync_and_delete_do_one_policy_each(self):
        config = self.both_config()
        everything = {n: r.tags for n, r in self.filled.items()}
        self.run_product("sync", "-c", config)
        self.assert_contents(self.source, everything)
        self.assert_contents(self.target, everything)
        self.run_product("delete", "-c", config)
        self.assertEqual(self.source.client().tags("library/app"), ["1.0", "latest"])
        self.assert_contents(self.target, everything)

    def test_flags_of_the_seed(self):
        config = self.both_config()
        self.run_product("sync", "--config", config, "-r", "2", "-p", "4")
        self.assert_contents(self.target, {n: r.tags for n, r in self.filled.items()})

    def test_seed_verb_without_its_policy(self):
        config = self.config(
            {"source": registry_entry(self.source)},
            delete=delete_section(_DEVELOP, ["source"]),
        )
        result = self.run_product("sync", "-c", config, status=2)
        self.assertIn("sync-policy", result.text)

    def test_status_runs_and_report_after_a_run(self):
        self.submit(self.both_config())
        mark = self.source.mark()
        runs = self.run_product("runs", timeout=20)
        self.assertTrue(runs.out.strip())
        for verb in ("status", "report"):
            result = self.run_product(verb, timeout=20)
            self.assertTrue(result.out.strip(), verb)
        self.assertEqual(self.source.requests_since(mark), [])
        for line in runs.out.splitlines():
            self.assertLessEqual(line.rindex("  ") + 2, 65, runs.out)
        run = re.search(r"(?m)^([A-Z0-9]{4}) ", runs.out)[1]
        same = self.run_product("report", run.lower(), timeout=20)
        self.assertEqual(same.out, result.out)

    def test_a_page_of_a_report_beside_what_else_is_asked_for(self):
        self.submit(self.both_config())
        page = self.run_product("report", "--html", "-", timeout=20).out
        self.assertTrue(page.startswith("<!doctype html>"))
        file = os.path.join(self.folder, "page.html")
        out = self.run_product("report", "--html", file, "--json", timeout=20).out
        self.assertEqual(json.loads(out)["type"], "report")
        with open(file, encoding="utf-8") as written:
            self.assertEqual(written.read(), page)
        self.run_product("report", "--html", "-", "--json", status=2, timeout=20)

    def test_a_run_that_ended_is_not_resumed(self):
        config = self.both_config()
        self.submit(config)
        self.fill(self.source, {"new": {"1.0": image.image("new")}})
        self.submit(config)
        self.assertEqual(self.target.client().tags("new"), ["1.0"])

    def test_a_second_submit_names_the_process_and_status_works_beside(self):
        config = self.both_config(slow=True)
        with self.product.start("submit", config) as running:
            process.wait_until(
                lambda: self.source.count_requests() or running.ended(),
                what="the first request",
            )
            self.assertFalse(running.ended(), running.text())
            second = self.product.run("submit", config, timeout=20)
            self.assertNotEqual(second.status, 0, second)
            self.assertRegex(second.text, rf"\b{running.pid}\b")
            status = self.run_product("status", timeout=20)
            self.assertTrue(status.out.strip())
            self.assertFalse(running.ended(), "it ended too soon to tell")

    def test_no_process_outlives_submit(self):
        seen = {}
        with self.product.start("submit", self.both_config()) as running:
            while not running.ended():
                for one in running.descendants():
                    seen.setdefault(one.pid, one)
            self.assertEqual(running.wait().status, 0)
        self.assertTrue(seen)
        self.assertEqual([one for one in seen.values() if one.alive()], [])

    def test_a_redis_server_of_the_users(self):
        folder = process.scratch_folder()
        self.addCleanup(folder.cleanup)
        socket = f"{folder.name}/redis.sock"
        server = process.spawn(
            ["redis-server", "--port", "0", "--unixsocket", socket, "--dir", folder.name,
             "--logfile", f"{folder.name}/log", "--save", ""],
        )  # fmt: skip
        self.addCleanup(process.end, server)
        process.wait_until(lambda: os.path.exists(socket), what="Redis's socket")
        with self.product.start(
            "submit", self.both_config(), "--redis", f"unix://{socket}"
        ) as running:
            own = set()
            while not running.ended():
                own.update(p.pid for p in running.redis_servers())
            result = running.wait()
        self.assertEqual(result.status, 0, result)
        self.assertEqual(own, set())
        self.assertIsNone(server.poll())
        self.assert_contents(self.target, {n: r.tags for n, r in self.filled.items()})


if __name__ == "__main__":
    unittest.main()
