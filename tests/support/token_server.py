# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""A token server as docker-registry's `auth: token` expects one.

Follows distribution's docs/spec/auth/token.md: GET with `service` and any
number of `scope` parameters, each of them one or more space-separated scopes;
answers with the intersection of what was asked for and what the user may do.
"""

import base64
import http.server
import json
import threading
import time
import urllib.parse

# docker-registry 2.8.2 accepts a token for this long after its `exp`.
_REGISTRY_LEEWAY = 60


def _segment(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


class TokenServer:
    """Issues tokens to `users` ({name: password}); runs on its own thread.

    `lifetime` is how many seconds a registry really accepts a token; it may be
    changed at any time. `allow(user, kind, name, actions)` returns the actions
    that are granted; by default all are. Without credentials nothing is granted.
    `requests` holds one (user, scopes) for every token asked for, `issued` the
    tokens; `refused` counts wrong passwords.
    """

    service = "registry-manager-test"
    issuer = "registry-manager-test-issuer"

    def __init__(self, signer, users, lifetime=300, allow=None):
        self.signer = signer
        self.users = dict(users)
        self.lifetime = lifetime
        self.allow = allow or (lambda user, kind, name, actions: actions)
        self.requests = []
        self.issued = []
        self.refused = 0
        self._server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), _handler_for(self)
        )
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.realm = f"http://127.0.0.1:{self._server.server_address[1]}/token"

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def config(self):
        """What a registry's configuration holds under `auth`."""
        return {
            "token": {
                "realm": self.realm,
                "service": self.service,
                "issuer": self.issuer,
                "rootcertbundle": self.signer.certificate,
            }
        }

    def token(self, user, scopes):
        """A signed token for `scopes`, cut down to what `user` may do."""
        access = []
        for scope in scopes:
            kind, rest = scope.split(":", 1)
            name, actions = rest.rsplit(":", 1)
            granted = self.allow(user, kind, name, actions.split(",")) if user else []
            access.append({"type": kind, "name": name, "actions": list(granted)})
        now = int(time.time())
        header = {"typ": "JWT", "alg": "RS256", "kid": self.signer.key_id}
        claims = {
            "iss": self.issuer,
            "sub": user,
            "aud": self.service,
            "iat": now,
            "nbf": now - 2 * _REGISTRY_LEEWAY,
            "exp": now + self.lifetime - _REGISTRY_LEEWAY,
            "jti": f"{user}-{len(self.requests)}",
            "access": access,
        }
        signed = b".".join(
            _segment(json.dumps(part).encode()) for part in (header, claims)
        )
        token = (signed + b"." + _segment(self.signer.sign(signed))).decode()
        self.issued.append(token)
        return token


def _handler_for(owner):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            query = urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query)
            user = ""
            given = self.headers.get("Authorization", "")
            if given:
                text = base64.b64decode(given.partition(" ")[2]).decode()
                user, _, password = text.partition(":")
                if owner.users.get(user) != password:
                    owner.refused += 1
                    return self._answer(
                        401, {"errors": [{"code": "UNAUTHORIZED", "message": "no"}]}
                    )
            scopes = [one for text in query.get("scope", []) for one in text.split()]
            owner.requests.append((user, tuple(scopes)))
            return self._answer(
                200,
                {
                    "token": owner.token(user, scopes),
                    "expires_in": owner.lifetime,
                    "issued_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                },
            )

        def _answer(self, status, value):
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    return Handler
