// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/http/raw_server.h"
#include "common/registry/api/listing.h"
#include "common/registry/api/manifests.h"
#include "common/registry/api/uploads.h"
#include "common/registry/connection/errors.h"
#include "common/registry/drivers/plain/deletion.h"
#include "common/registry/testing/client_fixture.h"
#include "common/registry/testing/scripted_registry.h"

namespace registry_manager {
namespace {

using httplib::Request;
using httplib::Response;

const Credentials kUser = {"user", "pass word", ""};
const Credentials kLapsed = {"user", "of yesterday", ""};
// base64 of "user:pass word".
constexpr char kBasic[] = "Basic dXNlcjpwYXNzIHdvcmQ=";

// A token service; tokens are "T1", "T2", … with the scopes asked for.
class TokenService {
 public:
  TokenService()
      : server_([this](const Request& request, Response& response) {
          return Serve(request, response);
        }) {}

  std::string realm() const { return server_.url() + "/token?account=x"; }
  void SetAnswer(std::string answer, int status = 200) {
    const std::lock_guard<std::mutex> lock(mutex_);
    answer_ = std::move(answer);
    status_ = status;
  }
  // Any other authorization is refused.
  void Require(std::string authorization) {
    const std::lock_guard<std::mutex> lock(mutex_);
    required_ = std::move(authorization);
  }
  // Of the last request.
  std::multimap<std::string, std::string> query() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return query_;
  }
  std::string authorization() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return authorization_;
  }
  // Its path and query.
  std::string target() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return target_;
  }
  std::string body() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return body_;
  }
  int served() const { return served_; }

 private:
  bool Serve(const Request& request, Response& response) {
    const std::lock_guard<std::mutex> lock(mutex_);
    query_ = {request.params.begin(), request.params.end()};
    authorization_ = request.get_header_value("Authorization");
    body_ = request.body;
    target_ = request.target;
    response.status =
        required_.empty() || authorization_ == required_ ? status_ : 401;
    response.set_content(answer_.empty()
                             ? absl::StrCat(R"({"token":"T)", ++served_,
                                            R"(","expires_in":300})")
                             : (++served_, answer_),
                         "application/json");
    return true;
  }

  mutable std::mutex mutex_;
  std::atomic<int> served_ = 0;
  std::string answer_;
  int status_ = 200;
  std::multimap<std::string, std::string> query_;
  std::string authorization_;
  std::string required_;
  std::string body_;
  std::string target_;
  ScriptedRegistry server_;
};

void Challenge(Response& response, const TokenService& tokens,
               const std::string& scope, const std::string& error = "") {
  response.status = 401;
  response.set_header("WWW-Authenticate",
                      absl::StrCat("Bearer realm=\"", tokens.realm(),
                                   "\",service=\"reg\",scope=\"", scope, "\"",
                                   error.empty() ? "" : ",error=\"", error,
                                   error.empty() ? "" : "\""));
}

std::set<std::string> Scopes(const TokenService& tokens) {
  std::set<std::string> scopes;
  const auto query = tokens.query();
  const auto [first, last] = query.equal_range("scope");
  for (auto scope = first; scope != last; ++scope) scopes.insert(scope->second);
  return scopes;
}

// A registry that lists no tags to anybody with `wanted` as authorization.
ScriptedRegistry::Script TagsFor(const std::string& wanted,
                                 const std::string& challenge) {
  return [=](const Request& request, Response& response) {
    if (request.get_header_value("Authorization") != wanted) {
      response.status = 401;
      response.set_header("WWW-Authenticate", challenge);
    } else {
      response.set_content(R"({"tags":null})", "application/json");
    }
    return true;
  };
}

TEST(AuthenticationTest, BasicIsSentOnceAskedForAndThenAlways) {
  ScriptedRegistry registry(TagsFor(kBasic, "Basic realm=\"r\""));
  ClientFixture fixture(registry.url(), kUser);
  EXPECT_TRUE(ListTags(fixture.client(), "a").ok());
  EXPECT_TRUE(ListTags(fixture.client(), "b").ok());
  EXPECT_EQ(registry.requests().size(), 3u);
}

