# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""docs/config.schema.json says of a config what the program says."""

import contextlib
import glob
import json
import os
import re
import textwrap
import unittest

import jsonschema
import yaml

from tests.support.case import EndToEndTest

_TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# A row of a table stands where ROW is, indented as that is. Nothing listens at
# these addresses, and nobody asks: see ParserTest.
_CONFIG = "ROW"
_REGISTRIES = """\
registries:
  ROW
  two: {registry: http://127.0.0.1:1}
  three: {registry: http://127.0.0.1:2}
sync-policy: {from: two, to: three}
"""
_REGISTRY = """\
registries:
  one:
    registry: http://127.0.0.1:1
    ROW
  two: {registry: http://127.0.0.1:2}
sync-policy: {from: one, to: two}
"""
_DELETE = """\
registries:
  one: {registry: http://127.0.0.1:1}
  two: {registry: http://127.0.0.1:2}
  5: {registry: http://127.0.0.1:3}
  true: {registry: http://127.0.0.1:4}
delete-policy:
  ROW
"""
_DELETE_ONE = _DELETE.replace("  ROW", "  registries: [one]\n  ROW")
_SYNC = """\
registries:
  one: {registry: http://127.0.0.1:1}
  two: {registry: http://127.0.0.1:2}
  5: {registry: http://127.0.0.1:3}
  true: {registry: http://127.0.0.1:4}
  folder: {registry: 'oci:/nowhere'}
sync-policy:
  ROW
"""
_SYNC_TO_TWO = _SYNC.replace("  ROW", "  from: one\n  to: two\n  ROW")

# What a config may refer to. The files hold a text, and lie beside the config.
_ENVIRONMENT = {"FLAG": "true", "NOTHING": "", "NUMBER": "5", "TEXT": "127.0.0.1"}
_FILES = (
    "5",
    "a",
    "ca.pem",
    "config.json",
    "docker/config.json",
    "home/.docker/config.json",
    "key.pem",
    "password",
    "true",
)

# Programs at a time.
_AT_ONCE = 8

