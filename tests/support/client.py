# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""A minimal client of the Registry API, independent of the product's code."""

import base64
import hashlib
import http.client
import json
import re
import ssl
import threading
import urllib.parse

USER_AGENT = "registry-manager-test-client"

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
INDEX_TYPES = (OCI_INDEX, DOCKER_LIST)
_ACCEPT = ", ".join((OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST))


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Refused(Exception):
    """An answer that is no success; `status` says which."""

    def __init__(self, method, path, status, body):
        super().__init__(f"{method} {path}: {status} {body[:300]!r}")
        self.status = status


class Corrupt(Exception):
    """Something is missing, or its bytes are not what its digest says."""


class Client:
    """Speaks to one registry. Threads may share it: each has a connection."""

    def __init__(self, url, username=None, password=None, ca_file=None):
        parsed = urllib.parse.urlparse(url)
        self.url = url
        self._host, self._port = parsed.hostname, parsed.port
        self._context = None
        if parsed.scheme == "https":
            self._context = ssl.create_default_context(cafile=ca_file)
        self._basic = None
        if username is not None:
            text = f"{username}:{password}".encode()
            self._basic = "Basic " + base64.b64encode(text).decode()
        self._local = threading.local()

    # Requests.

    def request(self, method, path, headers=None, body=None):
        """(status, headers, body); signs in where the registry asks for it."""
        path = path.removeprefix(self.url)
        headers = {"User-Agent": USER_AGENT, **(headers or {})}
        known = getattr(self._local, "authorization", None)
        if known:
            headers["Authorization"] = known
        answer = self._send(method, path, headers, body)
        if answer[0] == 401:
            challenge = answer[1].get("WWW-Authenticate", "")
            headers["Authorization"] = self._sign_in(challenge)
            self._local.authorization = headers["Authorization"]
            answer = self._send(method, path, headers, body)
        return answer

    def _send(self, method, path, headers, body):
        for attempt in range(3):
            connection = getattr(self._local, "connection", None)
            if connection is None:
                connection = self._local.connection = self._connect()
            try:
                connection.request(method, path, body=body, headers=headers)
                response = connection.getresponse()
                return response.status, response.headers, response.read()
            except (OSError, http.client.HTTPException):
                # A kept connection that the server has closed since.
                connection.close()
                self._local.connection = None
                if attempt == 2:
                    raise
        raise AssertionError("not reached")

    def _connect(self):
        if self._context:
            return http.client.HTTPSConnection(
                self._host, self._port, timeout=60, context=self._context
            )
        return http.client.HTTPConnection(self._host, self._port, timeout=60)

    def _sign_in(self, challenge):
        kind, _, rest = challenge.partition(" ")
        if kind.lower() != "bearer":
            return self._basic or ""
        values = dict(re.findall(r'(\w+)="([^"]*)"', rest))
        query = {"service": values.get("service", "")}
        if "scope" in values:
            query["scope"] = values["scope"]
        realm = urllib.parse.urlparse(values["realm"])
        connection = http.client.HTTPConnection(realm.hostname, realm.port, timeout=60)
        headers = {"User-Agent": USER_AGENT}
        if self._basic:
            headers["Authorization"] = self._basic
        path = realm.path + "?" + urllib.parse.urlencode(query)
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        if response.status != 200:
            raise Refused("GET", values["realm"], response.status, body)
        return "Bearer " + json.loads(body)["token"]

    def _must(self, method, path, wanted, headers=None, body=None):
        status, answer, data = self.request(method, path, headers, body)
        if status not in wanted:
            raise Refused(method, path, status, data)
        return status, answer, data

    # Reading.

    def catalog(self):
        """Names of all repositories, also of those without a tag."""
        names, path = [], "/v2/_catalog?n=100"
        while path:
            _, headers, body = self._must("GET", path, (200,))
            names += json.loads(body)["repositories"] or []
            path = _next_page(headers)
        return names

    def tags(self, repository):
        """Sorted tags; none where the registry does not know the repository."""
        names, path = [], f"/v2/{repository}/tags/list"
        while path:
            status, headers, body = self._must("GET", path, (200, 404))
            if status == 404:
                return []
            names += json.loads(body)["tags"] or []
            path = _next_page(headers)
        return sorted(names)

    def resolve(self, repository, reference):
        """The digest behind a tag or digest; None where there is none."""
        path = f"/v2/{repository}/manifests/{reference}"
        status, headers, _ = self._must("HEAD", path, (200, 404), {"Accept": _ACCEPT})
        return headers["Docker-Content-Digest"] if status == 200 else None

    def manifest(self, repository, reference):
        """(bytes, media type); Refused where there is none."""
        path = f"/v2/{repository}/manifests/{reference}"
        _, headers, body = self._must("GET", path, (200,), {"Accept": _ACCEPT})
        return body, headers["Content-Type"]

    def blob(self, repository, digest):
        return self._must("GET", f"/v2/{repository}/blobs/{digest}", (200,))[2]

    def tagged(self, repository):
        """{tag: digest}; a listed tag that cannot be resolved is Corrupt."""
        result = {}
        for tag in self.tags(repository):
            result[tag] = self.resolve(repository, tag)
            if result[tag] is None:
                raise Corrupt(f"{repository}:{tag} is listed but dangling")
        return result

    def contents(self):
        """{repository: {tag: digest}}, without repositories that have no tag."""
        found = {name: self.tagged(name) for name in self.catalog()}
        return {name: tags for name, tags in found.items() if tags}

    # Writing.

    def has_blob(self, repository, digest):
        path = f"/v2/{repository}/blobs/{digest}"
        return self._must("HEAD", path, (200, 404))[0] == 200

    def mount(self, repository, digest, source):
        """Whether the blob was mounted; otherwise nothing has happened."""
        path = f"/v2/{repository}/blobs/uploads/?mount={digest}&from={source}"
        return self._must("POST", path, (201, 202), {"Content-Length": "0"})[0] == 201

    def push_blob(self, repository, data):
        path = f"/v2/{repository}/blobs/uploads/"
        _, headers, _ = self._must("POST", path, (202,), {"Content-Length": "0"})
        location = headers["Location"]
        location += ("&" if "?" in location else "?") + "digest=" + digest_of(data)
        kind = {"Content-Type": "application/octet-stream"}
        self._must("PUT", location, (201,), kind, data)

    def push_manifest(self, repository, reference, data, media_type):
        path = f"/v2/{repository}/manifests/{reference}"
        self._must("PUT", path, (201,), {"Content-Type": media_type}, data)

    def delete(self, repository, digest):
        """Deletes a manifest; False where there was none."""
        path = f"/v2/{repository}/manifests/{digest}"
        return self._must("DELETE", path, (202, 404))[0] == 202