TEST(AuthenticationTest, RefusedBasicIsNotTriedAgain) {
  ScriptedRegistry registry(TagsFor("Basic other", "Basic realm=\"r\""));
  ClientFixture fixture(registry.url(), kUser);
  const absl::Status status = ListTags(fixture.client(), "a").status();
  EXPECT_TRUE(absl::IsUnauthenticated(status));
  EXPECT_EQ(HttpStatusOf(status), 401);
  EXPECT_TRUE(absl::StrContains(status.message(), "username and password"));
  EXPECT_FALSE(absl::StrContains(status.message(), "pass word"));
  EXPECT_TRUE(RefusesCredentials(status));
  EXPECT_EQ(registry.Count("GET /v2/a/"), 2);
}

TEST(AuthenticationTest, RefusedBasicCredentialsAreLookedUpAgain) {
  ScriptedRegistry registry(TagsFor(kBasic, "Basic realm=\"r\""));
  int looked_up = 0;
  ClientFixture fixture(registry.url(), kLapsed, 16, 3, [&] {
    ++looked_up;
    return kUser;
  });
  EXPECT_TRUE(ListTags(fixture.client(), "a").ok());
  EXPECT_TRUE(ListTags(fixture.client(), "b").ok());
  EXPECT_EQ(looked_up, 1);
  // Without, with those that have lapsed, with the new ones, and once more.
  EXPECT_EQ(registry.requests().size(), 4u);
}

TEST(AuthenticationTest, TheSameCredentialsAgainAreARefusal) {
  ScriptedRegistry registry(TagsFor(kBasic, "Basic realm=\"r\""));
  int looked_up = 0;
  ClientFixture fixture(registry.url(), kLapsed, 16, 3, [&] {
    ++looked_up;
    return kLapsed;
  });
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(
        absl::IsUnauthenticated(ListTags(fixture.client(), "a").status()));
  }
  // Twice, a moment apart, and not by every request that is refused.
  EXPECT_EQ(looked_up, 2);
}

TEST(AuthenticationTest, ASourceThatIsToldALittleLaterIsAskedOnceMore) {
  ScriptedRegistry registry(TagsFor(kBasic, "Basic realm=\"r\""));
  int looked_up = 0;
  ClientFixture fixture(registry.url(), kLapsed, 16, 3,
                        [&] { return ++looked_up == 1 ? kLapsed : kUser; });
  EXPECT_TRUE(ListTags(fixture.client(), "a").ok());
  EXPECT_EQ(looked_up, 2);
}

TEST(AuthenticationTest, WhatTheTokenServiceRefusesIsLookedUpAgain) {
  TokenService tokens;
  tokens.Require(kBasic);
  ScriptedRegistry registry([&](const Request& request, Response& response) {
    if (request.get_header_value("Authorization").empty()) {
      Challenge(response, tokens, "");
    } else {
      response.set_content(R"({"tags":null})", "application/json");
    }
    return true;
  });
  ClientFixture fixture(registry.url(), kLapsed, 16, 3, [] { return kUser; });
  EXPECT_TRUE(ListTags(fixture.client(), "a").ok());
}

TEST(AuthenticationTest, WithoutCredentialsTheMessageAsksForThem) {
  ScriptedRegistry registry(TagsFor(kBasic, "Basic realm=\"r\""));
  ClientFixture fixture(registry.url());
  const absl::Status status = ListTags(fixture.client(), "a").status();
  EXPECT_TRUE(absl::IsUnauthenticated(status));
  EXPECT_TRUE(absl::StrContains(status.message(), "wants credentials"));
}

TEST(AuthenticationTest, ABearerTokenIsFetchedOnceAndCached) {
  TokenService tokens;
  ScriptedRegistry registry([&](const Request& request, Response& response) {
    if (request.get_header_value("Authorization") == "Bearer T1") {
      response.set_content(R"({"tags":["x"]})", "application/json");
    } else {
      Challenge(response, tokens, "repository:a:pull");
    }
    return true;
  });
  ClientFixture fixture(registry.url(), kUser);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(ListTags(fixture.client(), "a").ok());
  }
  EXPECT_EQ(tokens.served(), 1);
  EXPECT_EQ(tokens.authorization(), kBasic);
  EXPECT_EQ(Scopes(tokens), std::set<std::string>{"repository:a:pull"});
  EXPECT_EQ(tokens.query().find("service")->second, "reg");
  EXPECT_EQ(tokens.query().find("account")->second, "x");
}

