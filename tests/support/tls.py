# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Keys, certificates and signatures for tests, through the openssl program."""

import base64
import hashlib
import os
import subprocess


def _openssl(*arguments, data=None):
    done = subprocess.run(
        ["openssl", *arguments],
        input=data,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"openssl {arguments[0]}: {done.stderr.decode()}")
    return done.stdout


class Authority:
    """A private certificate authority that lives in `folder`."""

    def __init__(self, folder):
        os.makedirs(folder, exist_ok=True)
        self._folder = folder
        self._key = os.path.join(folder, "ca.key")
        self.certificate = os.path.join(folder, "ca.pem")
        _openssl(
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-sha256",
            "-days", "30", "-subj", "/CN=registry-manager test authority",
            "-keyout", self._key, "-out", self.certificate,
        )  # fmt: skip

    def issue(self, name, extension="subjectAltName=IP:127.0.0.1,DNS:localhost"):
        """(certificate file, key file), for a server or a client."""
        base = os.path.join(self._folder, name)
        key, request, certificate = base + ".key", base + ".csr", base + ".pem"
        _openssl(
            "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}",
            "-keyout", key, "-out", request,
        )  # fmt: skip
        with open(base + ".ext", "w", encoding="ascii") as file:
            file.write(extension + "\n")
        _openssl(
            "x509", "-req", "-in", request, "-CA", self.certificate,
            "-CAkey", self._key, "-CAcreateserial", "-days", "30", "-sha256",
            "-extfile", base + ".ext", "-out", certificate,
        )  # fmt: skip
        return certificate, key


class Signer:
    """Signs JSON Web Tokens with a key whose certificate a registry trusts."""

    def __init__(self, folder):
        authority = Authority(folder)
        self.certificate, self._key = authority.issue("token-signer")
        public = _openssl("pkey", "-in", self._key, "-pubout", "-outform", "DER")
        # libtrust's key id, which docker-registry looks a token's `kid` up by:
        # 240 bits of the SHA-256 of the public key, in base 32, in fours.
        text = base64.b32encode(hashlib.sha256(public).digest()[:30]).decode()
        self.key_id = ":".join(text[i : i + 4] for i in range(0, len(text), 4))

    def sign(self, data):
        return _openssl("dgst", "-sha256", "-sign", self._key, data=data)
