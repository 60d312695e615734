# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Catalogues and tag lists that are long, odd, forbidden, or end too early.

The audit of tests/support/hostile_registry.py stands behind every test here.
"""

import json
import time
import unittest

from tests.support import image
from tests.support.case import registry_entry
from tests.support.hostile_case import HostileTest
from tests.support.hostile_server import Answer, refuse, slow, without
from tests.support.product import listed_images


def _json(value, headers=None):
    """A hook that answers with JSON."""
    body = json.dumps(value).encode()
    more = {"Content-Type": "application/json", **(headers or {})}
    return lambda request, proceed: Answer(200, dict(more), body)


def _renaming(name):
    """The right answer under another repository's name."""

    def hook(request, proceed):
        answer = proceed()
        answer.body = json.dumps({**json.loads(answer.body), "name": name}).encode()
        return answer

    return hook


def _many(repositories, tags=("1.0", "develop")):
    """Repositories that all have the same images."""
    images = {tag: image.image(tag) for tag in tags}
    return {f"app/r{i:04}": images for i in range(repositories)}


class _ListingTest(HostileTest):
    def check_deletion(self, registry, contents, **options):
        return self.run_deletion(
            registry, {name: ["1.0"] for name in contents}, **options
        )

    def assert_nothing_written(self, registry):
        self.assertEqual([r for r in registry.seen() if r.writes], [])


class PagesTest(_ListingTest):
    def check_links(self, link):
        contents = _many(25)
        contents["tags"] = {f"{i}.0": image.image("same") for i in range(25)}
        contents["tags"]["develop"] = image.image("develop")
        registry = self.hostile(contents, page_size=10, link=link)
        survivors = {name: ["1.0"] for name in contents}
        survivors["tags"] = [f"{i}.0" for i in range(25)]
        self.run_deletion(registry, survivors)

    def test_relative_links(self):
        self.check_links("relative")

    def test_absolute_links(self):
        self.check_links("absolute")

    def test_opaque_links(self):
        self.check_links("opaque")

    def test_1200_repositories_paged_by_100(self):
        contents = _many(1200)
        registry = self.hostile(contents, page_size=100, link="opaque")
        config = self.config({"one": registry_entry(registry)})
        listed = self.run_product("list", "-c", config)
        self.assertEqual(
            listed_images(listed.out),
            {f"{registry.host}/{n}:{tag}" for n in contents for tag in contents[n]},
        )
        # The last one is full, too: a cap may have cut it.
        self.assertEqual(len(registry.seen("GET", "/_catalog")), 13)
        self.check_deletion(registry, contents)

    def test_3000_tags_paged(self):
        same = image.image("same")
        tags = {f"1.{i}": same for i in range(2960)}
        doomed = {f"develop-{i}": image.image(i) for i in range(40)}
        registry = self.hostile({"app": {**tags, **doomed}}, page_size=500)
        self.run_deletion(registry, {"app": list(tags)})

    def test_a_short_page_is_not_the_end(self):
        contents = _many(30)
        registry = self.hostile(contents, page_size=10, link="opaque")

        def shorten(request, proceed):
            """The page has a link, but one name; the last has the rest."""
            answer = proceed()
            value = json.loads(answer.body)
            if "Link" in answer.headers:
                kept.extend(value["repositories"][1:])
                value["repositories"] = value["repositories"][:1]
            else:
                value["repositories"] = kept + value["repositories"]
            answer.body = json.dumps(value).encode()
            return answer

        kept = []
        registry.script("GET", "/_catalog", shorten)
        self.check_deletion(registry, contents)

    def test_an_empty_page_with_a_link_is_an_error(self):
        registry = self.hostile(_many(3))
        link = {"Link": '</v2/_catalog?n=1000&last=x>; rel="next"'}
        page = _json({"repositories": []}, link)
        registry.script("GET", "/_catalog", page, times=1)
        result = self.run_deletion(registry, {}, status=1)
        self.assertRegex(result.text, "_catalog.*nothing new")
        self.assert_nothing_written(registry)

    def test_names_that_are_listed_twice_are_worked_once(self):
        contents = _many(6)
        registry = self.hostile(contents)
        registry.script("GET", "/_catalog", _json({"repositories": list(contents) * 2}))
        self.check_deletion(registry, contents)
        doomed = image.image("develop").digest
        self.assertEqual(len(registry.seen("DELETE", doomed)), 6)

    def test_a_page_that_names_itself_as_the_next_ends_with_a_reason(self):
        registry = self.hostile(_many(3))
        link = {"Link": '</v2/_catalog?n=1000>; rel="next"'}
        page = _json({"repositories": ["app/r0000"]}, link)
        registry.script("GET", "/_catalog", page)
        result = self.run_deletion(registry, {"app/r0000": ["1.0"]}, status=None)
        self.assertNotEqual(result.status, 0)
        self.assertRegex(result.text, "next page|circle")

    def test_a_tag_list_that_goes_round_in_circles_stops_the_repository(self):
        contents = _many(2)
        registry = self.hostile(contents)
        link = {"Link": '</v2/app/r0000/tags/list?n=1000>; rel="next"'}
        registry.script("GET", "r0000/tags/list", _json({"tags": ["develop"]}, link))
        result = self.check_deletion(registry, contents, status=1)
        self.assertRegex(result.text, "app/r0000.*circle")
        self.assertEqual(registry.tags("app/r0000"), ["1.0", "develop"])
        self.assertEqual(registry.tags("app/r0001"), ["1.0"])


