# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Real registries that Debian does not have: distribution 3, zot and
go-containerregistry's, as tools/registries puts them into the cache.

A test that needs one is skipped with a sentence if the program is not there.
"""

import http.client
import json
import os
import shutil
import subprocess
import unittest

from tests.support import client, process
from tests.support.registry import free_port


def program_folder():
    """The folder that tools/registries fills.

    Bazel hides HOME from tests: it is told by RM_REGISTRIES there.
    """
    if chosen := os.environ.get("RM_REGISTRIES"):
        return chosen
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(cache, "registry-manager", "registries")


def find_program(name):
    """The path of a registry's program, or None."""
    return shutil.which(name, path=program_folder())


class RealRegistry:
    """A registry's program on a free loopback port, with its data in `folder`.

    Start it from the main thread; end it with stop().
    """

    # The name that tools/registries knows the program by.
    name = ""
    # What case.registry_entry() asks of any registry.
    users = None
    token_server = None
    authority = None

    def __init__(self, folder):
        self.program = find_program(self.name)
        if self.program is None:
            raise unittest.SkipTest(
                f"{self.name} is not in {program_folder()}; tools/registries puts it "
                "into a folder and prints the command that uses it"
            )
        os.makedirs(folder, exist_ok=True)
        self.folder = folder
        self.port = None
        self._process = None

    @property
    def host(self):
        return f"127.0.0.1:{self.port}"

    @property
    def url(self):
        return f"http://{self.host}"

    def start(self):
        for _ in range(20):
            port = free_port()
            if self._start_on(port):
                self.port = port
                return self
        raise RuntimeError(f"{self.name} does not start: {self._messages()}")

    def stop(self):
        if self._process:
            process.end(self._process)

    def client(self):
        return client.Client(self.url)

    def _command(self, port):
        raise NotImplementedError

    def _start_on(self, port):
        with open(self._message_file(), "ab") as messages:
            self._process = process.spawn(
                self._command(port),
                stdin=subprocess.DEVNULL,
                stdout=messages,
                stderr=messages,
                cwd=self.folder,
            )
        return process.wait_until(
            lambda: _answers(port) or self._process.poll() is not None,
            what=f"the start of {self.name} on port {port}",
        ) and (self._process.poll() is None)

    def _write_config(self, value):
        path = os.path.join(self.folder, "config.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(value, file, indent=1)
        return path

    def _message_file(self):
        return os.path.join(self.folder, "messages.log")

    def _messages(self):
        with open(self._message_file(), encoding="utf-8", errors="replace") as file:
            return file.read()[-2000:]


class Distribution(RealRegistry):
    """github.com/distribution/distribution 3."""

    name = "distribution"

    def _command(self, port):
        config = {
            "version": 0.1,
            "log": {"level": "warn"},
            "storage": {
                "filesystem": {"rootdirectory": os.path.join(self.folder, "data")},
                "delete": {"enabled": True},
                "maintenance": {"uploadpurging": {"enabled": False}},
            },
            "http": {"addr": f"127.0.0.1:{port}", "secret": "test"},
        }
        return [self.program, "serve", self._write_config(config)]


class GoContainerRegistry(RealRegistry):
    """The registry of github.com/google/go-containerregistry, in memory."""

    name = "go-containerregistry"

    def _command(self, port):
        return [self.program, "registry", "serve", "--address", f"127.0.0.1:{port}"]


class Zot(RealRegistry):
    """github.com/project-zot/zot; `docker_types` lets it take Docker's types."""

    name = "zot"

    def __init__(self, folder, *, docker_types=True):
        super().__init__(folder)
        self.docker_types = docker_types

    def _command(self, port):
        http_settings = {"address": "127.0.0.1", "port": str(port)}
        if self.docker_types:
            http_settings["compat"] = ["docker2s2"]
        config = {
            "distSpecVersion": "1.1.1",
            "storage": {
                "rootDirectory": os.path.join(self.folder, "data"),
                "gc": False,
                "dedupe": False,
            },
            "http": http_settings,
            "log": {"level": "warn"},
        }
        return [self.program, "serve", self._write_config(config)]


def _answers(port):
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/v2/", headers={"User-Agent": client.USER_AGENT})
        connection.getresponse().read()
        connection.close()
        return True
    except (OSError, http.client.HTTPException):
        return False
