// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/listing.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/registry/errors.h"
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

TEST(ListTagsTest, ALinkToAnotherHostIsRefused) {
  for (const char* link : {"http://127.0.0.2:1/v2/r/tags/list", "//evil/v2/"}) {
    ScriptedRegistry server([&](const Request&, Response& response) {
      return Answer(response, R"({"tags":["1"]})", link), true;
    });
    ClientFixture fixture(server.url());
    EXPECT_TRUE(
        absl::IsFailedPrecondition(ListTags(fixture.client(), "r").status()))
        << link;
    EXPECT_EQ(server.requests().size(), 1u);
  }
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