class CutPathTest(HostileTest):
    """The Link of a page has lost a part of the path (Artifactory): followed as
    it stands, it leads to the list of another repository."""

    SHARED = image.image("shared")
    KEPT = {f"{i}.0": image.image(f"{i}") for i in range(7)}
    TAGS = {**KEPT, "develop-1": SHARED, "zy": image.image("zy"), "zz-keep": SHARED}
    SURVIVORS = {"docker/app": [*KEPT, "zy", "zz-keep"]}

    def cut(self, tags, others, name="docker/app"):
        """Every page says that it is of `name`."""
        registry = self.hostile({"docker/app": tags, "app": others}, page_size=9)

        def cut_link(request, proceed):
            answer = _renaming(name)(request, proceed)
            if link := answer.headers.get("Link"):
                answer.headers["Link"] = link.replace("/v2/docker/app/", "/v2/app/")
            return answer

        registry.script("GET", "/docker/app/tags/list", cut_link)
        return registry

    def delete(self, registry, **more):
        entry = {"repositories": ["docker/app"]}
        self.run_deletion(registry, self.SURVIVORS, entry=entry, **more)
        self.assertEqual(registry.seen(path="/v2/app/"), [])

    def test_own_path_is_kept(self):
        self.delete(self.cut(self.TAGS, {"1.0": image.image("1.0")}))

    def test_every_body_names_the_other_repository(self):
        self.delete(self.cut(self.TAGS, {"1.0": image.image("1.0")}, name="app"))

    def test_nothing_of_the_other_repository_is_written(self):
        others = {"zz-develop-of-app": image.image("develop of app")}
        self.delete(self.cut(self.TAGS, others), **{"dangling-tags": "remove"})

    def test_a_sync_copies_every_tag(self):
        tags = {f"{i:02}.0": image.image(f"{i}") for i in range(12)}
        registry = self.cut(tags, {"1.0": image.image("1.0")})
        target = self.hostile()
        entry = {"repositories": ["docker/app"]}
        config = self.sync_config(registry, target, source_entry=entry)
        self.submit(config)
        self.assertEqual(target.tags("docker/app"), sorted(tags))

    def test_another_repositorys_page_is_refused(self):
        registry = self.hostile({"docker/app": self.TAGS, "app": {}}, page_size=9)
        registry.script("GET", "list.*last=", _json({"name": "app", "tags": ["x"]}))
        result = self.run_deletion(
            registry,
            {"docker/app": list(self.TAGS)},
            entry={"repositories": ["docker/app"]},
            status=1,
        )
        self.assertRegex(result.text, "docker/app.*list of another repository, 'app'")


