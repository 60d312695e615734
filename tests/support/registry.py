# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Real registries for tests: Debian's docker-registry on loopback."""

import http.client
import json
import os
import random
import re
import signal
import socket
import ssl
import subprocess

from tests.support import client, process

# Below what Linux gives to outgoing connections, so that a registry that was
# killed finds its port free again.
_PORTS = range(20000, 32000)


class Registry:
    """One docker-registry that keeps its contents in `folder`.

    `delete=False` refuses deletion as the real default does; `users`
    ({name: password}) asks for Basic credentials; `authority` (tls.Authority)
    makes it speak TLS; `token_server` (token_server.TokenServer) makes it ask
    for bearer tokens. Start it from the main thread; use it as a context
    manager, or end it with stop() or kill().
    """

    def __init__(
        self,
        folder,
        *,
        delete=True,
        users=None,
        authority=None,
        token_server=None,
        read_only=False,
    ):
        os.makedirs(folder, exist_ok=True)
        self.folder = folder
        self.users = users
        self.authority = authority
        self.token_server = token_server
        self.read_only = read_only
        self.delete_enabled = delete
        self.port = None
        self.access_log = os.path.join(folder, "access.log")
        self._process = None

    @property
    def host(self):
        return f"127.0.0.1:{self.port}"

    @property
    def url(self):
        return f"{'https' if self.authority else 'http'}://{self.host}"

    @property
    def pid(self):
        return self._process.pid

    def start(self):
        """Starts it, on the port that it had before if it had one."""
        for _ in range(50):
            port = self.port or free_port()
            if self._start_on(port):
                self.port = port
                return self
        raise RuntimeError(f"docker-registry does not start: {self._messages()}")

    def stop(self):
        if self._process:
            process.end(self._process)

    def kill(self):
        """Ends it as a power cut would."""
        process.end(self._process, signal.SIGKILL)

    def restart(self):
        """Stops it, if it runs, and starts it on the same port and contents."""
        self.stop()
        return self.start()

    def client(self, **options):
        """A client.Client with the credentials of the first user."""
        known = self.users or (self.token_server and self.token_server.users)
        if known and "username" not in options:
            name, password = next(iter(known.items()))
            options.update(username=name, password=password)
        if self.authority:
            options.setdefault("ca_file", self.authority.certificate)
        return client.Client(self.url, **options)

    def mark(self):
        """A place in the access log, for requests_since()."""
        self._settle()
        return os.path.getsize(self.access_log)

    def requests_since(self, mark=0):
        """Requests from others than client.Client since `mark`, in order."""
        self._settle()
        with open(self.access_log, encoding="utf-8", errors="replace") as log:
            log.seek(mark)
            found = [parse_access(line) for line in log]
        return [r for r in found if r and not r.agent.startswith(client.USER_AGENT)]

    def count_requests(self, mark=0):
        """len(requests_since()), cheaply and without a request of its own."""
        if not os.path.exists(self.access_log):
            return 0
        with open(self.access_log, encoding="utf-8", errors="replace") as log:
            log.seek(mark)
            return sum(1 for line in log if f'"{client.USER_AGENT}' not in line)

    def _settle(self):
        """Waits until the log holds everything that was answered so far.

        The registry writes a request's line after it has answered; one of our
        own that is asked for and logged now stands after all earlier ones.
        """
        if self._process is None or self._process.poll() is not None:
            return
        name = f"settle-{random.getrandbits(64):x}"
        try:
            connection = self._connection()
            connection.request(
                "GET", f"/v2/?{name}", headers={"User-Agent": client.USER_AGENT}
            )
            connection.getresponse().read()
            connection.close()
        except OSError:
            return
        process.wait_until(lambda: name in self._log_tail(), what="the access log")

    def _log_tail(self):
        with open(self.access_log, "rb") as log:
            log.seek(max(0, os.path.getsize(self.access_log) - 4096))
            return log.read().decode(errors="replace")

    def _connection(self, port=None):
        port = port or self.port
        if self.authority:
            context = ssl.create_default_context(cafile=self.authority.certificate)
            return http.client.HTTPSConnection(
                "127.0.0.1", port, timeout=10, context=context
            )
        return http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    def _start_on(self, port):
        config = os.path.join(self.folder, "config.yml")
        with open(config, "w", encoding="utf-8") as file:
            json.dump(self._config(port), file, indent=1)  # JSON is YAML.
        with open(self.access_log, "ab") as out, open(self._message_file(), "ab") as err:
            self._process = process.spawn(
                ["docker-registry", "serve", config],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=self.folder,
            )
        return process.wait_until(
            lambda: self._answers(port) or self._process.poll() is not None,
            what=f"the start of docker-registry on port {port}",
        ) and (self._process.poll() is None)

    def _answers(self, port):
        try:
            connection = self._connection(port)
            connection.request("GET", "/v2/", headers={"User-Agent": client.USER_AGENT})
            connection.getresponse().read()
            connection.close()
            return True
        except (OSError, http.client.HTTPException):
            return False

    def _config(self, port):
        http_settings = {"addr": f"127.0.0.1:{port}", "secret": "test"}
        if self.authority:
            certificate, key = self.authority.issue("registry")
            http_settings["tls"] = {"certificate": certificate, "key": key}
        config = {
            "version": 0.1,
            "log": {"level": "warn", "accesslog": {"disabled": False}},
            "storage": {
                "filesystem": {"rootdirectory": os.path.join(self.folder, "data")},
                "delete": {"enabled": self.delete_enabled},
                "maintenance": {
                    "uploadpurging": {"enabled": False},
                    "readonly": {"enabled": self.read_only},
                },
            },
            "http": http_settings,
        }
        if self.users:
            config["auth"] = {
                "htpasswd": {"realm": "test", "path": self._write_htpasswd()}
            }
        if self.token_server:
            config["auth"] = self.token_server.config()
        return config

    def _write_htpasswd(self):
        path = os.path.join(self.folder, "htpasswd")
        with open(path, "wb") as file:
            for name, password in self.users.items():
                line = subprocess.run(
                    ["htpasswd", "-niB", "-C", "4", name],
                    input=password.encode(),
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    check=True,
                ).stdout
                file.write(line.strip() + b"\n")
        return path

    def _message_file(self):
        return os.path.join(self.folder, "messages.log")

    def _messages(self):
        with open(self._message_file(), encoding="utf-8", errors="replace") as file:
            return file.read()[-2000:]

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


class Request:
    """One line of an access log."""

    def __init__(self, method, path, status, size, agent):
        self.method = method
        self.path = path
        self.status = status
        self.size = size
        self.agent = agent

    @property
    def writes(self):
        return self.method not in ("GET", "HEAD", "OPTIONS")

    @property
    def reads_blob(self):
        return self.method == "GET" and "/blobs/" in self.path

    def __repr__(self):
        return f"{self.method} {self.path} {self.status}"


_ACCESS = re.compile(
    r'^\S+ \S+ \S+ \[[^]]*\] "(\S+) (\S+) [^"]*" (\d+) (\d+|-) "[^"]*" "([^"]*)"'
)


def parse_access(line):
    """The Request of a line in Apache's combined format; None for another."""
    found = _ACCESS.match(line)
    if not found:
        return None
    method, path, status, size, agent = found.groups()
    return Request(method, path, int(status), 0 if size == "-" else int(size), agent)


def free_port():
    """One below those that Linux gives to outgoing connections."""
    while True:
        port = random.SystemRandom().choice(_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
