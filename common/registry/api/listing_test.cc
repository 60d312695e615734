// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/api/listing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/registry/connection/errors.h"
#include "common/registry/testing/client_fixture.h"
#include "common/registry/testing/registry_process.h"
#include "common/registry/testing/scripted_registry.h"

namespace registry_manager {
namespace {

using httplib::Request;
using httplib::Response;
using Texts = std::vector<std::string>;

void Answer(Response& response, const std::string& body,
            const std::string& link = "") {
  response.set_content(body, "application/json");
  if (!link.empty()) {
    response.set_header("Link", absl::StrCat("<", link, ">; rel=\"next\""));
  }
}

TEST(ListTagsTest, FollowsLinksThatAreRelativeAbsoluteOrOpaque) {
  std::string self;
  ScriptedRegistry server([&](const Request& request, Response& response) {
    const std::string page = request.get_param_value("p");
    if (page.empty()) {
      Answer(response, R"({"tags":["1"]})", "/v2/r/tags/list?p=relative");
    } else if (page == "relative") {
      Answer(response, R"({"tags":["2"]})",
             self + "/v2/r/tags/list?p=absolute");
    } else if (page == "absolute") {
      Answer(response, R"({"tags":["3"]})", "?p=%00%ff%3D&opaque=Zm9v==");
    } else if (request.has_param("opaque")) {
      Answer(response, R"({"tags":["4"]})");
    }
    return true;
  });
  self = server.url();
  ClientFixture fixture(server.url());
  EXPECT_EQ(*ListTags(fixture.client(), "r"), (Texts{"1", "2", "3", "4"}));
  // As it stands.
  EXPECT_EQ(server.Count("GET /v2/r/tags/list?p=%00%ff%3D&opaque=Zm9v=="), 1);
}

TEST(ListTagsTest, NullTagsAreNone) {
  ScriptedRegistry server([](const Request&, Response& response) {
    return Answer(response, R"({"name":"r","tags":null})"), true;
  });
  ClientFixture fixture(server.url());
  EXPECT_TRUE(ListTags(fixture.client(), "r")->empty());
}

// Registries behind a proxy name themselves as they know themselves.
TEST(ListTagsTest, OfALinkToAnotherHostOnlyTheQueryCounts) {
  for (const char* host : {"http://127.0.0.2:1", "//internal:5000", ""}) {
    ScriptedRegistry server([&](const Request& request, Response& response) {
      if (request.has_param("last")) {
        return Answer(response, R"({"tags":["2"]})"), true;
      }
      const std::string link = absl::StrCat(host, "/v2/other/tags/list?last=1");
      return Answer(response, R"({"tags":["1"]})", link.c_str()), true;
    });
    ClientFixture fixture(server.url());
    const auto tags = ListTags(fixture.client(), "r");
    ASSERT_TRUE(tags.ok()) << host << " " << tags.status();
    EXPECT_EQ(tags->size(), 2u) << host;
    EXPECT_EQ(server.Count("GET /v2/r/tags/list?last=1"), 1) << host;
  }
}

// To take the list for whole would leave what follows unprotected.
TEST(ListTagsTest, ALinkThatCannotBeReadIsAnError) {
  ScriptedRegistry server([&](const Request&, Response& response) {
    Answer(response, R"({"tags":["1"]})");
    response.set_header("Link", "<>; rel=\"next\"");
    return true;
  });
  ClientFixture fixture(server.url());
  EXPECT_FALSE(ListTags(fixture.client(), "r").ok());
}

TEST(ListTagsTest, LinksInCirclesEnd) {
  ScriptedRegistry server([](const Request& request, Response& response) {
    const bool a = request.get_param_value("p") == "a";
    Answer(response, R"({"tags":["1"]})", a ? "?p=b" : "?p=a");
    return true;
  });
  ClientFixture fixture(server.url());
  EXPECT_TRUE(absl::IsDataLoss(ListTags(fixture.client(), "r").status()));
  EXPECT_LE(server.requests().size(), 4u);
}

TEST(ListTagsTest, AListingThatBreaksOffIsNoEmptyOne) {
  ScriptedRegistry server([](const Request& request, Response& response) {
    if (request.has_param("p")) {
      AnswerError(response, 404, "NAME_UNKNOWN");
    } else {
      Answer(response, R"({"tags":["1"]})", "?p=2");
    }
    return true;
  });
  ClientFixture fixture(server.url());
  const absl::Status status = ListTags(fixture.client(), "r").status();
  EXPECT_FALSE(status.ok());
  EXPECT_FALSE(absl::IsNotFound(status));
}

TEST(ListTagsTest, ARegistryThatKnowsNoPageSizeIsAskedWithoutOne) {
  ScriptedRegistry server([](const Request& request, Response& response) {
    if (request.has_param("n")) {
      AnswerError(response, 400, "PAGINATION_NUMBER_INVALID");
    } else {
      Answer(response, R"({"tags":["1"]})");
    }
    return true;
  });
  ClientFixture fixture(server.url());
  EXPECT_EQ(*ListTags(fixture.client(), "r"), Texts{"1"});
}

TEST(ListTagsTest, WhatIsNoListingIsDataLoss) {
  for (const char* body : {"", "<html>", "[]", "null", R"({"tags":[)"}) {
    ScriptedRegistry server([&](const Request&, Response& response) {
      return Answer(response, body), true;
    });
    ClientFixture fixture(server.url());
    EXPECT_TRUE(absl::IsDataLoss(ListTags(fixture.client(), "r").status()))
        << body;
  }
}

// `count` tags that sort as they are numbered, from `first` on.
std::string TagsBody(int first, int count) {
  std::string body = R"({"tags":[)";
  for (int i = first; i < first + count; ++i) {
    absl::StrAppend(&body, i == first ? "" : ",", "\"", 10000 + i, "\"");
  }
  return body + "]}";
}

TEST(ListTagsTest, AFullPageWithoutALinkIsAskedOn) {
  ScriptedRegistry server([](const Request& request, Response& response) {
    const std::string last = request.get_param_value("last");
    Answer(response, last.empty()      ? TagsBody(0, 1000)
                     : last == "10999" ? TagsBody(1000, 1000)
                                       : TagsBody(2000, 1));
    return true;
  });
  ClientFixture fixture(server.url());
  EXPECT_EQ(ListTags(fixture.client(), "r")->size(), 2001u);
  EXPECT_EQ(server.requests().size(), 3u);
}

TEST(ListTagsTest, AThousandTagsOfARegistryThatKnowsNoPagesAreAll) {
  ScriptedRegistry server([](const Request&, Response& response) {
    return Answer(response, TagsBody(0, 1000)), true;
  });
  ClientFixture fixture(server.url());
  EXPECT_EQ(ListTags(fixture.client(), "r")->size(), 1000u);
  EXPECT_EQ(server.requests().size(), 2u);
}

// What a registry that caps a page and names no next one would leave.
TEST(ListTagsTest, APageThatARoundCapMayHaveCutIsAskedOn) {
  for (const int cap :
       {10, 20, 25, 64, 50, 100, 128, 200, 250, 256, 500, 512, 2000}) {
    ScriptedRegistry server([cap](const Request& request, Response& response) {
      const std::string last = request.get_param_value("last");
      const int first = last.empty() ? 0 : std::stoi(last) - 10000 + 1;
      Answer(response, TagsBody(first, std::min(cap, 2 * cap + 3 - first)));
      return true;
    });
    ClientFixture fixture(server.url());
    EXPECT_EQ(ListTags(fixture.client(), "r")->size(), 2u * cap + 3) << cap;
    EXPECT_EQ(server.requests().size(), 3u) << cap;
  }
}

TEST(ListTagsTest, ARegistryThatListsNoThousandIsAskedForAHundred) {
  ScriptedRegistry server([](const Request& request, Response& response) {
    if (request.get_param_value("n") != "100") {
      AnswerError(response, 400, "PAGINATION_NUMBER_INVALID");
      return true;
    }
    const std::string last = request.get_param_value("last");
    const int first = last.empty() ? 0 : std::stoi(last) - 10000 + 1;
    return Answer(response, TagsBody(first, std::min(100, 130 - first))), true;
  });
  ClientFixture fixture(server.url());
  EXPECT_EQ(ListTags(fixture.client(), "r")->size(), 130u);
}

TEST(ListTagsTest, AShortPageWithoutALinkIsTheLast) {
  for (const int size : {1, 2, 8, 9, 11, 49, 51, 99, 999}) {
    ScriptedRegistry server([size](const Request&, Response& response) {
      return Answer(response, TagsBody(0, size)), true;
    });
    ClientFixture fixture(server.url());
    EXPECT_EQ(ListTags(fixture.client(), "r")->size(), size_t(size));
    EXPECT_EQ(server.requests().size(), 1u) << size;
  }
}

TEST(ListTagsTest, OnlyARefusalOfTheNextPageIsTheEndOfTheListing) {
  for (const int status : {400, 404, 405, 416, 401, 403, 409, 410, 501}) {
    ScriptedRegistry server([&](const Request& request, Response& response) {
      if (request.has_param("last")) {
        AnswerError(response, status, "X");
      } else {
        Answer(response, TagsBody(0, 100));
      }
      return true;
    });
    ClientFixture fixture(server.url());
    const bool is_end =
        status == 400 || status == 404 || status == 405 || status == 416;
    const auto tags = ListTags(fixture.client(), "r");
    EXPECT_EQ(tags.ok(), is_end) << status << " " << tags.status();
    EXPECT_EQ(tags.ok() ? tags->size() : 0, is_end ? 100u : 0u);
    EXPECT_FALSE(absl::IsNotFound(tags.status())) << status;
  }
}

// Artifactory and Nexus behind a path of their own: the link leads to the
// repository of another name, or to nowhere.
TEST(ListTagsTest, OfALinkOnlyTheQueryIsTaken) {
  for (const char* link :
       {"/v2/app/tags/list?last=a&n=9", "/v2/?last=a&n=9",
        "/api/docker/v2/docker/app/tags/list?last=a&n=9", "?last=a&n=9"}) {
    ScriptedRegistry server([&](const Request& request, Response& response) {
      EXPECT_EQ(request.path, "/v2/docker/app/tags/list");
      if (request.has_param("last")) {
        Answer(response, R"({"name":"docker/app","tags":["b"]})");
      } else {
        Answer(response, R"({"name":"docker/app","tags":["a"]})", link);
      }
      return true;
    });
    ClientFixture fixture(server.url());
    EXPECT_EQ(*ListTags(fixture.client(), "docker/app"), (Texts{"a", "b"}));
    EXPECT_EQ(server.Count("GET /v2/docker/app/tags/list?last=a&n=9"), 1);
  }
}

TEST(ListTagsTest, AnotherRepositorysListIsRefused) {
  for (const char* name : {"other", "docker/other", "app/docker", "xdocker/app",
                           "ocker/app", "pp", "docker", "/docker/app/x"}) {
    ScriptedRegistry server([&](const Request&, Response& response) {
      Answer(response,
             absl::StrCat(R"({"name":")", name, R"(","tags":["a"]})"));
      return true;
    });
    ClientFixture fixture(server.url());
    const absl::Status status =
        ListTags(fixture.client(), "docker/app").status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << name;
    EXPECT_TRUE(absl::StrContains(status.message(), name)) << status;
  }
}

TEST(ListTagsTest, AProxyMayPutAPathBeforeTheNameOrTakeItOff) {
  for (const char* name : {"app", "docker/app", "proxy/docker/app"}) {
    ScriptedRegistry server([&](const Request&, Response& response) {
      Answer(response,
             absl::StrCat(R"({"name":")", name, R"(","tags":["a"]})"));
      return true;
    });
    ClientFixture fixture(server.url());
    EXPECT_EQ(*ListTags(fixture.client(), "docker/app"), Texts{"a"}) << name;
  }
}

TEST(ListTagsTest, AllPagesAreOfOneRepository) {
  ScriptedRegistry server([&](const Request& request, Response& response) {
    if (request.has_param("p")) {
      Answer(response, R"({"name":"app","tags":["b"]})");
    } else {
      Answer(response, R"({"name":"docker/app","tags":["a"]})", "?p=2");
    }
    return true;
  });
  ClientFixture fixture(server.url());
  EXPECT_TRUE(
      absl::IsDataLoss(ListTags(fixture.client(), "docker/app").status()));
}

TEST(ListTagsTest, APageThatBringsNothingNewAndNamesANextIsAnError) {
  for (const char* second : {R"({"tags":["a"]})", R"({"tags":[]})"}) {
    int pages = 0;
    ScriptedRegistry server([&](const Request& request, Response& response) {
      const bool first = !request.has_param("p");
      Answer(response, first ? R"({"tags":["a"]})" : second,
             absl::StrCat("?p=", ++pages));
      return true;
    });
    ClientFixture fixture(server.url());
    EXPECT_TRUE(absl::IsDataLoss(ListTags(fixture.client(), "r").status()));
    EXPECT_EQ(server.requests().size(), 2u);
  }
}

TEST(ListTagsTest, NoOrderIsAskedOfAListing) {
  ScriptedRegistry server([](const Request& request, Response& response) {
    if (request.has_param("p")) {
      Answer(response, R"({"tags":["c","a"]})");
    } else {
      Answer(response, R"({"tags":["d","b"]})", "?p=2");
    }
    return true;
  });
  ClientFixture fixture(server.url());
  EXPECT_EQ(*ListTags(fixture.client(), "r"), (Texts{"d", "b", "c", "a"}));
}

TEST(ListTagsTest, OfARealRegistry) {
  RegistryProcess registry;
  ClientFixture fixture(registry.url());
  EXPECT_TRUE(absl::IsNotFound(ListTags(fixture.client(), "none").status()));
  PushTestImage(fixture.client(), "a/b", "one");
  PushTestImage(fixture.client(), "a/b", "two");
  EXPECT_EQ(ListTags(fixture.client(), "a/b")->size(), 2u);
}

TEST(CatalogTest, PagesOfARealRegistryAreFollowedByTheirCursor) {
  RegistryProcess registry;
  // Pages of two, whatever is asked for.
  ScriptedRegistry server(
      [&](const Request& request, Response& response) {
        if (request.get_param_value("n") != "1000") return false;
        response.status = 302;
        response.set_header("Location", "/v2/_catalog?n=2");
        return true;
      },
      registry.url());
  ClientFixture fixture(server.url());
  for (const char* name : {"a", "b/c", "d", "e", "f"}) {
    PushTestImage(fixture.client(), name, "latest");
  }
  Texts all;
  std::string cursor;
  int pages = 0;
  do {
    const auto page = ListCatalogPage(fixture.client(), cursor);
    ASSERT_TRUE(page.ok()) << page.status();
    all.insert(all.end(), page->repositories.begin(), page->repositories.end());
    cursor = page->next_cursor;
    ++pages;
  } while (!cursor.empty() && pages < 10);
  EXPECT_EQ(all, (Texts{"a", "b/c", "d", "e", "f"}));
  EXPECT_EQ(pages, 3);
}

TEST(CatalogTest, ARefusedCursorIsToldFromARefusedCatalogue) {
  int status = 400;
  ScriptedRegistry server([&](const Request&, Response& response) {
    return AnswerError(response, status, "X"), true;
  });
  ClientFixture fixture(server.url());
  for (const int refusal : {400, 404}) {
    status = refusal;
    EXPECT_TRUE(absl::IsInvalidArgument(
        ListCatalogPage(fixture.client(), "/v2/_catalog?last=x").status()));
  }
  EXPECT_TRUE(absl::IsInvalidArgument(
      ListCatalogPage(fixture.client(), "http://elsewhere/x").status()));
  for (const int refusal : {404, 405, 403}) {
    status = refusal;
    const absl::Status refused = ListCatalogPage(fixture.client(), "").status();
    EXPECT_TRUE(refusal == 403 ? absl::IsPermissionDenied(refused)
                               : absl::IsUnimplemented(refused));
    EXPECT_TRUE(absl::StrContains(refused.message(), "'repositories'"));
    EXPECT_EQ(RegistryOf(refused), server.url());
  }
}

std::string NamesBody(int first, int count) {
  std::string body = TagsBody(first, count);
  return body.replace(2, 4, "repositories");
}

// All pages by their cursors, at most ten.
absl::StatusOr<Texts> ListAll(const RegistryClient& client) {
  Texts all;
  std::string cursor;
  for (int pages = 0; pages < 10; ++pages) {
    auto page = ListCatalogPage(client, cursor);
    if (!page.ok()) return page.status();
    all.insert(all.end(), page->repositories.begin(), page->repositories.end());
    cursor = page->next_cursor;
    if (cursor.empty()) return all;
  }
  return absl::InternalError("the catalogue does not end");
}

TEST(CatalogTest, AFullPageWithoutALinkIsAskedOn) {
  for (const int names : {1030, 2000, 7000, 12345}) {
    ScriptedRegistry server([&](const Request& request, Response& response) {
      const std::string last = request.get_param_value("last");
      const int first = last.empty() ? 0 : std::stoi(last) - 10000 + 1;
      Answer(response, NamesBody(first, std::min(1000, names - first)));
      return true;
    });
    ClientFixture fixture(server.url());
    const auto all = ListAll(fixture.client());
    ASSERT_TRUE(all.ok()) << all.status();
    EXPECT_EQ(all->size(), size_t(names));
  }
}

TEST(CatalogTest, OfARegistryThatKnowsNoPagesIsListedOnce) {
  ScriptedRegistry server([&](const Request&, Response& response) {
    return Answer(response, NamesBody(0, 1000)), true;
  });
  ClientFixture fixture(server.url());
  EXPECT_EQ(ListAll(fixture.client())->size(), 1000u);
  EXPECT_EQ(server.requests().size(), 2u);
}

// As go-containerregistry's: any names, as many as are asked for.
TEST(CatalogTest, OfARegistryThatBeginsAnywhereIsListedAtOnce) {
  ScriptedRegistry server([&](const Request& request, Response& response) {
    if (!request.has_param("n")) {
      Answer(response, NamesBody(0, 1030));
    } else {
      Answer(response, NamesBody(request.has_param("last") ? 25 : 0, 1000));
    }
    return true;
  });
  ClientFixture fixture(server.url());
  auto all = ListAll(fixture.client());
  ASSERT_TRUE(all.ok()) << all.status();
  std::sort(all->begin(), all->end());
  all->erase(std::unique(all->begin(), all->end()), all->end());
  EXPECT_EQ(all->size(), 1030u);
}

TEST(ListTagsTest, PagesThatBeginWithTheLastNameAreFollowed) {
  ScriptedRegistry server([](const Request& request, Response& response) {
    const std::string last = request.get_param_value("last");
    const int first = last.empty() ? 0 : std::stoi(last) - 10000;
    Answer(response, TagsBody(first, std::min(100, 250 - first)));
    return true;
  });
  ClientFixture fixture(server.url());
  auto tags = *ListTags(fixture.client(), "r");
  std::sort(tags.begin(), tags.end());
  tags.erase(std::unique(tags.begin(), tags.end()), tags.end());
  EXPECT_EQ(tags.size(), 250u);
}

// A list with fewer names than came before is not whole.
TEST(ListTagsTest, AShorterAnswerToTheQuestionForAllIsAnError) {
  ScriptedRegistry server([](const Request& request, Response& response) {
    Answer(response, !request.has_param("n")     ? TagsBody(0, 60)
                     : request.has_param("last") ? TagsBody(30, 100)
                                                 : TagsBody(0, 100));
    return true;
  });
  ClientFixture fixture(server.url());
  EXPECT_TRUE(absl::IsDataLoss(ListTags(fixture.client(), "r").status()));
}

TEST(CatalogTest, KnownNamesInAnotherOrderAreNotTheEnd) {
  ScriptedRegistry server([&](const Request& request, Response& response) {
    std::string body = NamesBody(0, request.has_param("n") ? 1000 : 1001);
    // The first two change places.
    if (request.has_param("last")) {
      body =
          absl::StrReplaceAll(body, {{"10000", "10001"}, {"10001", "10000"}});
    }
    Answer(response, body);
    return true;
  });
  ClientFixture fixture(server.url());
  EXPECT_EQ(ListAll(fixture.client())->size(), 2001u);
}

TEST(CatalogTest, AnErrorAfterAFullPageIsNotItsEnd) {
  ScriptedRegistry server([&](const Request& request, Response& response) {
    if (request.has_param("last")) {
      AnswerError(response, 403, "DENIED");
    } else {
      Answer(response, NamesBody(0, 100));
    }
    return true;
  });
  ClientFixture fixture(server.url());
  EXPECT_FALSE(ListCatalogPage(fixture.client(), "").ok());
}

TEST(CatalogTest, APageThatIsItsOwnNextEnds) {
  ScriptedRegistry server([](const Request&, Response& response) {
    return Answer(response, R"({"repositories":["a"]})",
                  "/v2/_catalog?last=a&n=1"),
           true;
  });
  ClientFixture fixture(server.url());
  const auto first = ListCatalogPage(fixture.client(), "");
  ASSERT_TRUE(first.ok());
  EXPECT_TRUE(absl::IsDataLoss(
      ListCatalogPage(fixture.client(), first->next_cursor).status()));
}

}  // namespace
}  // namespace registry_manager