class CappedPageTest(_ListingTest):
    """Pages are capped, and nothing says that there are more (Nexus)."""

    def capped(self, contents, size, question=None):
        """`question`: what becomes of the question for more."""
        registry = self.hostile(contents, page_size=size)
        if question:
            registry.script("GET", "list.*last=", question)
        registry.script("GET", "/tags/list|/_catalog", without("Link"))
        return registry

    def test_a_catalogue_is_listed_to_its_end(self):
        doomed = ("1.0", "develop")
        contents = {
            f"app/r{i:04}": {
                tag: image.image(tag) for tag in (doomed if i >= 1000 else ("1.0",))
            }
            for i in range(1030)
        }
        registry = self.capped(contents, 1000)
        self.check_deletion(registry, contents)

    def capped_tags(self, question=None):
        shared = image.image("shared")
        same = image.image("same")
        kept = {f"k{i:03}": same for i in range(99)}
        doomed = {"0-develop": shared, "y-develop": image.image("y")}
        tags = {**kept, **doomed, "zz-keep": shared}
        registry = self.capped({"app": tags}, 100, question)
        return registry, {"app": [*kept, "zz-keep"]}

    def test_a_tag_on_the_page_behind_the_cap_protects_its_image(self):
        registry, survivors = self.capped_tags()
        self.run_deletion(registry, survivors)

    def check_incomplete(self, hook):
        registry, _ = self.capped_tags(hook)
        everything = {"app": registry.tags("app")}
        result = self.run_deletion(registry, everything, status=1)
        self.assertIn("app", result.text)
        self.assert_nothing_written(registry)

    def test_a_question_that_is_refused_leaves_the_list_incomplete(self):
        self.check_incomplete(refuse(403, "DENIED"))

    def test_a_question_that_fails_leaves_the_list_incomplete(self):
        self.check_incomplete(refuse(500))

    def test_a_sync_copies_what_is_behind_the_cap(self):
        same = image.image("same")
        tags = {f"{i:03}": same for i in range(130)}
        target = self.hostile()
        self.run_sync(self.capped({"app": tags}, 100), target)


class SlowListTest(_ListingTest):
    """Registries on object storage look through all they have first."""

    def test_a_first_byte_is_waited_for_and_not_asked_for_again(self):
        contents = _many(1)
        catalogue, tags = self.hostile(contents), self.hostile(contents)
        catalogue.script("GET", "/_catalog", slow(31), times=1)
        tags.script("GET", "/tags/list", slow(31), times=1)
        for registry in (catalogue, tags):
            self.allow_deletion(registry, {name: ["1.0"] for name in contents})
        config = self.delete_config_of_two(catalogue, tags)
        begun = time.monotonic()
        with self.product.start("submit", config) as running:
            while time.monotonic() < begun + 30.5:
                time.sleep(0.5)
            asked = [
                len(catalogue.seen("GET", "/_catalog")),
                len(tags.seen("GET", "/tags/list")),
            ]
            result = running.wait()
        self.assertEqual(result.status, 0, result)
        self.assertEqual(asked, [1, 1])
        for registry in (catalogue, tags):
            self.assert_left(registry, {name: ["1.0"] for name in contents})