# Each expectation is written by hand: (template, valid rows, invalid rows).
_TABLES = [
    (
        _CONFIG,
        [
            "registries: {a: {registry: 127.0.0.1}, b: {registry: 127.0.0.2}}\n"
            "delete-policy:\n"
            "sync-policy: {from: a, to: b}",
            "registries: {a: {registry: 127.0.0.1}}\n"
            "delete-policy: {registries: [a]}\n"
            "sync-policy: null",
        ],
        [
            "a text",
            "5",
            "[]",
            "{}",
            "# nothing",
            "delete-policy: {registries: [a]}",
            "registries:\ndelete-policy: {registries: [a]}",
            "registries: {}\ndelete-policy: {registries: [a]}",
            "registries: []\ndelete-policy: {registries: [a]}",
            "registries: a\ndelete-policy: {registries: [a]}",
            "registries: {a: {registry: 127.0.0.1}}\ndelete-policy: a",
            "registries: {a: {registry: 127.0.0.1}}\ndelete-policy: [a]",
            "registries: {a: {registry: 127.0.0.1}}\nsync-policy: a",
            "registries: {a: {registry: 127.0.0.1}}\nsync-policy: [a]",
            "registries: {a: {registry: 127.0.0.1}}\n"
            "delete-policy: {registries: [a]}\n"
            "policy: {}",
            "Registries: {a: {registry: 127.0.0.1}}",
        ],
    ),
    (
        _REGISTRIES,
        [
            "one: {registry: http://127.0.0.1:1}",
            "5: {registry: http://127.0.0.1:1}",
            "one: {registry: 5000, insecure: true}",
            "阿里云 'x': {registry: http://127.0.0.1:1}",
        ],
        [
            "one:",
            "one: {}",
            "one: http://127.0.0.1:1",
            "one: [http://127.0.0.1:1]",
            "one: {username: a, password: b}",
            "one: {url: http://127.0.0.1:1}",
            "'': {registry: http://127.0.0.1:1}",
            '"a\\u0007": {registry: http://127.0.0.1:1}',
            '"a\\u202e": {registry: http://127.0.0.1:1}',
        ],
    ),
    (
        # The value of `registry`.
        _REGISTRIES.replace("ROW", "one:\n    registry: ROW"),
        [
            "https://harbor.example.com",
            "HTTP://127.0.0.1:80/",
            "' https://127.0.0.1 '",
            "localhost",
            "localhost:5000",
            "127.0.0.1:00443",
            "a_b.example.com",
            "'[::1]:5000'",
            "https://[fe80::1]/",
            "https://127.0.0.1/a/b-c_d.e~f//",
            "https://127.0.0.1:65535",
            f"'{'a' * 253}'",
            "5000",
            "true",
            "oci:/srv/archive",
            "oci:/srv/a@b/",
            "dir:/srv/a:b",
            "https://${TEXT}:5000",
            "oci:/${TEXT}",
        ],
        [
            "",
            "''",
            "[https://127.0.0.1]",
            "{https: 127.0.0.1}",
            "ftp://127.0.0.1",
            "https://",
            "https:/127.0.0.1",
            "https://user@127.0.0.1",
            "user:word@${TEXT}",
            "https://127.0.0.1:0",
            "https://127.0.0.1:65536",
            "https://127.0.0.1:port",
            "'https://127.0.0.1:'",
            "https://127.0.0.1/a//b",
            "https://127.0.0.1/../b",
            "https://127.0.0.1/?a=b",
            "https://127.0.0.1/a b",
            "https://a b",
            "'::1'",
            "'[]'",
            "'[::1]x'",
            f"'{'a' * 254}'",
            "'oci:'",
            "oci:5000",
            "oci:/",
            "oci:srv",
            "oci:/a:b",
            "dir:srv",
            '"dir:/a\\u0001"',
            "docker-archive:/srv/a.tar",
            "docker-archive:5000",
            "docker-archive:${TEXT}",
            "'${TEXT'",
            "'https://${1}'",
            "$${TEXT}",
        ],
    ),
    (
        # A folder and what stands beside it.
        _REGISTRIES.replace("ROW", "one:\n    registry: oci:/srv/archive\n    ROW"),
        ["insecure:", "repositories: null"],
        ["insecure: false", "username: a\npassword: b", "unknown:"],
    ),
    (
        _REGISTRY,
        [
            "# nothing else",
            "username:\npassword:\npassword-file:\nauth-file:",
            "username: a\npassword: b",
            "username: 5\npassword: 5",
            "username: 1.5\npassword: 0x1F",
            "username: true\npassword: no",
            "username: 'a b$c'\npassword: ' ${TEXT}: $ $$ $${ ${FLAG}$'",
            "username: a\npassword-file: password",
            "username: a\npassword-file: 5",
            "username: a\npassword-file: true",
            "username: ''\npassword: ''",
            "username: ''\npassword: ''\npassword-file: ''\nauth-file: config.json",
            "username: ${NOTHING}\npassword: ${NOTHING}\nauth-file: a",
            "username: a\npassword: ${NOTHING}\npassword-file: password",
            "username: a\npassword: ${TEXT}",
            "username: a\npassword: b\npassword-file: ''\nauth-file: ''",
            "username: ${TEXT}\npassword: a",
            "auth-file: docker/config.json",
            "auth-file: ~/.docker/config.json",
            "auth-file: 5",
            "auth-file: true",
            "auth-file: ''",
        ],
        [
            "unknown: 5",
            "unknown:",
            "user_name: a",
            "Username: a\npassword: b",
            "username: a",
            "username: a\npassword:",
            "username: a\npassword: ''",
            "username: a\npassword-file:",
            "username: a\npassword-file: ''",
            "username: 5",
            "username: true",
            "username: ${TEXT}a",
            "password: a",
            "password: a\nusername: ''",
            "password-file: password",
            "username: a\npassword: b\npassword-file: password",
            "username: a\npassword: b\nauth-file: config.json",
            "username: a\nauth-file: config.json",
            "username: a\npassword: ${TEXT}\nauth-file: config.json",
            "username: ${TEXT}\npassword: b\nauth-file: config.json",
            "username: ${TEXT}\npassword-file: password\nauth-file: config.json",
            "username: a:b\npassword: c",
            '"username": "a\\nb"\n"password": "c"',
            'username: a\npassword: "b\\nc"',
            'username: a\npassword-file: "b\\nc"',
            'auth-file: "b\\nc"',
            "username: [a]\npassword: b",
            "username: {a: b}\npassword: b",
            "username: a\npassword: [b]",
            "username: a\npassword: {a: b}",
            "username: a\npassword-file: [b]",
            "username: a\npassword-file: {a: b}",
            "auth-file: [b]",
            "auth-file: {a: b}",
            "username: a\npassword: '${TEXT'",
            "username: a\npassword: '${1}'",
            "username: a\npassword: '${}'",
            "username: a\npassword: ${TEXT}${",
            "auth-file: ${-}",
        ],
    ),
    (
        _REGISTRY,
        [
            "ca-file: ca.pem",
            "ca-file: 5",
            "ca-file: true",
            "ca-file:",
            "ca-file: ${NUMBER}",
            "client-cert: ca.pem",
            "client-cert:\nclient-key:",
            "client-cert: ca.pem\nclient-key: key.pem",
            "client-cert: 5\nclient-key: true",
            "client-cert: ${FLAG}\nclient-key: 5",
        ],
        [
            "ca-file: ''",
            "ca-file: [ca.pem]",
            "ca-file: {ca: pem}",
            'ca-file: "ca\\t.pem"',
            "client-cert: ''",
            "client-cert: [ca.pem]",
            "client-cert: {ca: pem}",
            "client-key: key.pem",
            "client-key: key.pem\nclient-cert:",
            "client-cert: ca.pem\nclient-key: ''",
            "client-cert: ca.pem\nclient-key: [key.pem]",
            "client-cert: ca.pem\nclient-key: {key: pem}",
        ],
    ),
    (
        _REGISTRY,
        [
            "insecure: true",
            "insecure: 'false'",
            "insecure: yes",
            "insecure: 'Off'",
            "insecure: N",
            "insecure:",
            "insecure: ${FLAG}",
            "max-connections: 1",
            "max-connections: 1000",
            "max-connections: '8'",
            "max-connections:",
            "max-connections: ${NUMBER}",
            "requests-per-second: 20",
            "requests-per-second: 0.5",
            "requests-per-second: 0.001",
            "requests-per-second: 1000000",
            "requests-per-second: '1000000.0'",
            "requests-per-second: '.5'",
            "requests-per-second: '20'",
            "requests-per-second: '007.250'",
            "requests-per-second:",
            "requests-per-second: ${NUMBER}.5",
            "listing-timeout: 1s",
            "listing-timeout: 90s",
            "listing-timeout: 840s",
            "listing-timeout: 14m",
            "listing-timeout: '10m'",
            "listing-timeout:",
            "listing-timeout: ${NUMBER}m",
        ],
        [
            "insecure: 1",
            "insecure: ''",
            "insecure: maybe",
            "insecure: yEs",
            "insecure: [true]",
            "insecure: {a: true}",
            "insecure: $${FLAG}",
            "listing-timeout: 0s",
            "listing-timeout: 841s",
            "listing-timeout: 15m",
            "listing-timeout: 1h",
            "listing-timeout: 90",
            "listing-timeout: 010s",
            "listing-timeout: 1.5m",
            "listing-timeout: ''",
            "listing-timeout: [1m]",
            "max-connections: 0",
            "max-connections: 1001",
            "max-connections: '1001'",
            "max-connections: '08'",
            "max-connections: -1",
            "max-connections: 1.5",
            "max-connections: many",
            "max-connections: ''",
            "max-connections: true",
            "max-connections: [8]",
            "max-connections: {a: 8}",
            "requests-per-second: 0",
            "requests-per-second: 0.0009",
            "requests-per-second: '0.0009'",
            "requests-per-second: 1000001",
            "requests-per-second: '1000000.1'",
            "requests-per-second: -1",
            "requests-per-second: '1e3'",
            "requests-per-second: '.'",
            "requests-per-second: ''",
            "requests-per-second: 5/s",
            "requests-per-second: true",
            "requests-per-second: [5]",
            "requests-per-second: {a: 5}",
        ],
    ),
    (
        _REGISTRY,
        [
            "repositories:",
            "repositories: [library/redis, library/redis]",
            "repositories: ['library/redis:5.0.12', a.b_c__d---e/f]",
            f"repositories: ['{'a' * 255}:{'A' * 128}']",
            "repositories: [2018, 1.5, true]",
            "repositories: ['${TEXT}:5', 'a/${FLAG}']",
        ],
        [
            "repositories: []",
            "repositories: library/redis",
            "repositories: {library: redis}",
            "repositories: 5",
            "repositories: [library/redis: 5]",
            "repositories: [[library/redis]]",
            "repositories: [null]",
            "repositories: ['']",
            "repositories: [Library/redis]",
            "repositories: [/redis]",
            "repositories: [library//redis]",
            "repositories: [a..b]",
            "repositories: [a___b]",
            "repositories: [-a]",
            "repositories: [-5]",
            "repositories: ['redis:']",
            "repositories: ['redis:.5']",
            "repositories: ['redis:a b']",
            "repositories: ['127.0.0.1:5000/redis']",
            f"repositories: ['redis@sha256:{'a' * 64}']",
            "repositories: ['${TEXT}@5']",
            f"repositories: ['{'a' * 256}']",
            f"repositories: ['a:{'A' * 129}']",
            "repositories: ['${TEXT']",
            "repositories: ['${TEXT}${']",
        ],
    ),
    (
        _DELETE_ONE,
        [
            "dry-run: true",
            "dry-run: 'no'",
            "dry-run: on",
            "dry-run: Y",
            "dry-run: FALSE",
            "mix-count: 0",
            "mix-count: '10'",
            "mix-count: 1000000000",
            "sem-ver: yes\nstart: 5",
            "dry-run:\nmix-count:\nsem-ver:\nstart:",
        ],
        [
            "dry-run: 0",
            "dry-run: ''",
            "dry-run: maybe",
            "dry-run: tRUE",
            "dry-run: [true]",
            "dry-run: {a: true}",
            "dry-run: '${FLAG}'",
            "sem-ver: 1",
            "sem-ver: 1.0.0",
            "sem-ver: [true]",
            "mix-count: -1",
            "mix-count: 1000000001",
            "mix-count: '1000000001'",
            "mix-count: '01'",
            "mix-count: 1.5",
            "mix-count: many",
            "mix-count: ''",
            "mix-count: false",
            "mix-count: [1]",
            "mix-count: {a: 1}",
            "mix-count: '${NUMBER}'",
            "start: -1",
            "start: one",
            "start: [1]",
        ],
    ),
    (
        _SYNC_TO_TWO,
        [
            "dry-run: no\nreferrers: 'Off'\nforce: y\nstart: '5'",
            "dry-run:\nreferrers:\nforce:\nstart:",
        ],
        [
            "dry-run: 1",
            "dry-run: maybe",
            "dry-run: [true]",
            "referrers: 1",
            "referrers: all",
            "referrers: [true]",
            "force: 1",
            "force: maybe",
            "force: [true]",
            "start: -1",
            "start: one",
            "start: [1]",
        ],
    ),
    (
        _DELETE,
        ["registries: [one, two]", "registries: [5]", "registries: [true]"],
        [
            "mix-count: 5",
            "registries:",
            "registries: []",
            "registries: one",
            "registries: {one: two}",
            "registries: [one, one]",
            "registries: [one, null]",
            "registries: [one, [two]]",
            "registries: [one, {two: two}]",
            "registries: ['']",
        ],
    ),
    (
        _DELETE_ONE,
        [
            "shared-digest: untag",
            "shared-digest: keep",
            "shared-digest:",
            "undated: keep",
            "undated: oldest",
            "undated:",
            "dangling-tags: stop",
            "dangling-tags: keep",
            "dangling-tags: remove",
            "dangling-tags:",
            "tags:",
            "tags: {}",
            "tags: {include: , exclude: {}}",
            "tags: {include: {keys: , regex: }}",
            "tags: {exclude: {keys: 'a, .b ,,-c', regex: ^a$|b}}",
            "tags: {include: {keys: 2018, regex: 2018}}",
            "tags: {include: {keys: -1.5, regex: 1.5}}",
            "tags: {include: {keys: true, regex: true}}",
            "tags: {include: {keys: '', regex: ''}}",
            "tags: {include: {regex: '(?i)^a${'}}",
            f"tags: {{include: {{keys: '{'a' * 128},.{'a' * 126}'}}}}",
        ],
        [
            "unknown: 5",
            "unknown:",
            "mix_count: 5",
            "shared-digest: remove",
            "shared-digest: ''",
            "shared-digest: Untag",
            "shared-digest: true",
            "shared-digest: [untag]",
            "shared-digest: {untag: }",
            "undated: stop",
            "undated: [keep]",
            "dangling-tags: untag",
            "dangling-tags: 5",
            "dangling-tags: [stop]",
            "dangling-tags: {stop: }",
            "tags: a",
            "tags: [a]",
            "tags: {keys: a}",
            "tags: {include: a}",
            "tags: {include: [a]}",
            "tags: {include: {key: a}}",
            "tags: {include: {keys: [a, b]}}",
            "tags: {include: {keys: {a: b}}}",
            "tags: {include: {keys: a b}}",
            "tags: {include: {keys: 'a,b/c'}}",
            "tags: {exclude: {keys: '^a'}}",
            "tags: {exclude: {keys: '${TEXT}'}}",
            "tags: {exclude: {regex: [a]}}",
            "tags: {exclude: {regex: {a: b}}}",
            "tags: {exclude: {regexp: a}}",
            f"tags: {{include: {{keys: '{'a' * 129}'}}}}",
            f"tags: {{include: {{keys: '.{'a' * 127}'}}}}",
        ],
    ),
    (
        _SYNC,
        [
            "from: one\nto: [two, 5]",
            "from: 5\nto: one",
            "from: one\nto: 5",
            "from: true\nto: one",
            "from: one\nto: true",
            "from: one\nto: folder\nengine: skopeo",
        ],
        [
            "to: two",
            "from: one",
            "from:\nto: two",
            "from: ''\nto: two",
            "from: [one]\nto: two",
            "from: {one: }\nto: two",
            "from: one\nto:",
            "from: one\nto: ''",
            "from: one\nto: []",
            "from: one\nto: {two: }",
            "from: one\nto: [two, two]",
            "from: one\nto: [two, null]",
            "from: one\nto: [[two]]",
        ],
    ),
    (
        _SYNC_TO_TWO,
        [
            "engine: native",
            "engine: skopeo",
            "engine:",
            "filters:",
            "filters: []",
            "filters: ['^v', 2018, 1.5, true, '(?i)a']",
            "replace:",
            "replace: []",
            "replace: [{old: library, new: prod}, {old: , new: prod/base}]",
            "replace: [{old: -tmp, new: }, {old: A B, new: ''}, {old: a, new: ./_-}]",
            "replace: [{old: 5, new: 5}, {old: true, new: true}, {old: 1, new: -1}]",
            f"replace: [{{old: '', new: '{'a' * 255}'}}]",
            "replace: [{old: '', new: 5}, {old: , new: true}]",
        ],
        [
            "unknown: 5",
            "unknown:",
            "dry_run: true",
            "engine: docker",
            "engine: ''",
            "engine: Skopeo",
            "engine: 5",
            "engine: [skopeo]",
            "engine: {skopeo: }",
            "filters: ^v",
            "filters: {a: b}",
            "filters: ['']",
            "filters: [null]",
            "filters: [[a]]",
            "filters: [{a: b}]",
            "replace: {old: a, new: b}",
            "replace: a",
            "replace: [null]",
            "replace: [a]",
            "replace: [[a, b]]",
            "replace: [{}]",
            "replace: [{old: a}]",
            "replace: [{new: a}]",
            "replace: [{old: a, new: b, all: true}]",
            "replace: [{old: [a], new: b}]",
            "replace: [{old: {a: b}, new: b}]",
            "replace: [{old: a, new: [b]}]",
            "replace: [{old: a, new: {a: b}}]",
            "replace: [{old: a, new: Prod}]",
            "replace: [{old: a, new: 'a:b'}]",
            "replace: [{old: a, new: '${TEXT}'}]",
            "replace: [{old: '', new: ''}]",
            "replace: [{old: , new: }]",
            "replace: [{old: '', new: /prod}]",
            "replace: [{old: '', new: prod/}]",
            "replace: [{old: '', new: -5}]",
            f"replace: [{{old: '', new: '{'a' * 256}'}}]",
        ],
    ),
]

