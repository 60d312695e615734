# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""What a delete or a sync must come to, written from the rules alone.

Plain and slow on purpose, and without a line of the product: the tests hold
the product's effects against it. docs/deleting.md and docs/syncing.md hold the
rules. Regular expressions are Python's here: use what RE2 understands alike.
"""

import dataclasses
import datetime
import re

_SIGNATURE_LIKE = re.compile(
    r"(?:(sha256)-([0-9a-f]{64})|(sha512)-([0-9a-f]{128}))(?![0-9a-fA-F])", re.ASCII
)
_IDENTIFIERS = r"[0-9A-Za-z~-]+(?:\.[0-9A-Za-z~-]+)*"
_VERSION = re.compile(
    r"[vV]?(?P<numbers>[0-9]+(?:\.[0-9]+)*)"
    rf"(?:-(?P<dashed>{_IDENTIFIERS})|(?=[A-Za-z~-])(?P<attached>{_IDENTIFIERS}))?"
    rf"(?:\+{_IDENTIFIERS})?",
    re.ASCII,
)
_EPOCH_OF_DATES = datetime.datetime(2000, 1, 1, tzinfo=datetime.timezone.utc)
_NO_DATE = datetime.datetime.min.replace(tzinfo=datetime.timezone.utc)


def subject_spelled_by(tag):
    """The digest that a signature-like tag spells; None for another tag."""
    found = _SIGNATURE_LIKE.match(tag)
    if not found:
        return None
    algorithm = found.group(1) or found.group(3)
    return f"{algorithm}:{found.group(2) or found.group(4)}"


def version_key(tag):
    """What versions are ordered by, older first; None where `tag` is none."""
    found = _VERSION.fullmatch(tag)
    if not found:
        return None
    numbers = [int(number) for number in found["numbers"].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    prerelease = found["dashed"] or found["attached"]
    if prerelease is None:
        return numbers, (1,)
    identifiers = [
        (0, int(text), "") if text.isdigit() else (1, 0, text)
        for text in prerelease.split(".")
    ]
    return numbers, (0, identifiers)


@dataclasses.dataclass
class Repository:
    """All of a repository: {tag: digest} and {digest: image.Manifest}."""

    tags: dict
    manifests: dict

    @classmethod
    def of(cls, tagged):
        """From {tag: image.Manifest}."""
        manifests = {}
        for manifest in tagged.values():
            manifests.update(manifest.everything())
        return cls({tag: m.digest for tag, m in tagged.items()}, manifests)

    def children(self, digest):
        manifest = self.manifests.get(digest)
        return [child.digest for child in manifest.children] if manifest else []

    def subject(self, digest):
        manifest = self.manifests.get(digest)
        return manifest.subject if manifest else ""

    def reach(self, digests):
        """`digests` and everything below them."""
        found, todo = set(), list(digests)
        while todo:
            digest = todo.pop()
            if digest not in found:
                found.add(digest)
                todo += self.children(digest)
        return found

    def created(self, digest):
        """When an image was made; for an index the newest of its children."""
        manifest = self.manifests.get(digest)
        if manifest is None:
            return _NO_DATE
        if manifest.is_index:
            return max(map(self.created, self.children(digest)), default=_NO_DATE)
        if not manifest.created:
            return _NO_DATE
        time = datetime.datetime.fromisoformat(manifest.created.replace("Z", "+00:00"))
        return time if time >= _EPOCH_OF_DATES else _NO_DATE


@dataclasses.dataclass
class DeletePolicy:
    mix_count: int = 10
    sem_ver: bool = False
    include_keys: tuple = ()
    include_regex: str = ""
    exclude_keys: tuple = ()
    exclude_regex: str = ""
    shared_digest: str = "untag"
    undated: str = "keep"

    def is_candidate(self, tag):
        if _matches(tag, self.exclude_keys, self.exclude_regex):
            return False
        if _matches(tag, self.include_keys, self.include_regex):
            return True
        return self.sem_ver and version_key(tag) is None


def _matches(tag, keys, regex):
    return any(key in tag for key in keys) or bool(regex and re.search(regex, tag))


def doomed_tags(repository, policy, named=(), whole=True):
    """Tags that the rules or the config's own entries doom."""
    doomed = {tag for tag in named if tag in repository.tags}
    if not whole:
        return doomed
    candidates = [
        tag
        for tag in repository.tags
        if tag not in doomed
        and subject_spelled_by(tag) is None
        and policy.is_candidate(tag)
    ]

    def newness(tag):
        version = version_key(tag)
        if version is not None:
            return 1, version, _NO_DATE, tag
        return 0, ([], ()), repository.created(repository.tags[tag]), tag

    versions = sum(version_key(tag) is not None for tag in candidates)
    if versions < policy.mix_count < len(candidates) and policy.undated == "keep":
        # Dates decide: what bears none stays, and takes no place.
        candidates = [
            tag
            for tag in candidates
            if version_key(tag) is not None
            or repository.created(repository.tags[tag]) != _NO_DATE
        ]
    candidates.sort(key=newness, reverse=True)
    return doomed | set(candidates[policy.mix_count :])


