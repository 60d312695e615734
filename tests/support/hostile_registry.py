# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""A registry in memory that is strict, counts, audits, and misbehaves on demand.

It follows the OCI distribution spec to the letter where no script says
otherwise (hostile_server.py), and holds every request against what must never
happen: a manifest put before what it needs, a delete that no test allowed, a
live image that loses a child or its signature, a write in a dry run, requests
during a Retry-After, more at once than allowed.
"""

import base64
import dataclasses
import json
import re
import secrets
import time

from tests.support import oracle
from tests.support.client import INDEX_TYPES, digest_of
from tests.support.hostile_server import Answer, Server

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = rf"({_COMPONENT}(?:/{_COMPONENT})*)"
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")
_DIGEST = r"(sha256:[0-9a-f]{64})"
# No content has it: a DELETE of it asks whether a registry deletes.
IMPOSSIBLE = "sha256:" + "0" * 64
PROBE_TAGS = ("registry-manager-probe-1", "registry-manager-probe-2")
_PLACEHOLDER_LABEL = b'"registry-manager":"placeholder"'
_NOT_ALLOWED = "which no test allowed"


@dataclasses.dataclass
class Repository:
    """`manifests` is {digest: (bytes, media type)}, `tags` {tag: digest}."""

    manifests: dict = dataclasses.field(default_factory=dict)
    blobs: set = dataclasses.field(default_factory=set)
    tags: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Allowed:
    """What requests may do. Reading is always allowed."""

    # {(repository, digest)} and {(repository, tag)} that a deletion may take.
    digests: set = dataclasses.field(default_factory=set)
    tags: set = dataclasses.field(default_factory=set)
    # Whether these tags may go by DELETE of a tag.
    by_tag: bool = False
    # Whether anything may be pushed.
    pushes: bool = False
    # Whether placeholders may be left when the test ends.
    placeholders: bool = False


class HostileRegistry(Server):
    """`users` is {name: password}; with `token_lifetime` (seconds) it asks for
    bearer tokens that it gives out itself, without it for Basic credentials.

    `tag_delete` says what DELETE of a tag does: "untag", "takes manifest", or
    the status that refuses it. `page_size` is the most that a page holds;
    `link` says how `Link` names the next: "relative", "absolute", "opaque".
    `has_referrers` offers the referrers API. With a tls.Authority it speaks TLS.
    """

    # What case.registry_entry() asks of any registry.
    token_server = None

    def __init__(
        self,
        *,
        users=None,
        token_lifetime=None,
        tag_delete=400,
        page_size=None,
        link="relative",
        has_referrers=False,
        max_connections=16,
        host="127.0.0.1",
        authority=None,
    ):
        super().__init__(host, max_connections=max_connections)
        if authority:
            self.speak_tls(authority)
        self.users = users
        self.token_lifetime = token_lifetime
        self.tag_delete = tag_delete
        self.page_size = page_size
        self.link = link
        self.has_referrers = has_referrers
        self.repositories = {}
        self.blobs = {}
        self.allowed = Allowed()
        # How many tokens were given out, and how often a lapsed one came.
        self.tokens_given = 0
        self.tokens_lapsed = 0
        self._tokens = {}
        self._uploads = {}
        self._cursors = {}
        self._incomplete = set()

    # For tests: contents.

    def fill(self, contents):
        """Adds {repository: {tag: image.Manifest}}; {name: oracle.Repository}."""
        for name, tags in contents.items():
            for tag, manifest in tags.items():
                self.put(name, tag, manifest)
        return {name: oracle.Repository.of(tags) for name, tags in contents.items()}

    def put(self, name, tag, manifest):
        """Adds a manifest with all below it; `tag` may be None."""
        with self.lock:
            repository = self.repositories.setdefault(name, Repository())
            for one in manifest.everything().values():
                repository.manifests[one.digest] = (one.data, one.media_type)
                for blob in one.blobs:
                    self.blobs[blob.digest] = blob.data
                    repository.blobs.add(blob.digest)
            if tag:
                repository.tags[tag] = manifest.digest

    def lose(self, name, digest):
        """Forgets a manifest or blob of a repository; tags on it dangle."""
        with self.lock:
            self.repositories[name].manifests.pop(digest, None)
            self.repositories[name].blobs.discard(digest)
            self._incomplete |= set(self._incomplete_tags())

    def break_blob(self, name, digest):
        """The repository has the blob, without a byte, as a broken upload leaves it."""
        with self.lock:
            self.blobs[digest] = b""
            self.repositories.setdefault(name, Repository()).blobs.add(digest)
            self._incomplete |= set(self._incomplete_tags())

    def untag(self, name, tag):
        with self.lock:
            del self.repositories[name].tags[tag]

    def lapse_tokens(self):
        """Tokens that were given out are refused from here on."""
        with self.lock:
            self._tokens = {token: (1, s) for token, (_, s) in self._tokens.items()}

    def lapse_cursors(self):
        """Opaque cursors that were given out are refused from here on."""
        with self.lock:
            self._cursors.clear()

    def uploads_left(self):
        """How many uploads were begun and neither ended nor cancelled."""
        with self.lock:
            return len(self._uploads)

    def tags(self, name):
        """Sorted tags."""
        with self.lock:
            return sorted(self.repositories.get(name, Repository()).tags)

    def contents(self):
        """{repository: {tag: digest}}, without repositories that have no tag."""
        with self.lock:
            return {n: dict(r.tags) for n, r in self.repositories.items() if r.tags}

    def has(self, name, digest):
        with self.lock:
            repository = self.repositories.get(name, Repository())
            return digest in repository.manifests or digest in repository.blobs

    def missing_below(self, name, digest):
        """Digests that `digest` needs and the repository does not have."""
        with self.lock:
            repository = self.repositories[name]
            todo, seen, missing = [digest], set(), []
            while todo:
                one = todo.pop()
                if one in seen:
                    continue
                seen.add(one)
                if one not in repository.manifests:
                    missing.append(one)
                    continue
                children, blobs = _needs(*repository.manifests[one])
                todo += children
                missing += [blob for blob in blobs if not self._whole(repository, blob)]
            return missing

    def _whole(self, repository, blob):
        return blob in repository.blobs and self.blobs[blob] != b""

    def placeholder_tags(self, name):
        """Tags that bear the product's placeholder."""
        with self.lock:
            tags = self.repositories[name].tags.items()
            return sorted(t for t, digest in tags if self._is_placeholder(name, digest))

    # For tests: the audit.

    def begin_audit(self):
        """From here on, what is incomplete is the product's doing."""
        with self.lock:
            self._incomplete = set(self._incomplete_tags())

    def audit(self):
        """What must never happen and did, as text; call it at the end."""
        with self.lock:
            self.check_scripts()
            for name, tag in self._incomplete_tags():
                if (name, tag) not in self._incomplete:
                    self.violate(f"{name}:{tag} is incomplete in the end")
            if not self.allowed.placeholders:
                for name in self.repositories:
                    for tag in self.placeholder_tags(name):
                        self.violate(f"{name}:{tag} bears a placeholder in the end")
            return list(self.violations)

    def _incomplete_tags(self):
        for name, repository in self.repositories.items():
            for tag, digest in repository.tags.items():
                if self.missing_below(name, digest):
                    yield name, tag

    def notice(self, request):
        if not request.writes or request.path == "/token":
            return
        found = re.fullmatch(rf"/v2/{_NAME}/manifests/([^/]+)", request.path)
        if request.method == "DELETE" and found:
            self._notice_delete(*found.groups())
        elif request.method == "PUT" and found:
            self._notice_put(request, *found.groups())
        elif request.method == "DELETE":
            if "/blobs/uploads/" not in request.path:
                self.violate(f"{request!r} deletes a blob")
        elif not self.allowed.pushes and not self.allowed.tags:
            self.violate(f"{request!r} writes, {_NOT_ALLOWED}")

    def _notice_delete(self, name, reference):
        if reference == IMPOSSIBLE:
            if not self.allowed.digests and not self.allowed.tags:
                self.violate(f"DELETE in {name}, where nothing may be deleted")
            return
        if ":" not in reference:
            by_tag = self.allowed.by_tag and (name, reference) in self.allowed.tags
            if reference not in PROBE_TAGS and not by_tag:
                self.violate(f"DELETE of the tag {name}:{reference}, {_NOT_ALLOWED}")
            return
        if self._is_placeholder(name, reference):
            return
        repository = self.repositories.get(name, Repository())
        if (name, reference) not in self.allowed.digests:
            if reference in repository.manifests:
                self.violate(f"DELETE of {name}@{reference}, {_NOT_ALLOWED}")
            return
        self._notice_orphans(name, repository, reference)

    def _notice_orphans(self, name, repository, digest):
        """A live image loses neither a child nor a signature, nor its tag."""
        for tag, other in repository.tags.items():
            if other == digest and (name, tag) not in self.allowed.tags:
                self.violate(f"DELETE of {name}@{digest}, on which {tag} is")
            if other != digest and digest in self._reach(repository, [other]):
                self.violate(f"DELETE of {name}@{digest}, which {tag} needs")
            subject = oracle.subject_spelled_by(tag)
            if other == digest and subject in repository.manifests:
                self.violate(f"DELETE of {name}:{tag}, whose image is still there")
        if digest in repository.manifests:
            value = json.loads(repository.manifests[digest][0])
            subject = value.get("subject", {}).get("digest")
            if subject in repository.manifests:
                self.violate(f"DELETE of {name}@{digest}, attached to {subject}")

    def reach(self, name, digests):
        """`digests` and all manifests below them that are there."""
        with self.lock:
            return self._reach(self.repositories[name], digests)

    @staticmethod
    def _reach(repository, digests):
        found, todo = set(), list(digests)
        while todo:
            one = todo.pop()
            if one not in found and one in repository.manifests:
                found.add(one)
                todo += _needs(*repository.manifests[one])[0]
        return found

    def _notice_put(self, request, name, reference):
        if _is_placeholder_manifest(request.body, self.blobs):
            allowed = (name, reference) in self.allowed.tags
            if reference not in PROBE_TAGS and not allowed:
                self.violate(f"placeholder on {name}:{reference}, {_NOT_ALLOWED}")
        elif not self.allowed.pushes:
            self.violate(f"{request!r} pushes, {_NOT_ALLOWED}")

    def _is_placeholder(self, name, digest):
        found = self.repositories.get(name, Repository()).manifests.get(digest)
        return bool(found) and _is_placeholder_manifest(found[0], self.blobs)

    # The Registry API.

    def respond(self, request):
        if request.path == "/token":
            return self._token(request)
        refusal = self._refuse_stranger(request)
        if refusal:
            return refusal
        for method, path, handler in _ROUTES:
            found = path.fullmatch(request.path)
            if found and re.fullmatch(method, request.method):
                return handler(self, request, *found.groups())
        self.violate(f"{request!r} is no request of the Registry API")
        return _error(404, "NAME_INVALID")

    def _base(self, request):
        return _json(200, {})

    def _catalog(self, request):
        return self._page(request, "repositories", sorted(self.repositories))

    def _tag_list(self, request, name):
        if name not in self.repositories:
            return _error(404, "NAME_UNKNOWN")
        tags = sorted(self.repositories[name].tags)
        return self._page(request, "tags", tags, {"name": name})

    def _page(self, request, key, names, more=None):
        last = request.query.get("last", "")
        if "cursor" in request.query:
            last = self._cursors.get(request.query["cursor"])
            if last is None:
                return _error(400, "PAGINATION_NUMBER_INVALID")
        size = int(request.query.get("n") or len(names) or 1)
        size = min(size, self.page_size or size)
        rest = [name for name in names if name > last]
        answer = _json(200, {**(more or {}), key: rest[:size]})
        if len(rest) > size:
            answer.headers["Link"] = self._link(request, size, rest[size - 1])
        return answer

    def _link(self, request, size, last):
        if self.link == "opaque":
            cursor = secrets.token_urlsafe(12) + "=="
            self._cursors[cursor] = last
            where = f"{request.path}?cursor={cursor}"
        else:
            where = f"{request.path}?n={size}&last={last}"
        return f'<{self.url if self.link == "absolute" else ""}{where}>; rel="next"'

    def _read_manifest(self, request, name, reference):
        repository = self.repositories.get(name)
        if repository is None:
            return _error(404, "NAME_UNKNOWN")
        digest = repository.tags.get(reference, reference)
        if digest not in repository.manifests:
            return _error(404, "MANIFEST_UNKNOWN")
        data, media_type = repository.manifests[digest]
        if media_type not in request.headers.get("accept", ""):
            self.violate(f"{request!r} does not accept {media_type}")
            return _error(404, "MANIFEST_UNKNOWN")
        headers = {"Content-Type": media_type, "Docker-Content-Digest": digest}
        return Answer(200, headers, data)

    def _put_manifest(self, request, name, reference):
        digest = request.body_digest
        media_type = request.headers.get("content-type", "")
        value = json.loads(request.body)
        if ":" in reference and reference != digest:
            self.violate(f"{request!r} brings other bytes")
            return _error(400, "DIGEST_INVALID")
        if ":" not in reference and not _TAG.fullmatch(reference):
            return _error(400, "TAG_INVALID")
        if value.get("mediaType", media_type) != media_type:
            self.violate(f"{request!r} comes as {media_type}")
            return _error(400, "MANIFEST_INVALID")
        repository = self.repositories.setdefault(name, Repository())
        children, blobs = _needs(request.body, media_type)
        missing = [c for c in children if c not in repository.manifests]
        missing += [b for b in blobs if b not in repository.blobs]
        if missing:
            self.violate(f"{request!r} needs {missing}, not there")
            return _error(400, "MANIFEST_BLOB_UNKNOWN")
        repository.manifests[digest] = (request.body, media_type)
        if ":" not in reference:
            repository.tags[reference] = digest
        headers = {
            "Docker-Content-Digest": digest,
            "Location": f"/v2/{name}/manifests/{digest}",
        }
        if self.has_referrers and "subject" in value:
            headers["OCI-Subject"] = value["subject"]["digest"]
        return Answer(201, headers)

    def _delete_manifest(self, request, name, reference):
        repository = self.repositories.get(name)
        if ":" not in reference:
            return self._delete_tag(repository, reference)
        if repository is None or reference not in repository.manifests:
            return _error(404, "MANIFEST_UNKNOWN")
        _take(repository, reference)
        return Answer(202)

    def _delete_tag(self, repository, tag):
        if isinstance(self.tag_delete, int):
            code = "UNSUPPORTED" if self.tag_delete == 405 else "DIGEST_INVALID"
            return _error(self.tag_delete, code)
        if repository is None or tag not in repository.tags:
            return _error(404, "MANIFEST_UNKNOWN")
        if self.tag_delete == "takes manifest":
            _take(repository, repository.tags[tag])
        else:
            del repository.tags[tag]
        return Answer(202)

    def _referrers(self, request, name, digest):
        if not self.has_referrers:
            return _error(404, "UNSUPPORTED")
        if name not in self.repositories:
            return _error(404, "NAME_UNKNOWN")
        descriptors = []
        for data, media_type in self.repositories[name].manifests.values():
            value = json.loads(data)
            if value.get("subject", {}).get("digest") == digest:
                artifact = value.get("artifactType") or value["config"]["mediaType"]
                descriptors.append(
                    {
                        "mediaType": media_type,
                        "digest": digest_of(data),
                        "size": len(data),
                        "artifactType": artifact,
                    }
                )
        value = {"schemaVersion": 2, "mediaType": INDEX_TYPES[0]}
        answer = _json(200, {**value, "manifests": descriptors})
        answer.headers["Content-Type"] = INDEX_TYPES[0]
        return answer

    def _read_blob(self, request, name, digest):
        repository = self.repositories.get(name)
        if repository is None or digest not in repository.blobs:
            return _error(404, "BLOB_UNKNOWN")
        return blob_answer(request, self.blobs[digest], digest)

    def _begin_upload(self, request, name):
        source = self.repositories.get(request.query.get("from"))
        digest = request.query.get("mount")
        if source and digest in source.blobs:
            return self._store(name, digest, self.blobs[digest])
        return self._session(name, secrets.token_hex(8), b"")

    def _session(self, name, upload, data):
        state = secrets.token_urlsafe(8)
        self._uploads[upload] = (name, state, data)
        # Absolute, with state in the query, as docker-registry has it.
        where = f"{self.url}/v2/{name}/blobs/uploads/{upload}?_state={state}"
        headers = {"Location": where, "Range": f"0-{max(len(data) - 1, 0)}"}
        return Answer(202, headers)

    def _go_on_with_upload(self, request, name, upload):
        owner, state, data = self._uploads.get(upload, (None, None, b""))
        if owner != name:
            return _error(404, "BLOB_UPLOAD_UNKNOWN")
        if request.method == "DELETE":
            del self._uploads[upload]
            return Answer(204)
        if request.method == "GET":
            answer = self._session(name, upload, data)
            answer.status = 204
            return answer
        if request.query.get("_state") != state:
            return _error(400, "BLOB_UPLOAD_INVALID")
        begins = request.headers.get("content-range", "").partition("-")[0]
        if begins and int(begins) != len(data):
            return _error(416, "RANGE_INVALID")
        data += request.body
        if request.method == "PATCH":
            return self._session(name, upload, data)
        del self._uploads[upload]
        digest = request.query.get("digest")
        if digest != digest_of(data):
            self.violate(f"{request!r} ends an upload of other bytes")
            return _error(400, "DIGEST_INVALID")
        return self._store(name, digest, data)

    def _store(self, name, digest, data):
        self.blobs[digest] = data
        self.repositories.setdefault(name, Repository()).blobs.add(digest)
        headers = {"Location": f"/v2/{name}/blobs/{digest}"}
        return Answer(201, {**headers, "Docker-Content-Digest": digest})

    # Credentials.

    def _refuse_stranger(self, request):
        if not self.users:
            return None
        given = request.headers.get("authorization", "")
        if not self.token_lifetime:
            if self._is_user(given):
                return None
            return _challenge('Basic realm="test"')
        wanted = _scopes_for(request)
        ends, scopes = self._tokens.get(given.removeprefix("Bearer "), (0, set()))
        if time.time() < ends and wanted <= scopes:
            return None
        if ends and time.time() >= ends:
            self.tokens_lapsed += 1
        scope = " ".join(f"{one[0]}:{','.join(one[1])}" for one in _by_name(wanted))
        asked = f',scope="{scope}"' if scope else ""
        return _challenge(f'Bearer realm="{self.url}/token",service="test"{asked}')

    def token_age(self, request):
        """Seconds since its bearer token was given out; None without one."""
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        with self.lock:
            ends, _ = self._tokens.get(given, (None, None))
        return ends and self.token_lifetime - (ends - time.time())

    def _is_user(self, given):
        try:
            text = base64.b64decode(given.removeprefix("Basic ")).decode()
        except ValueError:
            return False
        name, _, password = text.partition(":")
        return bool(given) and self.users.get(name) == password

    def _token(self, request):
        if not self._is_user(request.headers.get("authorization", "")):
            return _challenge('Basic realm="test"')
        scopes = set()
        for text in request.query_all("scope"):
            for scope in text.split():
                name, actions = scope.rsplit(":", 1)
                scopes |= {(name, action) for action in actions.split(",")}
        token = secrets.token_urlsafe(16)
        self._tokens[token] = (time.time() + self.token_lifetime, scopes)
        self.tokens_given += 1
        # A server may say so little: a client must cope with an early end.
        return _json(200, {"token": token, "expires_in": 60})