TEST(AuthenticationTest, ManyThreadsFetchOneToken) {
  TokenService tokens;
  ScriptedRegistry registry([&](const Request& request, Response& response) {
    if (absl::StartsWith(request.get_header_value("Authorization"), "Bearer")) {
      response.set_content(R"({"tags":[]})", "application/json");
    } else {
      Challenge(response, tokens, "");
    }
    return true;
  });
  ClientFixture fixture(registry.url(), kUser);
  ClientFixture::Pool().ParallelFor(32, 16, [&](size_t) {
    EXPECT_TRUE(ListTags(fixture.client(), "a").ok());
  });
  EXPECT_EQ(tokens.served(), 1);
}

TEST(AuthenticationTest, AccessTokenWillDoAndAMissingLifetimeIsAMinute) {
  TokenService tokens;
  tokens.SetAnswer(R"({"access_token":"abc"})");
  ScriptedRegistry registry([&](const Request& request, Response& response) {
    if (request.get_header_value("Authorization") == "Bearer abc") {
      response.set_content(R"({"tags":[]})", "application/json");
    } else {
      Challenge(response, tokens, "");
    }
    return true;
  });
  ClientFixture fixture(registry.url());
  EXPECT_TRUE(ListTags(fixture.client(), "a").ok());
  EXPECT_TRUE(ListTags(fixture.client(), "a").ok());
  EXPECT_EQ(tokens.served(), 1);
  EXPECT_EQ(tokens.authorization(), "");
}

TEST(AuthenticationTest, AShortLivedTokenIsRenewedBeforeItLapses) {
  TokenService tokens;
  tokens.SetAnswer(R"({"token":"abc","expires_in":0.001})");
  ScriptedRegistry registry([&](const Request& request, Response& response) {
    if (request.get_header_value("Authorization") == "Bearer abc") {
      response.set_content(R"({"tags":[]})", "application/json");
    } else {
      Challenge(response, tokens, "");
    }
    return true;
  });
  ClientFixture fixture(registry.url(), kUser);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(ListTags(fixture.client(), "a").ok());
    absl::SleepFor(absl::Milliseconds(2));
  }
  EXPECT_EQ(tokens.served(), 3);
  // One challenge in all.
  EXPECT_EQ(registry.requests().size(), 4u);
}

TEST(AuthenticationTest, ATokenThatLapsedEarlyIsFetchedAnew) {
  TokenService tokens;
  std::atomic<int> good = 1;
  ScriptedRegistry registry([&](const Request& request, Response& response) {
    if (request.get_header_value("Authorization") ==
        absl::StrCat("Bearer T", good.load())) {
      response.set_content(R"({"tags":[]})", "application/json");
    } else {
      Challenge(response, tokens, "");
    }
    return true;
  });
  ClientFixture fixture(registry.url(), kUser);
  EXPECT_TRUE(ListTags(fixture.client(), "a").ok());
  good = 2;
  EXPECT_TRUE(ListTags(fixture.client(), "a").ok());
  EXPECT_EQ(tokens.served(), 2);
}

TEST(AuthenticationTest, TheScopesOfTheChallengeAreAskedForToo) {
  TokenService tokens;
  ScriptedRegistry registry([&](const Request& request, Response& response) {
    const std::string authorization = request.get_header_value("Authorization");
    if (authorization == "Bearer T2") {
      response.set_content(R"({"tags":[]})", "application/json");
    } else if (authorization == "Bearer T1") {
      Challenge(response, tokens, "repository:a:pull repository:base:pull");
    } else {
      Challenge(response, tokens, "repository:a:pull");
    }
    return true;
  });
  ClientFixture fixture(registry.url(), kUser);
  EXPECT_TRUE(ListTags(fixture.client(), "a").ok());
  EXPECT_EQ(Scopes(tokens), (std::set<std::string>{"repository:a:pull",
                                                   "repository:base:pull"}));
  // From now on at once.
  EXPECT_TRUE(ListTags(fixture.client(), "a").ok());
  EXPECT_EQ(tokens.served(), 2);
}