def pull_completely(client, repository, reference):
    """Reads a manifest, all below it and all blobs, and verifies every byte.

    Returns the digests of the manifests. Corrupt names what is not right.
    """
    digest = client.resolve(repository, reference)
    if digest is None:
        raise Corrupt(f"{repository}@{reference} is not there")
    seen = set()
    _pull(client, repository, digest, seen, set(), reference)
    return seen


def _pull(client, repository, digest, seen, blobs, origin):
    if digest in seen:
        return
    seen.add(digest)
    where = f"{digest} of {repository}@{origin}"
    try:
        data, media_type = client.manifest(repository, digest)
    except Refused as error:
        raise Corrupt(f"manifest {where}: {error}") from error
    if digest_of(data) != digest:
        raise Corrupt(f"manifest {where} has other bytes")
    value = json.loads(data)
    if media_type in INDEX_TYPES:
        for child in value["manifests"]:
            _pull(client, repository, child["digest"], seen, blobs, origin)
        return
    for blob in [value["config"], *value["layers"]]:
        if blob["digest"] in blobs:
            continue
        blobs.add(blob["digest"])
        try:
            content = client.blob(repository, blob["digest"])
        except Refused as error:
            raise Corrupt(f"blob {blob['digest']} of {where}: {error}") from error
        if digest_of(content) != blob["digest"] or len(content) != blob["size"]:
            raise Corrupt(f"blob {blob['digest']} of {where} has other bytes")


def _next_page(headers):
    found = re.match(r'<([^>]*)>;\s*rel="?next"?', headers.get("Link", ""))
    return found.group(1) if found else None
