// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/api/referrers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/registry/testing/client_fixture.h"
#include "common/registry/testing/registry_process.h"
#include "common/registry/testing/scripted_registry.h"

namespace registry_manager {
namespace {

using httplib::Request;
using httplib::Response;

void Answer(Response& response, const std::string& body,
            const std::string& link = "") {
  response.set_content(body, "application/json");
  if (!link.empty()) {
    response.set_header("Link", absl::StrCat("<", link, ">; rel=\"next\""));
  }
}

const Digest kSubject = Digest::Of("subject");

TEST(ReferrersTest, AreListedOverPages) {
  const auto entry = [](const std::string& text) {
    return absl::StrCat(R"({"mediaType":"m","digest":")",
                        Digest::Of(text).str(), R"(","size":1})");
  };
  ScriptedRegistry server([&](const Request& request, Response& response) {
    if (request.has_param("p")) {
      Answer(response, R"({"manifests":[)" + entry("b") + "]}");
    } else {
      Answer(response, R"({"manifests":[)" + entry("a") + "]}", "?p=2");
    }
    return true;
  });
  ClientFixture fixture(server.url());
  const auto referrers = ListReferrers(fixture.client(), "r", kSubject);
  ASSERT_TRUE(referrers.ok()) << referrers.status();
  ASSERT_EQ(referrers->size(), 2u);
  EXPECT_EQ((*referrers)[1].digest, Digest::Of("b"));
}

TEST(ReferrersTest, ARealRegistryHasNoneAndIsAskedOnce) {
  RegistryProcess registry;
  ScriptedRegistry server(nullptr, registry.url());
  ClientFixture fixture(server.url());
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(absl::IsUnimplemented(
        ListReferrers(fixture.client(), "r", kSubject).status()));
  }
  EXPECT_EQ(server.requests().size(), 1u);
}

// Otherwise nobody's referrers would be seen any more.
TEST(ReferrersTest, ARepositoryThatIsNotThereTellsNothingOfTheRegistry) {
  ScriptedRegistry server([&](const Request& request, Response& response) {
    if (absl::StrContains(request.path, "/new/")) {
      AnswerError(response, 404, "NAME_UNKNOWN");
    } else {
      Answer(response, R"({"manifests":[]})");
    }
    return true;
  });
  ClientFixture fixture(server.url());
  EXPECT_TRUE(absl::IsUnimplemented(
      ListReferrers(fixture.client(), "new", kSubject).status()));
  EXPECT_TRUE(ListReferrers(fixture.client(), "old", kSubject).ok());
  EXPECT_TRUE(ListReferrers(fixture.client(), "new", kSubject)->empty());
}

// What a registry without the API may answer to the first request.
struct Denial {
  int status;
  const char* type;
  const char* body;
};

ScriptedRegistry::Script Deny(const Denial& denial, int manifest_status = 200) {
  return [=](const Request& request, Response& response) {
    response.status = 200;
    if (absl::StrContains(request.path, "/manifests/")) {
      response.status = manifest_status;
      response.set_header("Docker-Content-Digest", kSubject.str());
    } else if (absl::StrContains(request.path, "/referrers/")) {
      response.status = denial.status;
      response.set_content(denial.body, denial.type);
    }
    return true;
  };
}

TEST(ReferrersTest, ARegistryThatAnswersSoAtFirstHasNoApiAndIsAskedOnce) {
  const char* const denied = R"({"errors":[{"code":"DENIED"}]})";
  for (const Denial& denial : {
           Denial{401, "application/json", denied},
           Denial{403, "application/json", denied},
           Denial{406, "text/plain", "no"},
           Denial{410, "text/plain", "gone"},
           Denial{501, "text/plain", "no"},
           Denial{200, "text/html", "<html><body>Hello</body></html>"},
           Denial{200, "text/plain", "Hello"},
       }) {
    ScriptedRegistry server(Deny(denial));
    ClientFixture fixture(server.url());
    for (int i = 0; i < 3; ++i) {
      EXPECT_TRUE(absl::IsUnimplemented(
          ListReferrers(fixture.client(), "r", kSubject).status()))
          << denial.status;
    }
    // A refusal that may pass is asked about once more.
    const bool may_pass = denial.status == 401 || denial.status == 403;
    EXPECT_EQ(server.Count("GET /v2/r/referrers/"), may_pass ? 2 : 1)
        << denial.status;
    const std::vector<std::string> notes = fixture.task().TakeNotes();
    EXPECT_EQ(notes.size(), denial.status == 501 ? 0u : 1u) << denial.status;
  }
}

