# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Runs the product's programs as a user does."""

import json
import os
import re
import shutil
import signal
import subprocess

from tests.support import process

_RUNFILES = os.path.join(
    os.environ.get("TEST_SRCDIR", ""), os.environ.get("TEST_WORKSPACE", "")
)


def find_program(name):
    """A program by RM_COORDINATOR / RM_WORKER, among Bazel's runfiles, on PATH."""
    chosen = os.environ.get(f"RM_{name.upper()}")
    if chosen:
        return os.path.abspath(chosen)
    built = os.path.join(_RUNFILES, name, name)
    if os.path.exists(built):
        return os.path.abspath(built)
    installed = shutil.which(name)
    if not installed:
        raise FileNotFoundError(
            f"no {name} among Bazel's runfiles or on PATH; set RM_{name.upper()}"
        )
    return installed


class Result:
    """How a program ended: `status` is negative for a signal."""

    def __init__(self, status, out, err):
        self.status = status
        self.out = out
        self.err = err

    @property
    def text(self):
        return self.out + self.err

    def __repr__(self):
        return (
            f"status {self.status}\n--- standard output\n{self.out}"
            f"--- standard error\n{self.err}---"
        )


class Running:
    """A coordinator that is under way."""

    def __init__(self, arguments, environment, folder):
        self._out = open(os.path.join(folder, "out"), "w+b")
        self._err = open(os.path.join(folder, "err"), "w+b")
        self.process = process.spawn(
            arguments,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=self._err,
        )
        self.pid = self.process.pid

    def wait(self, timeout=180):
        """Its Result; TimeoutError, with what it said, where it does not end."""
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.end(self.process, signal.SIGKILL)
            raise TimeoutError(
                f"the coordinator did not end in {timeout} s: {self._result()}"
            ) from None
        return self._result()

    def kill(self, sig=signal.SIGKILL):
        self.process.send_signal(sig)

    def ended(self):
        return self.process.poll() is not None

    def text(self):
        """All that it has said so far."""
        result = self._result()
        return result.out + result.err

    def descendants(self):
        return process.descendants(self.pid)

    def workers(self):
        return [p for p in self.descendants() if p.name() == "worker"]

    def redis_servers(self):
        return [p for p in self.descendants() if p.name().startswith("redis-server")]

    def _result(self):
        return Result(
            self.process.poll(), _read(self._out.name), _read(self._err.name)
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        process.end(self.process, signal.SIGKILL)
        self._out.close()
        self._err.close()


class Product:
    """The programs with a private home and state folder below `folder`.

    `folder` wants a short path: see process.scratch_folder().
    """

    def __init__(self, folder):
        self.folder = folder
        self.coordinator = find_program("coordinator")
        self._runs = 0
        for name in ("state", "home", "tmp"):
            os.makedirs(os.path.join(folder, name), mode=0o700, exist_ok=True)
        self.environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": os.path.join(folder, "home"),
            "XDG_STATE_HOME": os.path.join(folder, "state"),
            "TMPDIR": os.path.join(folder, "tmp"),
            "LANG": "C.UTF-8",
        }
        for name in ("ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                self.environment[name] = os.environ[name]

    def start(self, *arguments, environment=None):
        """A Running coordinator with `arguments`."""
        self._runs += 1
        folder = os.path.join(self.folder, f"call{self._runs}")
        os.makedirs(folder)
        return Running(
            [self.coordinator, *map(str, arguments)],
            {**self.environment, **(environment or {})},
            folder,
        )

    def run(self, *arguments, timeout=180, environment=None):
        """The Result of the coordinator with `arguments`."""
        with self.start(*arguments, environment=environment) as running:
            return running.wait(timeout)

    def write_config(self, value, name="config.yml"):
        """The path of a config file; `value` is text, or written as JSON."""
        path = os.path.join(self.folder, name)
        text = value if isinstance(value, str) else json.dumps(value, indent=2) + "\n"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path


def listed_images(out):
    """What `list` printed: a set of HOST/REPOSITORY:TAG."""
    return {line for line in out.splitlines() if re.fullmatch(r"\S+/\S+:\S+", line)}


def _read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()