class OddListTest(_ListingTest):
    """What comes is no list, or not all of it: nothing is deleted by it."""

    def setUp(self):
        super().setUp()
        self.contents = _many(3)
        self.registry = self.hostile(self.contents)
        self.other = self.storage(self.registry)

    def check_stops_one(self, *words):
        """app/r0001 is left as it is, with the reason; the others are done."""
        result = self.check_deletion(self.registry, self.contents, status=1)
        for word in ("app/r0001", *words):
            self.assertRegex(result.text, word)
        self.assertEqual(self.registry.tags("app/r0000"), ["1.0"])
        self.assertEqual(self.registry.tags("app/r0001"), ["1.0", "develop"])
        self.assertEqual(self.registry.tags("app/r0002"), ["1.0"])
        self.assertEqual(self.registry.seen("PUT|POST|DELETE", "/app/r0001/"), [])
        return result

    def list_of_r0001(self, value, headers=None):
        self.registry.script("GET", "r0001/tags/list", _json(value, headers))

    def test_null_for_tags(self):
        self.list_of_r0001({"name": "app/r0001", "tags": None})
        self.check_deletion_but_r0001()

    def test_no_tags_at_all(self):
        self.registry.script("GET", "r0001/tags/list", refuse(404, "NAME_UNKNOWN"))
        self.check_deletion_but_r0001()

    def check_deletion_but_r0001(self):
        """It has no tags: no error, and nothing to do."""
        names = ("app/r0000", "app/r0002")
        self.run_deletion(self.registry, {name: ["1.0"] for name in names})
        self.assertEqual(self.registry.tags("app/r0001"), ["1.0", "develop"])

    def test_null_for_repositories(self):
        self.registry.script("GET", "/_catalog", _json({"repositories": None}))
        self.run_deletion(self.registry, {})
        self.assert_nothing_written(self.registry)

    def test_a_page_of_html(self):
        html = Answer(200, {"Content-Type": "text/html"}, b"<html>Welcome!</html>")
        self.registry.script("GET", "r0001/tags/list", lambda r, p: html)
        self.check_stops_one()

    def check_second_page(self, value):
        """1.0 shares the image of `develop`, and is not seen: it must not die."""
        self.registry.put("app/r0001", "1.0", self.contents["app/r0001"]["develop"])
        link = {"Link": '</v2/app/r0001/tags/list?n=1&last=develop>; rel="next"'}
        self.registry.script("GET", "list.*last=", _json(value))
        self.list_of_r0001({"tags": ["develop"]}, link)
        self.check_stops_one()

    def test_a_second_page_whose_tags_are_no_list(self):
        self.check_second_page({"name": "app/r0001", "tags": "1.0"})

    def test_a_second_page_whose_tags_are_no_texts(self):
        self.check_second_page({"name": "app/r0001", "tags": [1.0]})

    def test_a_second_page_that_holds_errors_with_200(self):
        self.check_second_page({"errors": [{"code": "UNKNOWN", "message": "oops"}]})

    def test_a_tag_that_is_none(self):
        tags = ["1.0", "develop", "../../../etc/passwd"]
        self.list_of_r0001({"tags": tags})
        self.check_stops_one("no tag")

    def test_a_tag_that_is_a_digest(self):
        tags = ["1.0", "develop", image.image("1.0").digest]
        self.list_of_r0001({"tags": tags})
        self.check_stops_one("no tag")

    def test_a_tag_with_control_characters_is_not_printed_raw(self):
        self.list_of_r0001({"tags": ["\x1b[2J"]})
        self.assertNotIn("\x1b[2J", self.check_stops_one("no tag").text)

    def test_a_list_that_is_forbidden(self):
        self.registry.script("GET", "r0001/tags/list", refuse(403, "DENIED"))
        self.check_stops_one("403")

    def test_a_second_page_that_is_not_there(self):
        link = {"Link": '</v2/app/r0001/tags/list?n=1&last=develop>; rel="next"'}
        self.registry.script("GET", "list.*last=", refuse(404, "NAME_UNKNOWN"))
        self.list_of_r0001({"tags": ["develop"]}, link)
        self.check_stops_one()

    def test_a_second_page_on_another_host(self):
        link = {"Link": f'<{self.other.url}/v2/app/r0001/tags/list?n=1>; rel="next"'}
        self.list_of_r0001({"tags": ["develop"]}, link)
        # Its query leads to the same page again here.
        self.check_stops_one("nothing new")
        self.assertEqual(self.other.seen(), [])

    def test_a_catalogue_that_goes_on_on_another_host(self):
        link = {"Link": f'<{self.other.url}/v2/_catalog?n=1>; rel="next"'}
        self.registry.script("GET", "/_catalog", _json({"repositories": []}, link))
        result = self.run_deletion(self.registry, {}, status=1)
        self.assertRegex(result.text, "nothing new")
        self.assertEqual(self.other.seen(), [])

    def test_names_in_the_catalogue_that_are_none(self):
        names = [*self.contents, "../../evil", "UPPER", "\x1b[2J"]
        self.registry.script("GET", "/_catalog", _json({"repositories": names}))
        result = self.check_deletion(self.registry, self.contents, status=None)
        self.assertEqual(self.registry.tags("app/r0001"), ["1.0"])
        self.assertNotIn("\x1b[2J", result.text)
        self.assertEqual(self.registry.seen(path="evil|UPPER"), [])