// The token that lapses is the one that was asked for by the scopes of a
// challenge; the next challenge may not name them.
TEST(AuthenticationTest, ATokenOfMoreScopesIsFetchedAnewOnceItHasLapsed) {
  TokenService tokens;
  std::atomic<bool> lapsed = false;
  ScriptedRegistry registry([&](const Request& request, Response& response) {
    const std::string authorization = request.get_header_value("Authorization");
    if (authorization == (lapsed ? "Bearer T2" : "Bearer T1")) {
      response.set_content(R"({"tags":[]})", "application/json");
    } else {
      Challenge(response, tokens,
                lapsed ? "repository:a:pull" : "repository:base:pull");
    }
    return true;
  });
  ClientFixture fixture(registry.url(), kUser);
  EXPECT_TRUE(ListTags(fixture.client(), "a").ok());
  lapsed = true;
  const absl::Status status = ListTags(fixture.client(), "a").status();
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(tokens.served(), 2);
}

TEST(AuthenticationTest, ARightThatIsNeverGrantedEnds) {
  TokenService tokens;
  ScriptedRegistry registry([&](const Request&, Response& response) {
    Challenge(response, tokens, "repository:a:pull", "insufficient_scope");
    AnswerError(response, 401, "UNAUTHORIZED");
    return true;
  });
  ClientFixture fixture(registry.url(), kUser);
  const absl::Status status = ListTags(fixture.client(), "a").status();
  EXPECT_TRUE(absl::IsUnauthenticated(status));
  EXPECT_EQ(HttpStatusOf(status), 401);
  EXPECT_LE(registry.Count("GET /v2/a/"), 4);
}

TEST(AuthenticationTest, AMountAsksForBothScopesInOneToken) {
  TokenService tokens;
  ScriptedRegistry registry([&](const Request& request, Response& response) {
    if (request.has_header("Authorization")) {
      response.status = 201;
    } else {
      Challenge(response, tokens, "");
    }
    return true;
  });
  ClientFixture fixture(registry.url(), kUser);
  const auto mounted =
      MountBlob(fixture.client(), "to", Digest::Of("x"), "from");
  ASSERT_TRUE(mounted.ok()) << mounted.status();
  EXPECT_FALSE(mounted->has_value());
  EXPECT_EQ(Scopes(tokens), (std::set<std::string>{"repository:from:pull",
                                                   "repository:to:pull,push"}));
}

TEST(AuthenticationTest, AnIdentityTokenIsPosted) {
  TokenService tokens;
  tokens.SetAnswer(R"({"access_token":"abc","expires_in":300})");
  ScriptedRegistry registry([&](const Request& request, Response& response) {
    if (request.get_header_value("Authorization") == "Bearer abc") {
      response.set_content(R"({"tags":[]})", "application/json");
    } else {
      Challenge(response, tokens, "");
    }
    return true;
  });
  ClientFixture fixture(registry.url(), {"", "", "re&fresh"});
  EXPECT_TRUE(ListTags(fixture.client(), "a").ok());
  EXPECT_TRUE(absl::StrContains(tokens.body(), "grant_type=refresh_token"));
  EXPECT_TRUE(absl::StrContains(tokens.body(), "refresh_token=re%26fresh"));
  EXPECT_TRUE(absl::StrContains(tokens.body(), "scope=repository%3Aa%3Apull"));
  EXPECT_FALSE(absl::StrContains(tokens.target(), "fresh"));
}

TEST(AuthenticationTest, CatalogueAndRepositoriesMayWantDifferentThings) {
  TokenService tokens;
  ScriptedRegistry registry([&](const Request& request, Response& response) {
    const std::string authorization = request.get_header_value("Authorization");
    if (request.path == "/v2/_catalog") {
      if (authorization == kBasic) {
        response.set_content(R"({"repositories":["a"]})", "application/json");
      } else {
        response.status = 401;
        response.set_header("WWW-Authenticate", "Basic realm=\"harbor\"");
      }
    } else if (absl::StartsWith(authorization, "Bearer T")) {
      response.set_content(R"({"tags":[]})", "application/json");
    } else {
      Challenge(response, tokens, "");
    }
    return true;
  });
  ClientFixture fixture(registry.url(), kUser);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(ListCatalogPage(fixture.client(), "").ok());
    EXPECT_TRUE(ListTags(fixture.client(), "a").ok());
  }
  EXPECT_EQ(registry.requests().size(), 6u);
}

