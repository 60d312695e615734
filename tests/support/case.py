# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests have in common: registries, configs, assertions."""

import os
import unittest

from tests.support import client, image, oracle, process
from tests.support.product import Product
from tests.support.registry import Registry


def registry_entry(registry, **more):
    """An entry under `registries` for a registry.Registry."""
    entry = {"registry": registry.url}
    users = registry.users or (registry.token_server and registry.token_server.users)
    if users:
        entry["username"], entry["password"] = next(iter(users.items()))
    if registry.authority:
        entry["ca-file"] = registry.authority.certificate
    return {**entry, **more}


def delete_section(policy, registries, **more):
    """`delete-policy` for an oracle.DeletePolicy; really deletes."""
    return {
        "registries": list(registries),
        "dry-run": False,
        "mix-count": policy.mix_count,
        "sem-ver": policy.sem_ver,
        "shared-digest": policy.shared_digest,
        "undated": policy.undated,
        "tags": {
            "include": {
                "keys": ",".join(policy.include_keys),
                "regex": policy.include_regex,
            },
            "exclude": {
                "keys": ",".join(policy.exclude_keys),
                "regex": policy.exclude_regex,
            },
        },
        **more,
    }


def sync_section(policy, source, target, **more):
    """`sync-policy` for an oracle.SyncPolicy; really copies."""
    return {
        "from": source,
        "to": target,
        "dry-run": False,
        "referrers": policy.referrers,
        "replace": [{"old": old, "new": new} for old, new in policy.replace],
        "filters": list(policy.filters),
        **more,
    }


class EndToEndTest(unittest.TestCase):
    """A test of the real programs against real registries."""

    maxDiff = 4000

    def setUp(self):
        scratch = process.scratch_folder()
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name
        self.product = Product(os.path.join(self.folder, "p"))

    def registry(self, name="registry", **options):
        """A started registry.Registry that ends with the test."""
        made = Registry(os.path.join(self.folder, name), **options)
        self.addCleanup(made.stop)
        return made.start()

    def fill(self, registry, contents):
        """Pushes {repository: {tag: Manifest}}; {repository: oracle.Repository}."""
        image.Pusher(registry.client()).push_all(contents)
        return {name: oracle.Repository.of(tags) for name, tags in contents.items()}

    def config(self, registries, name="config.yml", **policies):
        """Writes a config; policies are delete=… and sync=… sections."""
        value = {"registries": registries}
        for key, section in policies.items():
            value[f"{key}-policy"] = section
        return self.product.write_config(value, name)

    def submit(self, config, *arguments, status=0, **options):
        return self.run_product("submit", config, *arguments, status=status, **options)

    def run_product(self, *arguments, status=0, **options):
        """Runs the coordinator; fails with all it said on another status."""
        result = self.product.run(*arguments, **options)
        self.assertEqual(result.status, status, result)
        return result

    def assert_contents(self, registry, expected):
        """The registry holds exactly {repository: {tag: digest}}."""
        expected = {name: tags for name, tags in expected.items() if tags}
        self.assertEqual(registry.client().contents(), expected)

    def assert_pulls(self, registry):
        """Everything that has a tag can be pulled completely."""
        speaker = registry.client()
        for name, tags in speaker.contents().items():
            for tag in tags:
                client.pull_completely(speaker, name, tag)

    def assert_survivors(self, registry, survivors, absent=()):
        """The registry holds exactly {repository: oracle.Survivors}.

        `absent` are digests that the repositories never held, although an
        index names them.
        """
        self.assert_contents(registry, {n: s.tags for n, s in survivors.items()})
        speaker = registry.client()
        for name, left in survivors.items():
            for digest in left.deleted:
                self.assertIsNone(speaker.resolve(name, digest), f"{name}@{digest}")
            for digest in left.kept - set(absent):
                client.pull_completely(speaker, name, digest)

    def assert_no_writes(self, registry, mark):
        writes = [r for r in registry.requests_since(mark) if r.writes]
        self.assertEqual(writes, [])

    def assert_reads_no_blob(self, registry, mark):
        reads = [r for r in registry.requests_since(mark) if r.reads_blob]
        self.assertEqual(reads, [])


def blob_file(registry, digest):
    """Where a registry keeps the bytes of a blob or manifest."""
    hexes = digest.removeprefix("sha256:")
    return os.path.join(
        registry.folder, "data/docker/registry/v2/blobs/sha256", hexes[:2], hexes, "data"
    )


def revision_link(registry, repository, digest):
    """The file that makes a manifest part of a repository."""
    return os.path.join(
        registry.folder,
        "data/docker/registry/v2/repositories",
        repository,
        "_manifests/revisions/sha256",
        digest.removeprefix("sha256:"),
        "link",
    )