def blob_answer(request, data, digest):
    """A blob, or the range of it that was asked for."""
    headers = {
        "Content-Type": "application/octet-stream",
        "Docker-Content-Digest": digest,
        "Accept-Ranges": "bytes",
    }
    asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
    if not asked:
        return Answer(200, headers, data)
    first = int(asked.group(1))
    if first >= len(data):
        return _error(416, "RANGE_INVALID")
    part = data[first : int(asked.group(2)) + 1 if asked.group(2) else len(data)]
    headers["Content-Range"] = f"bytes {first}-{first + len(part) - 1}/{len(data)}"
    return Answer(206, headers, part)


class Storage(Server):
    """Another host, to which a registry leads for its blobs: it refuses what
    comes with `Authorization`, as S3 does."""

    def __init__(self, registry):
        super().__init__("127.0.0.2")
        self._registry = registry

    def notice(self, request):
        if request.authorized:
            self.violate(f"{request!r} brings Authorization to another host")

    def respond(self, request):
        if request.authorized:
            return _error(400, "INVALID_REQUEST")
        digest = request.path.removeprefix("/storage/")
        return blob_answer(request, self._registry.blobs[digest], digest)

    def redirect(self, request, proceed):
        """A hook for GETs of blobs: to the storage."""
        answer = proceed()
        if answer.status not in (200, 206):
            return answer
        digest = request.path.rsplit("/", 1)[1]
        return Answer(307, {"Location": f"{self.url}/storage/{digest}?signature=1"})

    def audit(self):
        return list(self.violations)