TEST(AuthenticationTest, TheTokenServicesRefusalIsAboutCredentials) {
  TokenService tokens;
  ScriptedRegistry registry([&](const Request&, Response& response) {
    Challenge(response, tokens, "");
    return true;
  });
  for (const int refusal : {401, 403}) {
    tokens.SetAnswer("{}", refusal);
    ClientFixture fixture(registry.url(), kUser);
    EXPECT_TRUE(
        absl::IsUnauthenticated(ListTags(fixture.client(), "a").status()));
  }
}

// A 404 of the token service would make a manifest gone, a repository empty.
TEST(AuthenticationTest, TheTokenServicesAnswersAreNeverTheRegistrys) {
  TokenService tokens;
  ScriptedRegistry registry([&](const Request&, Response& response) {
    Challenge(response, tokens, "");
    return true;
  });
  for (const int refusal : {400, 404, 405, 429, 500, 501}) {
    tokens.SetAnswer(R"({"errors":[{"code":"UNSUPPORTED"}]})", refusal);
    ClientFixture fixture(registry.url(), kUser, 16, 0);
    // So that no waiting for patience is needed.
    const absl::Status status =
        HeadManifest(fixture.client(), "a", "latest").status();
    EXPECT_FALSE(status.ok());
    EXPECT_FALSE(absl::IsNotFound(status)) << status;
    EXPECT_FALSE(absl::IsUnimplemented(status)) << status;
    EXPECT_EQ(HttpStatusOf(status), 0) << status;
  }
}

TEST(AuthenticationTest, AnAnswerWithoutATokenThatCanBeSentIsRefused) {
  TokenService tokens;
  ScriptedRegistry registry([&](const Request&, Response& response) {
    Challenge(response, tokens, "");
    return true;
  });
  for (const char* answer :
       {"{}", "[]", "<html>", R"({"token":5})", R"({"token":"a\r\nX: y"})"}) {
    tokens.SetAnswer(answer);
    ClientFixture fixture(registry.url(), kUser, 16, 0);
    EXPECT_TRUE(absl::IsDataLoss(ListTags(fixture.client(), "a").status()))
        << answer;
  }
}

TEST(AuthenticationTest, ATokenServiceThatRecoversIsAskedAgain) {
  TokenService tokens;
  tokens.SetAnswer("", 503);
  std::atomic<int> asked = 0;
  ScriptedRegistry registry([&](const Request& request, Response& response) {
    if (request.has_header("Authorization")) {
      response.status = 202;
    } else {
      if (++asked == 2) tokens.SetAnswer("");
      Challenge(response, tokens, "");
    }
    return true;
  });
  ClientFixture fixture(registry.url(), kUser);
  // A DELETE, too: it has not been sent.
  std::thread mender([&] {
    while (tokens.served() == 0) std::this_thread::yield();
    tokens.SetAnswer("");
  });
  EXPECT_TRUE(
      DeleteManifest(fixture.client(), "a", Digest::Of("x").str()).ok());
  mender.join();
}

TEST(AuthenticationTest, ARealmThatCannotBeUsedShowsNothingOfItself) {
  for (const char* realm :
       {"http://user:hunter2@host/token", "ftp://host/token?sig=hunter2",
        "http://[hunter2", "token?x=hunter2"}) {
    ScriptedRegistry registry([&](const Request&, Response& response) {
      response.status = 401;
      response.set_header("WWW-Authenticate",
                          absl::StrCat("Bearer realm=\"", realm, "\""));
      return true;
    });
    ClientFixture fixture(registry.url(), kUser);
    const absl::Status status = ListTags(fixture.client(), "a").status();
    EXPECT_FALSE(status.ok());
    EXPECT_FALSE(absl::StrContains(status.message(), "hunter2")) << status;
  }
}

TEST(AuthenticationTest, AChallengeThatIsNoneEnds) {
  for (const char* header : {"", "Negotiate", "Bearer service=\"x\"", "\"\""}) {
    ScriptedRegistry registry([&](const Request&, Response& response) {
      response.status = 401;
      response.set_header("WWW-Authenticate", header);
      return true;
    });
    ClientFixture fixture(registry.url(), kUser);
    EXPECT_TRUE(
        absl::IsUnauthenticated(ListTags(fixture.client(), "a").status()));
    EXPECT_EQ(registry.Count("GET /v2/a/"), 1) << header;
  }
}

}  // namespace
}  // namespace registry_manager
