# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Random repositories that hold what real ones hold, odd things included."""

import datetime

from tests.support import image

_BRANCHES = ("develop", "release", "hotfix", "feature", "master", "main", "nightly")
_WORDS = ("alpine", "slim", "debug", "x1", "build")


def random_repository(rng, seed, tags=12):
    """{tag: image.Manifest}: versions, branches, dates, indexes, signatures,
    attachments, tags that share a digest and indexes that share children.

    The same `rng` state and `seed` give the same contents.
    """
    result = {}
    pool = []
    for number in range(tags):
        result[_random_tag(rng, result)] = _random_manifest(
            rng, f"{seed}/{number}", pool
        )
    for tag in rng.sample(sorted(result), max(1, tags // 5)):
        # A second tag on one digest.
        result[_random_tag(rng, result)] = result[tag]
    for tag in rng.sample(sorted(result), max(1, tags // 3)):
        _attach(rng, result, result[tag])
    return result


def random_registry(rng, seed, repositories=6, tags=12):
    """{repository: {tag: image.Manifest}}, names of one to three components."""
    result = {}
    for number in range(repositories):
        prefix = rng.choice(["", "library/", "team/", "team/app/"])
        result[f"{prefix}repo{number}"] = random_repository(
            rng, f"{seed}/{number}", tags=rng.randint(2, tags)
        )
    return result


def _random_tag(rng, taken):
    while True:
        kind = rng.randrange(6)
        number = f"{rng.randint(0, 3)}.{rng.randint(0, 12)}.{rng.randint(0, 3)}"
        if kind <= 1:
            tag = rng.choice(["", "v"]) + number
        elif kind == 2:
            rest = rng.choice(["-alpha.1", "-rc2", "-rc10", "-beta", "-1", "b"])
            tag = number + rest
        elif kind == 3:
            tag = f"{rng.choice(_BRANCHES)}-{rng.randint(1, 99)}"
        elif kind == 4:
            tag = f"{rng.choice([2018, 2019, 2024])}-{rng.randint(1, 12):02}-11"
        else:
            tag = rng.choice(["latest", "stable", *_BRANCHES, *_WORDS])
        if tag not in taken:
            return tag


def _random_date(rng):
    if rng.random() < 0.1:
        return rng.choice([None, "1970-01-01T00:00:00Z"])
    start = datetime.datetime(2015, 1, 1, tzinfo=datetime.timezone.utc)
    time = start + datetime.timedelta(seconds=rng.randrange(300_000_000))
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def _random_image(rng, seed, pool):
    made = image.image(
        seed,
        created=_random_date(rng),
        oci=rng.random() < 0.6,
        layers=[
            image.random_layer(rng.choice([seed, "base", "base2"]) + f"/{i}", 1500)
            for i in range(rng.randint(1, 3))
        ],
    )
    pool.append(made)
    return made


def _random_manifest(rng, seed, pool):
    """An image, or an index of new images, known ones and other indexes."""
    if rng.random() < 0.6:
        return _random_image(rng, seed, pool)
    oci = rng.random() < 0.6
    children = [
        _random_image(rng, f"{seed}/{i}", pool) for i in range(rng.randint(1, 3))
    ]
    if rng.random() < 0.4:
        children.append(rng.choice(pool))
    if oci and rng.random() < 0.3:
        nested = image.index([_random_image(rng, f"{seed}/nested", pool)])
        children.append(nested)
    return image.index(children, oci=oci, annotations=None)


def _attach(rng, result, subject):
    """Signs `subject` or a child of it, or attaches something to it."""
    if subject.children and rng.random() < 0.5:
        subject = rng.choice(subject.children)
    kind = rng.randrange(3)
    if kind == 0:
        result[image.signature_tag(subject.digest)] = image.signature(subject)
    elif kind == 1:
        result[image.signature_tag(subject.digest, ".att")] = image.signature(
            subject, "attestation"
        )
    else:
        attached = [image.attachment(subject, f"sbom{i}") for i in range(2)]
        result[image.signature_tag(subject.digest, "")] = image.referrers_index(
            attached
        )