TEST(ReferrersTest, ARefusalOfTheMomentIsNoProof) {
  for (const int status : {401, 403}) {
    std::atomic<int> asked = 0;
    ScriptedRegistry server([&](const Request& request, Response& response) {
      if (request.path.find("/referrers/") == std::string::npos) return false;
      if (++asked == 1) {
        response.status = status;
        return true;
      }
      response.set_content(
          R"({"schemaVersion":2,"mediaType":)"
          R"("application/vnd.oci.image.index.v1+json","manifests":[]})",
          "application/vnd.oci.image.index.v1+json");
      return true;
    });
    ClientFixture fixture(server.url());
    const auto listed = ListReferrers(fixture.client(), "r", kSubject);
    ASSERT_TRUE(listed.ok()) << status << " " << listed.status();
    EXPECT_EQ(fixture.client().connection->referrers_api,
              RegistryConnection::Support::kYes);
  }
}

// It is not there any more: the next subject may tell.
TEST(ReferrersTest, ASubjectThatIsNotThereTellsNothingOfTheRegistry) {
  ScriptedRegistry server(
      Deny({404, "application/json",
            R"({"errors":[{"code":"MANIFEST_UNKNOWN"}]})"}));
  ClientFixture fixture(server.url());
  for (int i = 1; i <= 2; ++i) {
    EXPECT_TRUE(absl::IsUnimplemented(
        ListReferrers(fixture.client(), "r", kSubject).status()));
    EXPECT_EQ(server.Count("GET /v2/r/referrers/"), i);
  }
}

TEST(ReferrersTest, ARefusalOfTheWholeRepositoryIsAnError) {
  for (const int status : {401, 403}) {
    ScriptedRegistry server(Deny({status, "text/plain", ""}, status));
    ClientFixture fixture(server.url());
    const auto listed = ListReferrers(fixture.client(), "r", kSubject);
    EXPECT_FALSE(listed.ok());
    EXPECT_FALSE(absl::IsUnimplemented(listed.status())) << listed.status();
  }
}

TEST(ReferrersTest, WhatMayPassIsAnError) {
  for (const int status : {408, 500, 503}) {
    ScriptedRegistry server(Deny({status, "text/plain", ""}));
    ClientFixture fixture(server.url(), {}, 16, /*retries=*/0);
    const auto listed = ListReferrers(fixture.client(), "r", kSubject);
    EXPECT_TRUE(absl::IsUnavailable(listed.status())) << listed.status();
  }
}

// Otherwise what is attached would be overlooked from then on.
TEST(ReferrersTest, AfterAListEveryRefusalIsAnError) {
  for (const Denial& denial : {
           Denial{401, "text/plain", ""},
           Denial{403, "text/plain", ""},
           Denial{406, "text/plain", ""},
           Denial{200, "text/html", "<html></html>"},
       }) {
    std::atomic<int> asked = 0;
    const ScriptedRegistry::Script deny = Deny(denial);
    ScriptedRegistry server([&](const Request& request, Response& response) {
      if (absl::StrContains(request.path, "/referrers/") && ++asked == 1) {
        Answer(response, R"({"manifests":[]})");
        return true;
      }
      return deny(request, response);
    });
    ClientFixture fixture(server.url());
    EXPECT_TRUE(ListReferrers(fixture.client(), "r", kSubject).ok());
    const auto listed = ListReferrers(fixture.client(), "r", kSubject);
    EXPECT_FALSE(listed.ok()) << denial.status;
    EXPECT_FALSE(absl::IsUnimplemented(listed.status())) << listed.status();
  }
}

TEST(ReferrersTest, AnAnswerThatIsNoIndexIsAnError) {
  ScriptedRegistry server([&](const Request&, Response& response) {
    Answer(response, R"({"mediaType":"a/b","config":{}})");
    return true;
  });
  ClientFixture fixture(server.url());
  EXPECT_TRUE(absl::IsDataLoss(
      ListReferrers(fixture.client(), "r", kSubject).status()));
}

}  // namespace
}  // namespace registry_manager