# What JSON Schema cannot say: names that are referred to, regular expressions,
# variables and files outside of the config, keys that are there twice, and how
# a number is spelt. The schema lets all of these pass, the program none.
_ONLY_THE_PROGRAM = [
    (
        _REGISTRY,
        [
            "insecure: true\ninsecure: true",
            "insecure: ${NOTHING}",
            "max-connections: 0x10",
            "max-connections: 010",
            "max-connections: 8.0",
            "requests-per-second: 1e3",
            "username: a\npassword: ${UNSET}",
            "username: a\npassword-file: no-such-file",
            "ca-file: no-such-file",
        ],
    ),
    (
        _DELETE,
        [
            "registries: [four]",
            "registries: [one]\ntags: {include: {regex: '(a'}}",
            "registries: [one]\ntags: {include: {regex: '(?!a)'}}",
        ],
    ),
    (
        _SYNC,
        [
            "from: four\nto: two",
            "from: one\nto: four",
            "from: one\nto: one",
            "from: folder\nto: two",
            "from: one\nto: folder",
            "from: one\nto: two\nfilters: ['(a']",
        ],
    ),
]


def read_file(*names):
    with open(os.path.join(_TOP, *names), encoding="utf-8") as file:
        return file.read()


def fill(template, row):
    """The template with the row in the place of ROW, indented as it."""
    filled = re.sub(
        "(?m)^( *)ROW$", lambda found: textwrap.indent(row, found[1]), template
    )
    return filled.replace("ROW", row)