class CatalogueTest(_ListingTest):
    """A catalogue that is forbidden, or breaks off."""

    def setUp(self):
        super().setUp()
        self.contents = _many(30)
        self.registry = self.hostile(self.contents, page_size=10, link="opaque")

    def check_forbidden(self, status, code, headers=None):
        self.registry.script("GET", "/_catalog", refuse(status, code, headers))
        result = self.run_deletion(self.registry, {}, status=1)
        self.assertRegex(result.text, "_catalog.*repositories")
        self.assert_nothing_written(self.registry)
        # Named in the config, they are worked all the same.
        names = list(self.contents)[:3]
        self.run_deletion(
            self.registry,
            {name: ["1.0"] for name in names},
            entry={"repositories": names},
        )

    def test_forbidden_with_401(self):
        challenge = {"WWW-Authenticate": 'Basic realm="x"'}
        self.check_forbidden(401, "UNAUTHORIZED", challenge)

    def test_forbidden_with_403(self):
        self.check_forbidden(403, "DENIED")

    def test_not_there(self):
        self.check_forbidden(404, "UNSUPPORTED")

    def check_resumed(self, lapse):
        """The coordinator is killed when it asks for the third page."""
        self.allow_deletion(self.registry, {name: ["1.0"] for name in self.contents})
        self.registry.script(".*", "/app/", slow(0.02))
        config = self.delete_config(self.registry)
        self.kill_at(self.registry, config, "GET", "/_catalog", skip=2)
        asked = [r.query["cursor"] for r in self.registry.seen("GET", "cursor=")]
        if lapse:
            self.registry.lapse_cursors()
        mark = self.registry.mark()
        result = self.submit(config)
        self.assertRegex(result.text, "(?i)resum")
        self.assert_left(self.registry, {name: ["1.0"] for name in self.contents})
        again = self.registry.seen("GET", "/_catalog", since=mark)
        # It goes on from the cursor that was journalled.
        self.assertIn(again[0].query.get("cursor"), asked)
        self.assertEqual(again[0].status, 400 if lapse else 200)

    def test_a_resumed_run_goes_on_from_its_cursor(self):
        self.check_resumed(lapse=False)

    def test_a_resumed_run_whose_cursor_has_lapsed_lists_again(self):
        self.check_resumed(lapse=True)

    def test_a_page_that_fails_in_passing(self):
        self.registry.script("GET", "cursor=", refuse(500), times=2)
        self.check_deletion(self.registry, self.contents)

    def test_a_page_that_always_fails_is_named_and_the_next_run_goes_on(self):
        self.registry.script("GET", "cursor=", refuse(500))
        survivors = {name: ["1.0"] for name in self.contents}
        result = self.run_deletion(self.registry, survivors, status=1)
        self.assertRegex(result.text, "_catalog.*500")
        self.registry.forget_scripts()
        self.check_deletion(self.registry, self.contents)


if __name__ == "__main__":
    unittest.main()