def _json(status, value):
    return Answer(
        status, {"Content-Type": "application/json"}, json.dumps(value).encode()
    )


def _error(status, code):
    return _json(status, {"errors": [{"code": code, "message": code.lower()}]})


def _challenge(text):
    answer = _error(401, "UNAUTHORIZED")
    answer.headers["WWW-Authenticate"] = text
    return answer


def _take(repository, digest):
    """Deletes a manifest with every tag on it."""
    del repository.manifests[digest]
    for tag in [tag for tag, other in repository.tags.items() if other == digest]:
        del repository.tags[tag]


def _needs(data, media_type):
    """(digests of children, digests of blobs) of a manifest."""
    value = json.loads(data)
    if media_type in INDEX_TYPES:
        return [child["digest"] for child in value["manifests"]], []
    return [], [blob["digest"] for blob in [value["config"], *value["layers"]]]


def _is_placeholder_manifest(data, blobs):
    config = json.loads(data).get("config", {}).get("digest")
    return _PLACEHOLDER_LABEL in blobs.get(config, b"")


def _scopes_for(request):
    """{(name, action)} that a request needs."""
    if request.path == "/v2/_catalog":
        return {("registry:catalog", "*")}
    found = re.match(rf"/v2/{_NAME}/(?:tags|manifests|blobs|referrers)/", request.path)
    if not found:
        return set()
    actions = {"GET": ["pull"], "HEAD": ["pull"], "DELETE": ["delete"]}
    wanted = {
        (f"repository:{found.group(1)}", action)
        for action in actions.get(request.method, ["pull", "push"])
    }
    if "from" in request.query:
        wanted.add((f"repository:{request.query['from']}", "pull"))
    return wanted