def read_yaml(text):
    """A document as YAML 1.2 has it (10.3.2, the core schema), as editors do."""
    return value_of(yaml.compose(text, Loader=yaml.BaseLoader))


def value_of(node):
    if node is None:
        return None
    if isinstance(node, yaml.MappingNode):
        return {key.value: value_of(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [value_of(item) for item in node.value]
    text = node.value
    if node.style is not None:
        return text
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return text.lower() == "true"
    if re.fullmatch(r"[-+]?[0-9]+", text):
        return int(text)
    if re.fullmatch(r"0x[0-9a-fA-F]+", text):
        return int(text, 16)
    if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", text):
        return float(text)
    return text


class SchemaTest(unittest.TestCase):
    """The schema alone, and beside the documents."""

    @classmethod
    def setUpClass(cls):
        cls.schema = json.loads(read_file("docs", "config.schema.json"))
        cls.validator = jsonschema.Draft7Validator(cls.schema)

    def assert_valid(self, text):
        problems = [
            f"{'/'.join(map(str, problem.absolute_path))}: {problem.message}"
            for problem in self.validator.iter_errors(read_yaml(text))
        ]
        self.assertEqual(problems, [], text)

    def test_it_is_a_schema(self):
        jsonschema.Draft7Validator.check_schema(self.schema)

    def test_examples(self):
        files = sorted(glob.glob(os.path.join(_TOP, "examples", "*.yml")))
        self.assertGreaterEqual(len(files), 9)
        for file in files:
            with self.subTest(os.path.basename(file)):
                text = read_file(file)
                self.assert_valid(text)
                if not file.endswith("/seed.yml"):
                    self.assertTrue(
                        text.startswith(
                            "# yaml-language-server: $schema=../docs/config.schema.json\n"
                        )
                    )

    def test_the_readme(self):
        blocks = re.findall(r"(?ms)^```yaml\n(.*?)^```$", read_file("README.md"))
        self.assertTrue(blocks)
        for block in blocks:
            self.assert_valid(block)

    def test_it_has_the_keys_that_are_documented(self):
        for section, schema in {
            "registries": self.schema["definitions"]["registry"],
            "delete-policy": self.schema["properties"]["delete-policy"],
            "sync-policy": self.schema["properties"]["sync-policy"],
        }.items():
            with self.subTest(section):
                described = self.described_keys(section)
                keys = dict(self.keys_of(schema))
                self.assertEqual(sorted(described), sorted(keys))
                for key, (default, description) in described.items():
                    required = key in schema["required"]
                    self.assertEqual(default == "required", required, key)
                    if re.fullmatch(r"[0-9]+|`[0-9]*[a-z]+`", default):
                        self.assertEqual(
                            keys[key].get("default"), read_yaml(default.strip("`")), key
                        )
                    else:
                        self.assertNotIn("default", keys[key], key)
                    for part in keys[key].get("items", {}).get("properties", {}):
                        self.assertIn(f"`{part}`", description, key)

    @staticmethod
    def described_keys(section):
        """{key: (default, description)} of a table of docs/config.md."""
        _, _, text = read_file("docs", "config.md").partition(f"\n## `{section}`\n")
        rows = {}
        for line in text.partition("\n## ")[0].splitlines():
            if line.startswith("| `"):
                names, default, description = line.strip("|").split("|")
                for name in re.findall(r"`([^`]+)`", names):
                    rows[name] = (default.strip(), description)
        return rows

    def keys_of(self, schema, prefix=""):
        """(key, its schema), a mapping's keys as `mapping.key`."""
        for key, value in schema["properties"].items():
            inner = value
            for other in value.get("allOf", []):
                inner = self.schema["definitions"][other["$ref"].split("/")[-1]]
            if "properties" in inner:
                yield from self.keys_of(inner, f"{prefix}{key}.")
            else:
                yield prefix + key, value


class ParserTest(EndToEndTest):
    """The schema beside the program."""

    def setUp(self):
        super().setUp()
        schema = json.loads(read_file("docs", "config.schema.json"))
        self.validator = jsonschema.Draft7Validator(schema)
        for name in _FILES:
            self.write_file(os.path.join(self.product.folder, name))

    def write_file(self, path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write("text\n")

    def complaints(self, texts, environment):
        """What the program says of each config, line by line; [] of a fine one.

        A fine one is not carried out, and no registry is asked: Redis comes
        first, and nobody is at its socket, which is status 3.
        """
        configs = [
            self.product.write_config(text, f"{number}.yml")
            for number, text in enumerate(texts)
        ]
        nobody = f"unix://{self.folder}/no-redis"
        arguments = ("--dry-run", "--redis", nobody)
        found = []
        for begin in range(0, len(configs), _AT_ONCE):
            with contextlib.ExitStack() as stack:
                running = [
                    stack.enter_context(
                        self.product.start(
                            "submit", config, *arguments, environment=environment
                        )
                    )
                    for config in configs[begin : begin + _AT_ONCE]
                ]
                found += [each.wait(60) for each in running]
        return list(map(self.lines_of, configs, found))

    def lines_of(self, config, result):
        if result.status == 3 and "no-redis" in result.err:
            return []
        self.assertEqual(result.status, 2, result)
        lines = result.err.splitlines()
        self.assertTrue(lines)
        for line in lines:
            self.assertRegex(line, rf"^{re.escape(config)}:\d+:\d+: ")
        return lines

    def assert_rows(self, rows):
        """Each is (text, what the schema says, what the program says)."""
        found = self.complaints([text for text, _, _ in rows], _ENVIRONMENT)
        for (text, schema, program), lines in zip(rows, found):
            with self.subTest(text):
                valid = self.validator.is_valid(read_yaml(text))
                self.assertEqual(valid, schema, "the schema")
                self.assertEqual(not lines, program, f"the program: {lines}")

    def test_they_agree(self):
        rows = [
            (fill(template, row), valid, valid)
            for template, *both in _TABLES
            for valid, part in zip((True, False), both)
            for row in part
        ]
        self.assert_rows(rows)

    def test_what_only_the_program_can_tell(self):
        rows = [
            (fill(template, row), True, False)
            for template, part in _ONLY_THE_PROGRAM
            for row in part
        ]
        self.assert_rows(rows)

    def test_a_config_without_any_policy_is_one(self):
        text = "registries: {one: {registry: http://127.0.0.1:1}}\n"
        self.assertTrue(self.validator.is_valid(read_yaml(text)))
        result = self.run_product("plan", self.product.write_config(text), status=2)
        self.assertIn("nothing to do", result.err)

    def test_examples(self):
        # With something wrong in each, so that no registry is asked for certain.
        for file in sorted(glob.glob(os.path.join(_TOP, "examples", "*.yml"))):
            with self.subTest(os.path.basename(file)):
                text = read_file(file)
                for registry in read_yaml(text)["registries"].values():
                    for key in registry:
                        if key.endswith("-file") or key.startswith("client-"):
                            self.write_file(self.path_of(registry[key]))
                variables = {name: "x" for name in re.findall(r"\$\{(\w+)\}", text)}
                [lines] = self.complaints([text + "\nadded-here: 5\n"], variables)
                self.assertEqual(len(lines), 1, lines)
                self.assertIn("unknown key 'added-here'", lines[0])

    def path_of(self, path):
        if path.startswith("~/"):
            return os.path.join(self.product.environment["HOME"], path[2:])
        return os.path.join(self.product.folder, path)


if __name__ == "__main__":
    unittest.main()