@dataclasses.dataclass
class Survivors:
    """What is left: {tag: digest}; and digests that must answer 404."""

    tags: dict
    deleted: set
    kept: set


def after_delete(repository, policy, named=(), whole=True):
    """The Survivors of a deletion."""
    doomed = doomed_tags(repository, policy, named, whole)
    signatures = {
        tag: subject_spelled_by(tag)
        for tag in repository.tags
        if tag not in doomed and subject_spelled_by(tag) is not None
    }
    staying = set(repository.tags) - doomed - set(signatures)
    attached = set()
    # A signature-like tag, or a manifest with a subject, stays unless its
    # subject is deleted; what it reaches is kept then, which may keep other
    # subjects. So: delete all that may go, see what stays, until nothing moves.
    while True:
        kept = repository.reach({repository.tags[tag] for tag in staying} | attached)
        deleted, roots = _deleted(repository, doomed, signatures, staying, kept)
        more_tags = {
            tag
            for tag, subject in signatures.items()
            if tag not in staying and subject not in deleted
        }
        more_attached = {
            digest
            for digest in deleted - roots
            if repository.subject(digest) and repository.subject(digest) not in deleted
        }
        if not more_tags and not more_attached:
            break
        staying |= more_tags
        attached |= more_attached
    gone = set(repository.tags) - staying
    if policy.shared_digest == "keep":
        gone = {tag for tag in gone if repository.tags[tag] in deleted}
    tags = {t: d for t, d in repository.tags.items() if t not in gone}
    return Survivors(tags, deleted, kept)


def _deleted(repository, doomed, signatures, staying, kept):
    """(digests that may go, those of them that going tags bear)."""
    going, deleted = set(doomed), set()
    while True:
        roots = {repository.tags[tag] for tag in going}
        todo = list(roots)
        while todo:
            digest = todo.pop()
            if digest not in kept and digest not in deleted:
                deleted.add(digest)
                todo += repository.children(digest)
        also = {
            tag
            for tag, subject in signatures.items()
            if tag not in staying and subject in deleted
        }
        if also <= going:
            return deleted, roots
        going |= also


@dataclasses.dataclass
class SyncPolicy:
    filters: tuple = ()
    replace: tuple = ()  # Pairs of old and new.
    referrers: bool = True


def target_name(name, replace):
    """The name on the target: the first rule that fits, once."""
    for old, new in replace:
        if old and "/" in name and old in name:
            return name.replace(old, new, 1)
        if not old and "/" not in name:
            return f"{new}/{name}"
    return name


def selected_for_sync(repository, policy, named=(), whole=True):
    """Tags of a source repository that are copied."""
    selected = {tag for tag in named if tag in repository.tags}
    if whole:
        selected |= {
            tag
            for tag in repository.tags
            if not policy.filters or any(re.search(f, tag) for f in policy.filters)
        }
    while policy.referrers:
        reached = repository.reach(repository.tags[tag] for tag in selected)
        attached = {t for t in repository.tags if subject_spelled_by(t) in reached}
        if attached <= selected:
            break
        selected |= attached
    return selected


def after_sync(source, target, policy, listed=None):
    """{repository: {tag: digest}} of a target after a sync.

    `source` is {name: Repository}, `target` {name: {tag: digest}} before.
    `listed` is {name: (whole, named tags)}; None for the whole catalogue.
    """
    result = {name: dict(tags) for name, tags in target.items()}
    for name, (whole, named) in (listed or dict.fromkeys(source, (True, ()))).items():
        repository = source[name]
        copied = selected_for_sync(repository, policy, named, whole)
        if copied:
            tags = result.setdefault(target_name(name, policy.replace), {})
            tags.update({tag: repository.tags[tag] for tag in copied})
    return result