def _by_name(scopes):
    names = sorted({name for name, _ in scopes})
    return [(n, sorted(a for name, a in scopes if name == n)) for n in names]


_READ, _UPLOADS = "GET|HEAD", rf"/v2/{_NAME}/blobs/uploads/"
_MANIFESTS = rf"/v2/{_NAME}/manifests/([^/]+)"
_ROUTES = [
    (method, re.compile(path), handler)
    for method, path, handler in [
        (_READ, r"/v2/?", HostileRegistry._base),
        ("GET", r"/v2/_catalog", HostileRegistry._catalog),
        ("GET", rf"/v2/{_NAME}/tags/list", HostileRegistry._tag_list),
        ("GET", rf"/v2/{_NAME}/referrers/{_DIGEST}", HostileRegistry._referrers),
        (_READ, _MANIFESTS, HostileRegistry._read_manifest),
        ("PUT", _MANIFESTS, HostileRegistry._put_manifest),
        ("DELETE", _MANIFESTS, HostileRegistry._delete_manifest),
        (_READ, rf"/v2/{_NAME}/blobs/{_DIGEST}", HostileRegistry._read_blob),
        ("POST", _UPLOADS, HostileRegistry._begin_upload),
        (
            "GET|PUT|PATCH|DELETE",
            _UPLOADS + "([^/]+)",
            HostileRegistry._go_on_with_upload,
        ),
    ]
]
