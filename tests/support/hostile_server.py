# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""An HTTP server that misbehaves as a test scripts it, and notes all it sees.

Server answers with respond(); scripts come between a request and its answer.
Everything is in one process and in memory. Thread-safe.
"""

import calendar
import dataclasses
import http.server
import os
import re
import select
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.parse

from tests.support.client import digest_of

# A Retry-After reaches other workers by way of the coordinator.
_NOTICE = 0.5


@dataclasses.dataclass
class Request:
    """One request, and what was noted of it."""

    method: str
    path: str
    # Text, and {name: last value}.
    raw_query: str
    query: dict
    headers: dict
    body: bytes
    begun: float
    # How many were under way when it began, itself included.
    under_way: int
    ended: float = 0.0
    status: int = 0

    @property
    def target(self):
        return self.path + ("?" + self.raw_query if self.raw_query else "")

    def query_all(self, name):
        """Every value of a parameter."""
        return urllib.parse.parse_qs(self.raw_query).get(name, [])

    @property
    def authorized(self):
        return "authorization" in self.headers

    @property
    def body_digest(self):
        return digest_of(self.body)

    @property
    def writes(self):
        return self.method not in ("GET", "HEAD")

    @property
    def reads_blob(self):
        return self.method == "GET" and "/blobs/" in self.path

    def __repr__(self):
        return f"{self.method} {self.target} {self.status or 'unanswered'}"


@dataclasses.dataclass
class Answer:
    """What is sent; the last fields are how it goes wrong on the wire."""

    status: int
    headers: dict = dataclasses.field(default_factory=dict)
    body: bytes = b""
    # Seconds before the first byte.
    delay: float = 0.0
    # The connection is reset instead of an answer.
    reset: bool = False
    # The share of the body that is sent; then nothing for `hang` seconds, and
    # the connection is closed.
    share: float = 1.0
    hang: float = 0.0
    # What Content-Length says; None: the truth.
    length: int | None = None


# Hooks: functions of (request, proceed), where proceed() is the right Answer
# and has the right effect.


def refuse(status, code="UNKNOWN", headers=None, message="scripted by the test"):
    """Answers with an error and has no effect."""
    value = f'{{"errors":[{{"code":"{code}","message":"{message}"}}]}}'
    answer_headers = {"Content-Type": "application/json", **(headers or {})}
    return lambda request, proceed: Answer(status, dict(answer_headers), value.encode())


def reset(request, proceed):
    """Resets the connection, without effect."""
    return Answer(0, reset=True)


def reset_afterwards(request, proceed):
    """Resets the connection after the request had its effect."""
    proceed()
    return Answer(0, reset=True)


def cut(share, hang=0.0):
    """Sends `share` of the body and closes, after `hang` seconds."""

    def hook(request, proceed):
        answer = proceed()
        answer.share, answer.hang = share, hang
        return answer

    return hook


def corrupt(request, proceed):
    """Another bit in the middle of the body."""
    answer = proceed()
    middle = len(answer.body) // 2
    changed = bytes([answer.body[middle] ^ 1])
    answer.body = answer.body[:middle] + changed + answer.body[middle + 1 :]
    return answer


def say_length(difference):
    """A Content-Length that is wrong by so many bytes."""

    def hook(request, proceed):
        answer = proceed()
        answer.length = len(answer.body) + difference
        return answer

    return hook


def without(*names):
    """The right answer without some of its headers."""

    def hook(request, proceed):
        answer = proceed()
        for name in names:
            answer.headers.pop(name, None)
        return answer

    return hook


def slow(seconds):
    """The right answer, late."""

    def hook(request, proceed):
        answer = proceed()
        answer.delay += seconds
        return answer

    return hook


def after(action):
    """Runs `action` before the request is answered."""

    def hook(request, proceed):
        action()
        return proceed()

    return hook


class Script:
    """A hook with the requests it is for; `count` says how often it ran."""

    def __init__(self, method, path, hook, times, skip, may_rest):
        self._method = re.compile(method)
        self._path = re.compile(path)
        self.hook = hook
        self.lasts = times is None
        self._times = times
        self._skip = skip
        self._may_rest = may_rest
        self.count = 0

    def takes(self, request):
        if not self._method.fullmatch(request.method):
            return False
        if not self._path.search(request.target):
            return False
        if self._skip > 0:
            self._skip -= 1
            return False
        if self._times is not None and self.count >= self._times:
            return False
        self.count += 1
        return True

    def rested(self):
        """It should have run and did not: the test has tested nothing."""
        return self.count == 0 and not self._may_rest

    def __repr__(self):
        return f"{self._method.pattern} {self._path.pattern}"


class Server:
    """Answers on a free port of `host`; a context manager, or start()/stop()."""

    def __init__(self, host="127.0.0.1", max_connections=None):
        self.lock = threading.RLock()
        self.requests = []
        self.violations = []
        # More at once is a violation.
        self.max_connections = max_connections
        # A function of headers: the Answer that is sent before the body is
        # read, after which the connection is closed; None: there is none.
        self.refuses_early = None
        self._scripts = []
        self._under_way = 0
        # (from, to): when no request is to begin.
        self._quiet = []
        self._server = _HttpServer((host, 0), _handler_for(self))
        self._server.owner = self
        # What case.registry_entry() asks of any registry.
        self.authority = None
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self.port = self._server.server_address[1]
        self.host = f"{host}:{self.port}"
        self.url = f"http://{self.host}"

    def speak_tls(self, authority):
        """By a certificate of tls.Authority; before start()."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        names = "subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:registry.example"
        context.load_cert_chain(*authority.issue("server", names))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://{self.host}"
        self.authority = authority

    def start(self):
        self._thread.start()
        return self

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def script(self, method, path, hook, times=None, skip=0, may_rest=False):
        """Puts a hook between requests and answers.

        `method` matches wholly, `path` is searched for in path and query; the
        first script that takes a request has it, those with `times` before
        those without. The first `skip` requests go by.
        """
        made = Script(method, path, hook, times, skip, may_rest)
        with self.lock:
            self._scripts.append(made)
            self._scripts.sort(key=lambda script: script.lasts)
        return made

    def forget_scripts(self):
        """The server behaves from here on."""
        with self.lock:
            self.check_scripts()
            self._scripts = []

    def check_scripts(self):
        for script in self._scripts:
            if script.rested():
                self.violate(f"no request came for the script {script!r}")

    def respond(self, request):
        """The right Answer, after its effect; called with the lock held."""
        raise NotImplementedError

    def notice(self, request):
        """Looks at a request before anything answers it; the lock is held."""

    def violate(self, what):
        with self.lock:
            self.violations.append(what)

    def forgive(self, words):
        """Forgets violations that hold `words`: the test's own doing."""
        with self.lock:
            self.violations = [v for v in self.violations if words not in v]

    def seen(self, method=".*", path="", since=0):
        """The requests that match, as script() does, from number `since` on."""
        with self.lock:
            return [
                request
                for request in self.requests[since:]
                if re.fullmatch(method, request.method)
                and re.search(path, request.target)
            ]

    def mark(self):
        """A number for seen()."""
        with self.lock:
            return len(self.requests)

    def most_at_once(self):
        with self.lock:
            return max((r.under_way for r in self.requests), default=0)

    def begin(self, method, target, headers):
        now = time.time()
        parsed = urllib.parse.urlsplit(target)
        query = dict(urllib.parse.parse_qsl(parsed.query, keep_blank_values=True))
        with self.lock:
            self._under_way += 1
            request = Request(
                method,
                parsed.path,
                parsed.query,
                query,
                headers,
                b"",
                now,
                self._under_way,
            )
            self.requests.append(request)
            if self.max_connections and self._under_way > self.max_connections:
                self.violate(
                    f"{self._under_way} requests at once with max-connections "
                    f"{self.max_connections}: {request!r}"
                )
            early = [(end, begin) for begin, end in self._quiet if begin < now < end]
            if early:
                end, begin = max(early)
                self.violate(
                    f"{method} {target} begun {now - begin + _NOTICE:.2f} s "
                    f"after a Retry-After, {end - now:.2f} s too early"
                )
        return request

    def answer(self, request):
        with self.lock:
            self.notice(request)
            taken = next((s for s in self._scripts if s.takes(request)), None)

        def proceed():
            with self.lock:
                return self.respond(request)

        answer = taken.hook(request, proceed) if taken else proceed()
        request.status = answer.status
        return answer

    def end(self, request):
        """Called before an answer's last byte is sent: never too late."""
        with self.lock:
            if not request.ended:
                request.ended = time.time()
                self._under_way -= 1

    def sent(self, answer, when):
        """Notes until when the answer asks for quiet; its sending began `when`."""
        value = answer.headers.get("Retry-After")
        if value is not None:
            with self.lock:
                self._quiet.append((time.time() + _NOTICE, _until(value, when)))

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


