# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""What the tests against a hostile registry have in common."""

from tests.support.case import (
    EndToEndTest,
    delete_section,
    registry_entry,
    sync_section,
)
from tests.support.hostile_registry import HostileRegistry, Storage
from tests.support.hostile_server import reset
from tests.support.oracle import DeletePolicy, SyncPolicy

# Everything whose name has `develop` goes.
DEVELOP = DeletePolicy(mix_count=0, include_keys=("develop",))


# Seconds for a submit: the product's own deadline for a stall is 30.
_PATIENCE = 45


class HostileTest(EndToEndTest):
    """Every server that a test made is audited when the test has ended."""

    def setUp(self):
        super().setUp()
        self._servers = []

    def tearDown(self):
        found = [text for server in self._servers for text in server.audit()]
        if found:
            first = "\n".join(found[:10])
            self.fail(f"what must never happen did, {len(found)} times:\n{first}")

    def hostile(self, contents=None, **options):
        """A started HostileRegistry that holds {repository: {tag: Manifest}}."""
        return self._start(HostileRegistry(**options), contents)

    def storage(self, registry):
        """Another host that holds the blobs of `registry`."""
        return self._start(Storage(registry))

    def _start(self, server, contents=None):
        self.addCleanup(server.stop)
        self._servers.append(server)
        if contents:
            server.fill(contents)
        return server.start()

    def run_deletion(
        self,
        registry,
        survivors,
        *arguments,
        status=0,
        policy=DEVELOP,
        entry=None,
        **more,
    ):
        """Submits a deletion that is to leave {repository: [tags]}.

        Whatever else the audit sees go is a violation. Returns the Result; what
        is left must be just that where `status` is 0.
        """
        self.allow_deletion(registry, survivors)
        config = self.delete_config(registry, policy, entry, **more)
        result = self.submit(config, *arguments, status=status)
        if status == 0:
            self.assert_left(registry, survivors)
        return result

    def delete_config(self, registry, policy=DEVELOP, entry=None, **more):
        return self.config(
            {"one": registry_entry(registry, **(entry or {}))},
            delete=delete_section(policy, ["one"], **more),
        )

    def delete_config_of_two(self, one, two):
        return self.config(
            {"one": registry_entry(one), "two": registry_entry(two)},
            delete=delete_section(DEVELOP, ["one", "two"]),
        )

    def submit_until_done(self, config, attempts=3):
        """Submits until it ends with 0; the Results. Fails after `attempts`."""
        results = []
        for _ in range(attempts):
            results.append(self.product.run("submit", config, timeout=_PATIENCE))
            if results[-1].status == 0:
                return results
            # A failure is never without its reason.
            self.assertRegex(results[-1].text, "(?i)fail|could not|cannot|refuse")
        self.fail(f"not done after {attempts} submits: {results[-1]}")

    def submit(self, config, *arguments, status=0, **options):
        """As in EndToEndTest; a `status` of None is any end of a run."""
        options.setdefault("timeout", _PATIENCE)
        if status is not None:
            return super().submit(config, *arguments, status=status, **options)
        result = self.product.run("submit", config, *arguments, **options)
        self.assertIn(result.status, (0, 1, 3), result)
        return result

    def kill_at(self, registry, config, method, path, skip=0, proceeds=False):
        """Submits; kills every process when such a request comes, and answers it
        with its effect or without."""
        with self.product.start("submit", config) as running:

            def kill(request, proceed):
                victims = running.descendants()
                running.kill()
                for victim in victims:
                    victim.kill()
                return proceed() if proceeds else reset(request, proceed)

            registry.script(method, path, kill, times=1, skip=skip)
            running.wait()
        registry.forget_scripts()

    def allow_deletion(self, registry, survivors):
        """Tags that are not in {repository: [tags]} may go, and what they
        reach and the others do not."""
        registry.begin_audit()
        for name, left in survivors.items():
            tags = registry.contents().get(name, {})
            doomed = {tag: tags[tag] for tag in tags if tag not in left}
            kept = registry.reach(name, [tags[tag] for tag in tags if tag in left])
            registry.allowed.tags |= {(name, tag) for tag in doomed}
            gone = registry.reach(name, doomed.values()) - kept
            registry.allowed.digests |= {(name, digest) for digest in gone}

    def assert_left(self, registry, survivors):
        """The tags are exactly {repository: [tags]}; what was allowed to go has
        gone. (That all that is left is complete, the audit says.)"""
        for name, tags in survivors.items():
            self.assertEqual(registry.tags(name), sorted(tags), name)
        left = [one for one in registry.allowed.digests if registry.has(*one)]
        self.assertEqual(left, [], "not deleted")

    def sync_config(
        self,
        source,
        target,
        policy=SyncPolicy(),
        source_entry=None,
        target_entry=None,
        **more,
    ):
        """A config that syncs, which the target allows."""
        target.allowed.pushes = True
        for server in (source, target):
            server.begin_audit()
        return self.config(
            {
                "source": registry_entry(source, **(source_entry or {})),
                "target": registry_entry(target, **(target_entry or {})),
            },
            sync=sync_section(policy, "source", "target", **more),
        )

    def run_sync(
        self,
        source,
        target,
        *arguments,
        status=0,
        policy=SyncPolicy(),
        source_entry=None,
        target_entry=None,
        **more,
    ):
        """Submits a sync; the target holds just the source's tags where it is
        to end with 0. Returns the Result."""
        config = self.sync_config(
            source, target, policy, source_entry, target_entry, **more
        )
        result = self.submit(config, *arguments, status=status)
        if status == 0:
            self.assertEqual(target.contents(), source.contents())
        return result
