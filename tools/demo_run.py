# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""What tools/demo shows: two registries, a plan, a sync, a deletion, a check.

Stands on tests/support: real docker-registry servers, images made without an
engine, and an expectation computed apart from the product's code.
"""

import os
import signal
import sys
import time

from tests.support import client, image, oracle, process
from tests.support.product import Product
from tests.support.registry import Registry

_DELETE = oracle.DeletePolicy(
    mix_count=2, include_keys=("develop", "feature"), exclude_regex="^latest$"
)
_SYNC = oracle.SyncPolicy(
    filters=(r"^v?\d+\.\d+\.\d+$", "^latest$"), replace=(("library", "prod"),)
)
_CONFIG = """\
registries:
  office:
    registry: {office}
  mirror:
    registry: {mirror}

# First: copy the releases of everything, library/... as prod/...
sync-policy:
  from: office
  to: mirror
  dry-run: false
  replace:
    - old: library
      new: prod
  filters:
    - '^v?\\d+\\.\\d+\\.\\d+$'
    - '^latest$'

# Then: of the branch builds keep the newest two in each repository.
delete-policy:
  registries:
    - office
  dry-run: false
  mix-count: 2
  tags:
    include:
      keys: develop,feature
    exclude:
      regex: ^latest$
"""


class _Narrator:
    """Numbered headings, and facts that are checked and printed."""

    def __init__(self):
        self.wrong = 0
        self._step = 0

    def step(self, title):
        self._step += 1
        print(f"\n--- {self._step}. {title}\n", flush=True)

    def check(self, fact, holds):
        print(f"  {'right' if holds else 'WRONG'}  {fact}", flush=True)
        self.wrong += not holds


def _multi_platform(seed, day):
    return image.index(
        [
            image.image(
                f"{seed} {architecture}",
                created=f"2024-03-{day:02}T10:00:00Z",
                architecture=architecture,
                layers=(
                    image.random_layer(f"base {architecture}", 300_000),
                    image.tar_layer({"app/version": seed.encode()}),
                ),
            )
            for architecture in ("amd64", "arm64")
        ],
        platforms=["linux/amd64", "linux/arm64"],
    )


def sample_images():
    """{repository: {tag: Manifest}}: what the demo's office holds."""
    contents = {}
    for name in ("library/web", "library/database", "team/reports"):
        tags = {
            f"1.{minor}.0": _multi_platform(f"{name} 1.{minor}", minor + 1)
            for minor in range(4)
        }
        tags["latest"] = tags["1.3.0"]
        for day in range(1, 7):
            tags[f"develop-{day}"] = image.image(
                f"{name} develop {day}", created=f"2024-04-{day:02}T09:00:00Z", oci=False
            )
        # A branch build that was released as it was: two tags on one image.
        tags["feature-login"] = tags["1.2.0"]
        for tag in ("1.3.0", "develop-1"):
            signed = tags[tag]
            tags[image.signature_tag(signed.digest)] = image.signature(signed)
        contents[name] = tags
    contents["tools/lint"] = {"v2.0.1": image.image("lint", oci=False)}
    return contents


def _show(contents):
    for name, tags in sorted(contents.items()):
        words = []
        for tag in sorted(tags):
            spelled = oracle.subject_spelled_by(tag)
            words.append(f"sha256-{spelled[7:15]}….sig" if spelled else tag)
        print(f"  {name}: {', '.join(words)}")


class _Demo:
    def __init__(self, folder):
        self.office = Registry(os.path.join(folder, "office"))
        self.mirror = Registry(os.path.join(folder, "mirror"))
        self._product = Product(os.path.join(folder, "p"))
        self._tell = _Narrator()

    def run(self):
        """Whether everything came out right."""
        with self.office, self.mirror:
            self._begin()
            self._product_at_work()
            self._check()
        return not self._tell.wrong

    def _begin(self):
        self._tell.step("Two throwaway registries start")
        print(f"  office  {self.office.url}\n  mirror  {self.mirror.url}  (empty)\n")
        contents = sample_images()
        image.Pusher(self.office.client()).push_all(contents)
        self._before = {n: oracle.Repository.of(t) for n, t in contents.items()}
        print("The office now holds releases for two platforms, builds of branches,")
        print("tags that share an image, and signatures:\n")
        _show(contents)

        self._tell.step("The config says what should be so")
        text = _CONFIG.format(office=self.office.url, mirror=self.mirror.url)
        self._product.write_config(text, "demo.yml")
        print("\n".join(f"  {line}".rstrip() for line in text.splitlines()))

    def _product_at_work(self):
        self._tell.step("A plan: what would happen, and why. Nothing is changed.")
        marks = self.office.mark(), self.mirror.mark()
        planned = self._coordinator("plan", "demo.yml")
        wrote = [
            request
            for registry, mark in zip((self.office, self.mirror), marks)
            for request in registry.requests_since(mark)
            if request.writes
        ]
        print()
        self._tell.check("the plan was made", planned)
        self._tell.check("no request that writes was sent", not wrote)

        self._tell.step("For real: sync, then delete, by local worker processes")
        begun = time.monotonic()
        done = self._coordinator("submit", "demo.yml")
        seconds = time.monotonic() - begun
        print()
        self._tell.check(f"the run ended well, after {seconds:.1f} s", done)

        self._tell.step("Afterwards: the state of the run, and its report")
        answered = [self._coordinator(verb) for verb in ("status", "report")]
        print()
        self._tell.check("both were answered", all(answered))

    def _coordinator(self, *arguments):
        print(f"$ coordinator {' '.join(arguments)}", flush=True)
        running = process.spawn(
            [self._product.coordinator, *arguments],
            env=self._product.environment,
            cwd=self._product.folder,
        )
        return running.wait() == 0

    def _check(self):
        self._tell.step("Is it right? A client and rules of the demo's own look")
        left = {n: oracle.after_delete(r, _DELETE) for n, r in self._before.items()}
        copied = oracle.after_sync(self._before, {}, _SYNC)
        office, mirror = self.office.client(), self.mirror.client()
        self._tell.check(
            "the mirror holds every release, under the same digests, and its"
            " signatures; nothing else",
            _contents(mirror) == copied,
        )
        self._tell.check(
            "the office lost all but the two newest branch builds of each"
            " repository, and nothing else",
            _contents(office) == {n: s.tags for n, s in left.items()},
        )
        self._tell.check(
            "feature-login is gone; 1.2.0, the same image, is still there",
            "feature-login" not in office.tags("library/web")
            and "1.2.0" in office.tags("library/web"),
        )
        self._tell.check(
            "what was deleted is really gone",
            not any(
                office.resolve(name, digest)
                for name, survivors in left.items()
                for digest in survivors.deleted
            ),
        )
        for title, speaker in (("office", office), ("mirror", mirror)):
            self._tell.check(
                f"every image of the {title} can be pulled, every byte of it",
                _pulls(speaker),
            )


def _contents(speaker):
    try:
        return speaker.contents()
    except client.Corrupt as error:
        return str(error)


def _pulls(speaker):
    try:
        for name, tags in speaker.contents().items():
            for tag in tags:
                client.pull_completely(speaker, name, tag)
    except client.Corrupt as error:
        print(f"  {error}")
        return False
    return True


def main():
    # So that the folder is removed then, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with process.scratch_folder("rm-demo-") as folder:
        right = _Demo(folder).run()
    print("\nThe registries and everything they held are gone again.")
    print("All came out right." if right else "SOMETHING IS WRONG: see above.")
    return 0 if right else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("\ndemo: interrupted; its registries are gone")
