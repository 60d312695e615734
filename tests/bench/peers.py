# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""How each tool is told to do the benchmark's work.

A peer is a function of a Work that returns commands: lists of arguments, to be
run so many at a time. One that cannot do a work has no function for it.
"""

import dataclasses
import json
import os
import shutil


@dataclasses.dataclass
class Work:
    source: object
    target: object
    # {repository: [tags]}
    contents: dict
    # Of a deletion: the tags that go, the same in every repository.
    doomed: list
    # A fresh folder for config files.
    folder: str
    product: object


@dataclasses.dataclass
class Commands:
    commands: list
    at_once: int = 1
    environment: dict = None


def _write(work, name, value):
    path = os.path.join(work.folder, name)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file)  # JSON is YAML.
    return path


def _ours_sync(work):
    path = _write(
        work,
        "sync.yml",
        {
            "registries": {
                "source": {"registry": work.source.url},
                "target": {"registry": work.target.url},
            },
            "sync-policy": {"from": "source", "to": "target", "dry-run": False},
        },
    )
    command = [work.product.coordinator, "submit", path]
    return Commands([command], environment=work.product.environment)


def _ours_delete(work):
    path = _write(
        work,
        "delete.yml",
        {
            "registries": {"target": {"registry": work.target.url}},
            "delete-policy": {
                "registries": ["target"],
                "dry-run": False,
                "mix-count": 0,
                "tags": {"include": {"keys": "doomed"}},
            },
        },
    )
    command = [work.product.coordinator, "submit", path]
    return Commands([command], environment=work.product.environment)


def _skopeo_sync(work):
    images = {repository: [] for repository in work.contents}
    path = _write(
        work,
        "skopeo.yml",
        {work.source.host: {"images": images, "tls-verify": False}},
    )
    return Commands(
        [
            ["skopeo", "sync", "--all", "--src", "yaml", "--dest", "docker"]
            + ["--dest-tls-verify=false", path, f"{work.target.host}/"]
        ]
    )


def _skopeo_delete(work):
    return Commands(
        [
            ["skopeo", "delete", "--tls-verify=false"]
            + [f"docker://{work.target.host}/{repository}:{tag}"]
            for repository in work.contents
            for tag in work.doomed
        ],
        at_once=3,
    )


def _skopeo_copy(work):
    return Commands(
        [
            ["skopeo", "copy", "--all", "--src-tls-verify=false"]
            + ["--dest-tls-verify=false"]
            + [f"docker://{one.host}/{repository}:{tag}" for one in _ends(work)]
            for repository, tags in work.contents.items()
            for tag in tags
        ]
    )


def _ends(work):
    return (work.source, work.target)


def _regsync(work):
    path = _write(
        work,
        "regsync.yml",
        {
            "version": 1,
            "creds": [
                {"registry": one.host, "tls": "disabled", "reqConcurrent": 16}
                for one in _ends(work)
            ],
            "defaults": {"parallel": 8},
            "sync": [
                {
                    "source": f"{work.source.host}/{repository}",
                    "target": f"{work.target.host}/{repository}",
                    "type": "repository",
                }
                for repository in work.contents
            ],
        },
    )
    return Commands([["regsync", "once", "-c", path]])


def _crane(work):
    return Commands(
        [
            ["crane", "copy", "--insecure", "--all-tags", "--jobs", "8"]
            + [f"{one.host}/{repository}" for one in _ends(work)]
            for repository in work.contents
        ]
    )


_PEERS = {
    "cold": {
        "ours": _ours_sync,
        "skopeo": _skopeo_sync,
        "regsync": _regsync,
        "crane": _crane,
    },
    "delete": {"ours": _ours_delete, "skopeo": _skopeo_delete},
    "large": {"ours": _ours_sync, "skopeo": _skopeo_copy, "crane": _crane},
    "start": {"ours": _ours_sync},
}
_PEERS["warm"] = _PEERS["cold"]


def peers_for(work_name):
    """{name: function of a Work} of those that are installed."""
    return {
        name: peer
        for name, peer in _PEERS[work_name].items()
        if name == "ours" or shutil.which(name)
    }
