// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// Whether a 401 is for whoever asks, or for what was asked.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/registry/api/blobs.h"
#include "common/registry/api/listing.h"
#include "common/registry/api/manifests.h"
#include "common/registry/api/referrers.h"
#include "common/registry/connection/errors.h"
#include "common/registry/testing/client_fixture.h"
#include "common/registry/testing/scripted_registry.h"

namespace registry_manager {
namespace {

using httplib::Request;
using httplib::Response;

const Credentials kUser = {"user", "password", ""};

// Which of the two is refused, whoever asks or what was asked, the base
// endpoint says; once it has taken the credentials it is not asked again.
TEST(RefusalTest, ARefusalOfOneRepositoryIsNoneOfTheCredentials) {
  std::atomic<bool> takes_them = true;
  ScriptedRegistry registry([&](const Request& request, Response& response) {
    if (request.path == "/v2/" && takes_them &&
        request.has_header("Authorization")) {
      response.status = 200;
      return true;
    }
    AnswerError(response, 401, "UNAUTHORIZED");
    response.set_header("WWW-Authenticate", "Basic realm=x");
    return true;
  });
  ClientFixture fixture(registry.url(), kUser);
  for (const char* repository : {"a", "b"}) {
    const absl::Status status = ListTags(fixture.client(), repository).status();
    EXPECT_TRUE(absl::IsUnauthenticated(status)) << status;
    EXPECT_FALSE(RefusesCredentials(status)) << status;
    EXPECT_TRUE(IsNotTold(status));
  }
  // Once without credentials: whether it is open to all.
  const std::vector<std::string> asked = registry.requests();
  EXPECT_LE(std::count(asked.begin(), asked.end(), "GET /v2/"), 3);
  takes_them = false;
  ClientFixture refused(registry.url(), kUser);
  const absl::Status status = ListTags(refused.client(), "a").status();
  EXPECT_TRUE(RefusesCredentials(status)) << status;
  EXPECT_FALSE(IsNotTold(status));
}

TEST(RefusalTest, ATokenServiceThatRefusesOneScopeDoesNotRefuseTheUser) {
  ScriptedRegistry at_tokens([&](const Request& request, Response& response) {
    if (request.has_param("scope")) return AnswerError(response, 403, ""), true;
    response.set_content(R"({"token":"T"})", "application/json");
    return true;
  });
  ScriptedRegistry registry([&](const Request& request, Response& response) {
    response.status = request.has_header("Authorization") ? 200 : 401;
    response.set_header("WWW-Authenticate",
                        absl::StrCat("Bearer realm=\"", at_tokens.url(),
                                     "/token\",service=\"s\""));
    return true;
  });
  ClientFixture fixture(registry.url(), kUser);
  const absl::Status status = ListTags(fixture.client(), "a").status();
  EXPECT_TRUE(absl::IsUnauthenticated(status)) << status;
  EXPECT_FALSE(RefusesCredentials(status)) << status;
}

TEST(RefusalTest, WhatIsReadOfASyncsTargetAsksForTheRightToPush) {
  std::mutex mutex;
  std::set<std::string> scopes;
  ScriptedRegistry registry([&](const Request& request, Response& response) {
    if (request.path == "/token") {
      const std::lock_guard<std::mutex> lock(mutex);
      scopes.insert(request.get_param_value("scope"));
      response.set_content(R"({"token":"T"})", "application/json");
    } else if (request.has_header("Authorization")) {
      response.status = 404;
    } else {
      response.status = 401;
      response.set_header(
          "WWW-Authenticate",
          absl::StrCat("Bearer realm=\"http://",
                       request.get_header_value("Host"), "/token\""));
    }
    return true;
  });
  const auto read = [](const RegistryClient& client, int what) {
    switch (what) {
      case 0:
        return ListTags(client, "a").status();
      case 1:
        return HeadManifest(client, "a", "latest").status();
      case 2:
        return HasBlob(client, "a", {"x/y", Digest::Of("x"), 1}).status();
      default:
        return ListReferrers(client, "a", Digest::Of("x")).status();
    }
  };
  for (int what = 0; what < 4; ++what) {
    ClientFixture fixture(registry.url(), kUser);
    RegistryClient client = fixture.client();
    client.pushes = true;
    const absl::Status status = read(client, what);
    EXPECT_FALSE(absl::IsUnauthenticated(status)) << status;
    const std::lock_guard<std::mutex> lock(mutex);
    EXPECT_EQ(scopes, (std::set<std::string>{"repository:a:pull,push"}));
    scopes.clear();
  }
}

}  // namespace
}  // namespace registry_manager
