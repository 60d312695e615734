# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Settings that people carry over from docker, skopeo and regctl.

They mean here what they mean there: proxies, docker's auth files with keys for
a part of a registry, credential helpers, password files.
"""

import base64
import json
import os
import unittest

from tests.support import image, tls
from tests.support.case import delete_section
from tests.support.forward_proxy import ForwardProxy
from tests.support.hostile_case import DEVELOP, HostileTest

_KEPT = ["1.0"]


def _contents(*names):
    return {
        name: {
            "1.0": image.image(f"{name} kept"),
            "develop": image.image(f"{name} gone"),
        }
        for name in names
    }


class ProxyTest(HostileTest):
    """The registry's name is known to the proxy alone."""

    def setUp(self):
        super().setUp()
        self.proxy = ForwardProxy()
        self.addCleanup(self.proxy.stop)

    def clean(self, registry, scheme, variable, status=0, entry=None, **environment):
        port = int(registry.host.rsplit(":", 1)[1])
        address = f"{scheme}://registry.example:{port}"
        config = self.config(
            {"one": {"registry": address, **(entry or {})}},
            delete=delete_section(DEVELOP, ["one"]),
        )
        self.allow_deletion(registry, {"team/app": _KEPT})
        result = self.submit(
            config,
            status=status,
            environment={variable: self.proxy.url, **environment},
        )
        if status == 0:
            self.assert_left(registry, {"team/app": _KEPT})
        self.asked = set(self.proxy.asked)
        self.there = ("registry.example", port)
        return result

    def test_of_http_is_used(self):
        registry = self.hostile(_contents("team/app"))
        self.clean(registry, "http", "HTTP_PROXY")
        self.assertIn(("GET", *self.there), self.asked)
        self.assertIn(("DELETE", *self.there), self.asked)

    def test_of_https_is_a_tunnel_and_the_certificate_the_registrys(self):
        authority = tls.Authority(os.path.join(self.folder, "ca"))
        registry = self.hostile(_contents("team/app"), authority=authority)
        self.clean(
            registry,
            "https",
            "https_proxy",
            entry={"ca-file": authority.certificate},
        )
        self.assertEqual(self.asked, {("CONNECT", *self.there)})

    def test_that_no_proxy_excludes_is_not_used(self):
        registry = self.hostile(_contents("team/app"))
        result = self.clean(
            registry,
            "http",
            "HTTP_PROXY",
            status=3,
            NO_PROXY="10.0.0.0/8,.example",
        )
        self.assertEqual(self.asked, set())
        self.assertIn("registry.example", result.text)

    def test_that_excludes_another_port_is_used(self):
        registry = self.hostile(_contents("team/app"))
        self.clean(
            registry,
            "http",
            "HTTP_PROXY",
            NO_PROXY="registry.example:1,*.registry.example",
        )
        self.assertIn(("DELETE", *self.there), self.asked)

    def test_loopback_never_goes_by_a_proxy(self):
        registry = self.hostile(_contents("team/app"))
        self.allow_deletion(registry, {"team/app": _KEPT})
        self.submit(
            self.delete_config(registry), environment={"HTTP_PROXY": self.proxy.url}
        )
        self.assert_left(registry, {"team/app": _KEPT})
        self.assertEqual(self.proxy.asked, [])


class CredentialsTest(HostileTest):
    def setUp(self):
        super().setUp()
        self.registry = self.hostile(
            _contents("team/app", "team/other"), users={"right": "s3cret"}
        )

    def auth_file(self, auths, **more):
        path = os.path.join(self.folder, "auth.json")
        entries = {
            key: {"auth": base64.b64encode(pair.encode()).decode()}
            for key, pair in auths.items()
        }
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"auths": entries, **more}, file)
        return path

    def clean(self, entry, environment=None):
        survivors = {"team/app": _KEPT, "team/other": _KEPT}
        self.allow_deletion(self.registry, survivors)
        entry = {"registry": self.registry.url, "repositories": [*survivors], **entry}
        config = self.config({"one": entry}, delete=delete_section(DEVELOP, ["one"]))
        result = self.submit(config, environment=environment)
        self.assert_left(self.registry, survivors)
        self.assertNotIn("s3cret", result.text)

    def test_of_the_nearest_part_of_a_registry_count(self):
        host = self.registry.host
        self.clean(
            {
                "auth-file": self.auth_file(
                    {
                        host: "wrong:wrong",
                        f"{host}/team": "right:s3cret",
                        f"{host}/team/app/more": "wrong:wrong",
                        f"{host}/te": "wrong:wrong",
                    }
                )
            }
        )

    def test_of_the_variable_that_ci_systems_set(self):
        path = self.auth_file({self.registry.host: "right:s3cret"})
        with open(path, encoding="utf-8") as file:
            self.clean({}, environment={"DOCKER_AUTH_CONFIG": file.read()})

    def test_come_from_the_file_if_a_helper_knows_nothing(self):
        folder = os.path.join(self.folder, "bin")
        os.makedirs(folder)
        helper = os.path.join(folder, "docker-credential-empty")
        with open(helper, "w", encoding="ascii") as file:
            file.write(
                "#!/bin/sh\necho credentials not found in native keychain\nexit 1\n"
            )
        os.chmod(helper, 0o700)
        path = self.auth_file({self.registry.host: "right:s3cret"}, credsStore="empty")
        search = folder + ":" + self.product.environment["PATH"]
        self.clean({"auth-file": path}, environment={"PATH": search})

    def test_of_several_lines_are_one_password(self):
        password = "-----BEGIN KEY-----\ns3cret\n-----END KEY-----"
        self.registry.users = {"_json_key": password}
        path = os.path.join(self.folder, "password")
        with open(path, "w", encoding="ascii") as file:
            file.write(password + "\n")
        self.clean({"username": "_json_key", "password-file": path})


if __name__ == "__main__":
    unittest.main()