def _until(value, now):
    """When a Retry-After has passed; what it does not understand, now."""
    if value.isdigit():
        number = int(value)
        # Nobody asks for thirty years: these count from 1970.
        if number >= 10**12:
            return number / 1000
        return number if number >= 10**9 else now + number
    try:
        parsed = time.strptime(value, "%a, %d %b %Y %H:%M:%S GMT")
    except ValueError:
        return now
    return float(calendar.timegm(parsed))


def http_date(seconds_from_now):
    """An HTTP date, cut to a whole second as its form demands."""
    when = time.gmtime(time.time() + seconds_from_now)
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", when)


class _HttpServer(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    owner = None

    def handle_error(self, request, client_address):
        # A client that went away is no news; a fault of the test is.
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            self.owner.violate(f"the test's own server failed: {error!r}")
            super().handle_error(request, client_address)


def _handler_for(server):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _handle(self):
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = server.begin(self.command, self.path, headers)
            try:
                early = server.refuses_early and server.refuses_early(headers)
                if early:
                    request.status = early.status
                    self.close_connection = True
                    self._send(request, early)
                    return
                body = self._read_body(headers)
                if body is None:
                    self.close_connection = True
                    return
                request.body = body
                self._send(request, server.answer(request))
            finally:
                server.end(request)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _handle

        def handle_expect_100(self):
            headers = {name.lower(): value for name, value in self.headers.items()}
            if server.refuses_early and server.refuses_early(headers):
                return True
            return super().handle_expect_100()

        def _read_body(self, headers):
            """None where the client broke off."""
            if headers.get("transfer-encoding", "").lower() == "chunked":
                parts = []
                while True:
                    line = self.rfile.readline().split(b";")[0].strip()
                    if not line:
                        return None
                    part = self.rfile.read(int(line, 16) + 2)
                    if line.strip(b"0") == b"":
                        return b"".join(parts)
                    parts.append(part[:-2])
            length = int(headers.get("content-length", 0))
            body = self.rfile.read(length)
            return body if len(body) == length else None

        def _send(self, request, answer):
            if answer.delay:
                self._wait(answer.delay)
            if answer.reset:
                server.end(request)
                return self._reset()
            body = b"" if request.method == "HEAD" else answer.body
            if answer.share < 1:
                self._write(self._head(answer) + body[: int(len(body) * answer.share)])
                self._wait(answer.hang)
                server.end(request)
                self.close_connection = True
                return None
            if answer.length is not None:
                # Only a close tells where a body of another length ends.
                self.close_connection = True
            server.end(request)
            when = time.time()
            self._write(self._head(answer) + body)
            server.sent(answer, when)
            return None

        def _head(self, answer):
            length = len(answer.body) if answer.length is None else answer.length
            lines = [f"HTTP/1.1 {answer.status} Scripted"]
            headers = dict(answer.headers)
            if answer.status != 204 and "Transfer-Encoding" not in headers:
                headers.setdefault("Content-Length", str(length))
            lines += [f"{name}: {value}" for name, value in headers.items()]
            return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

        def _write(self, data):
            try:
                self.connection.sendall(data)
            except OSError:
                self.close_connection = True

        def _wait(self, seconds):
            """Waits so long, or until the client has gone."""
            readable, _, _ = select.select([self.connection], [], [], seconds)
            if readable:
                self.close_connection = True

        def _reset(self):
            self.close_connection = True
            self.connection.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            os.close(self.connection.detach())

        def log_message(self, *_):
            pass

    return Handler
