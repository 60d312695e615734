# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""A Redis server of a user's own: Debian's redis-server on loopback."""

import os
import signal
import subprocess

from tests.support import process
from tests.support.registry import free_port


class RedisServer:
    """One redis-server with an append-only file in `folder`.

    `settings` are arguments of its command line. End it with stop() or kill().
    """

    def __init__(self, folder, password=None, settings=()):
        os.makedirs(folder, exist_ok=True)
        self.folder = folder
        self.password = password
        self.settings = list(settings)
        self.port = free_port()
        self._process = None

    def url(self, password=None):
        """Its address, with a password where one is given."""
        user = f":{password}@" if password else ""
        return f"redis://{user}127.0.0.1:{self.port}/0"

    def start(self, *more):
        secret = ["--requirepass", self.password] if self.password else []
        self._process = process.spawn(
            ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port)]
            + ["--dir", self.folder, "--logfile", os.path.join(self.folder, "log")]
            + ["--appendonly", "yes", "--save", "", *secret, *self.settings, *more],
            stdin=subprocess.DEVNULL,
        )
        process.wait_until(self._answers, what=f"redis-server on port {self.port}")
        return self

    def stop(self):
        if self._process:
            process.end(self._process)

    def kill(self):
        process.end(self._process, signal.SIGKILL)

    def ask(self, *words):
        """What redis-cli prints for a command."""
        environment = {**os.environ, "REDISCLI_AUTH": self.password or ""}
        return subprocess.run(
            ["redis-cli", "-h", "127.0.0.1", "-p", str(self.port), *words],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        ).stdout.strip()

    def _answers(self):
        return self.ask("PING").startswith(("PONG", "LOADING"))
