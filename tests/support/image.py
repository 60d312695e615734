# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Images made without an engine: same arguments, same bytes, same digests."""

import concurrent.futures
import dataclasses
import gzip
import io
import json
import random
import tarfile

from tests.support.client import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    INDEX_TYPES,
    OCI_INDEX,
    OCI_MANIFEST,
    digest_of,
)

DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
COSIGN_PAYLOAD = "application/vnd.dev.cosign.simplesigning.v1+json"


@dataclasses.dataclass(frozen=True)
class Blob:
    data: bytes
    media_type: str

    @property
    def digest(self):
        return digest_of(self.data)

    def descriptor(self):
        return {
            "mediaType": self.media_type,
            "size": len(self.data),
            "digest": self.digest,
        }


@dataclasses.dataclass(frozen=True)
class Manifest:
    """A manifest with all that must be in a registry before it."""

    data: bytes
    media_type: str
    blobs: tuple = ()
    children: tuple = ()
    subject: str = ""
    # As the image's config has it; "" where it has none.
    created: str = ""

    @property
    def digest(self):
        return digest_of(self.data)

    @property
    def is_index(self):
        return self.media_type in INDEX_TYPES

    def descriptor(self, platform=None):
        result = {
            "mediaType": self.media_type,
            "size": len(self.data),
            "digest": self.digest,
        }
        if platform:
            os_name, _, architecture = platform.partition("/")
            result["platform"] = {"architecture": architecture, "os": os_name}
        return result

    def everything(self):
        """This manifest and all below it, by digest."""
        found = {self.digest: self}
        for child in self.children:
            found.update(child.everything())
        return found


def random_layer(seed, size=2048, media_type=OCI_LAYER):
    """`size` bytes that do not compress and are no archive."""
    return Blob(random.Random(f"layer {seed}").randbytes(size), media_type)


def tar_layer(files, media_type=OCI_LAYER):
    """A gzipped archive of {path: bytes}."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path in sorted(files):
            entry = tarfile.TarInfo(path)
            entry.size = len(files[path])
            archive.addfile(entry, io.BytesIO(files[path]))
    return Blob(gzip.compress(buffer.getvalue(), mtime=0), media_type)


def image(
    seed,
    *,
    created="2024-01-01T00:00:00Z",
    oci=True,
    layers=None,
    architecture="amd64",
    subject=None,
    artifact_type=None,
    config_media_type=None,
    annotations=None,
):
    """An image, or with `config_media_type` an artifact, unlike any other seed's.

    `created` may be None. `subject` is the Manifest that it is attached to.
    """
    layer_type = OCI_LAYER if oci else DOCKER_LAYER
    if layers is None:
        layers = (random_layer(seed, media_type=layer_type),)
    config = {
        "architecture": architecture,
        "os": "linux",
        "config": {"Labels": {"seed": str(seed)}},
        "rootfs": {"type": "layers", "diff_ids": [blob.digest for blob in layers]},
    }
    if created:
        config["created"] = created
    standard = OCI_CONFIG if oci else DOCKER_CONFIG
    config_blob = Blob(
        json.dumps(config, sort_keys=True).encode(), config_media_type or standard
    )
    media_type = OCI_MANIFEST if oci else DOCKER_MANIFEST
    value = {
        "schemaVersion": 2,
        "mediaType": media_type,
        "config": config_blob.descriptor(),
        "layers": [blob.descriptor() for blob in layers],
    }
    if artifact_type:
        value["artifactType"] = artifact_type
    if subject:
        value["subject"] = subject.descriptor()
    if annotations:
        value["annotations"] = annotations
    return Manifest(
        _encode(value),
        media_type,
        blobs=(config_blob, *layers),
        subject=subject.digest if subject else "",
        created=created or "",
    )


def index(children, *, oci=True, platforms=None, annotations=None):
    """An index of `children`, which may be indexes themselves."""
    media_type = OCI_INDEX if oci else DOCKER_LIST
    if platforms is None:
        known = ["linux/amd64", "linux/arm64", "linux/s390x", "linux/ppc64le"]
        platforms = [known[i % len(known)] for i in range(len(children))]
    value = {
        "schemaVersion": 2,
        "mediaType": media_type,
        "manifests": [
            child.descriptor(platform)
            for child, platform in zip(children, platforms, strict=True)
        ],
    }
    if annotations:
        value["annotations"] = annotations
    return Manifest(_encode(value), media_type, children=tuple(children))


def signature(subject, seed="key"):
    """A cosign-like signature of `subject`, to be tagged signature_tag()."""
    payload = {"critical": {"image": {"docker-manifest-digest": subject.digest}}}
    layer = Blob(json.dumps([payload, str(seed)]).encode(), COSIGN_PAYLOAD)
    return image(f"signature {seed} {subject.digest}", created=None, layers=(layer,))


def signature_tag(digest, suffix=".sig"):
    """The tag that spells `digest`: `.sig`, `.att`, or "" for a referrers tag."""
    return digest.replace(":", "-") + suffix


def attachment(subject, seed="sbom", artifact_type="application/vnd.example.sbom"):
    """An artifact of unknown types that names `subject`."""
    layer = Blob(f"{seed} of {subject.digest}".encode(), "application/vnd.example.text")
    return image(
        f"attachment {seed} {subject.digest}",
        created=None,
        layers=(layer,),
        subject=subject,
        artifact_type=artifact_type,
        config_media_type="application/vnd.example.config+json",
    )


def referrers_index(attachments):
    """What the referrers fallback tag of a subject points at."""
    return index(attachments, platforms=[None] * len(attachments))


class Pusher:
    """Pushes manifests with all that they need; sends nothing twice."""

    def __init__(self, client):
        self._client = client
        self._pushed = set()

    def push(self, repository, reference, manifest):
        """Pushes `manifest`; `reference` is a tag, or None for its digest."""
        for child in manifest.children:
            self.push(repository, None, child)
        for blob in manifest.blobs:
            if (repository, blob.digest) not in self._pushed:
                self._client.push_blob(repository, blob.data)
                self._pushed.add((repository, blob.digest))
        reference = reference or manifest.digest
        if (repository, reference, manifest.digest) not in self._pushed:
            self._client.push_manifest(
                repository, reference, manifest.data, manifest.media_type
            )
            self._pushed.add((repository, reference, manifest.digest))

    def push_all(self, contents, threads=4):
        """Pushes {repository: {tag: Manifest}}, one thread to a repository."""

        def push_repository(item):
            repository, tags = item
            for tag, manifest in tags.items():
                self.push(repository, tag, manifest)

        with concurrent.futures.ThreadPoolExecutor(threads) as pool:
            list(pool.map(push_repository, contents.items()))


def _encode(value):
    return json.dumps(value, indent=2).encode()
