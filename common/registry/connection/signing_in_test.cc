// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// What registries and token services do besides the standards.

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/registry/api/blobs.h"
#include "common/registry/api/listing.h"
#include "common/registry/api/manifests.h"
#include "common/registry/api/uploads.h"
#include "common/registry/connection/errors.h"
#include "common/registry/testing/client_fixture.h"
#include "common/registry/testing/scripted_registry.h"

namespace registry_manager {
namespace {

using httplib::Request;
using httplib::Response;

const Credentials kUser = {"user", "pass word", ""};
// base64 of "user:pass word".
constexpr char kBasic[] = "Basic dXNlcjpwYXNzIHdvcmQ=";

void ListNoTags(Response& response) {
  response.set_content(R"({"tags":null})", "application/json");
}

// A registry with its token service: tokens are "T1", "T2", …; what the test
// does not answer is a listing for any token, or a challenge.
class BearerRegistry {
 public:
  using Script = ScriptedRegistry::Script;
  explicit BearerRegistry(Script script, std::string realm = "")
      : realm_(std::move(realm)),
        script_(std::move(script)),
        server_([this](const Request& request, Response& response) {
          return Serve(request, response);
        }) {}

  std::string url() const { return server_.url(); }
  int Count(absl::string_view prefix) const { return server_.Count(prefix); }
  void Challenge(Response& response, const std::string& error = "") {
    AnswerError(response, 401, "UNAUTHORIZED");
    response.set_header(
        "WWW-Authenticate",
        absl::StrCat("Bearer realm=\"",
                     realm_.empty() ? server_.url() + "/token" : realm_, "\"",
                     error.empty() ? "" : ",error=" + error));
  }
  void GiveToken(Response& response, const std::string& more = "") {
    response.status = 200;
    response.set_content(
        absl::StrCat(R"({"token":"T)", ++given_, R"(")", more, "}"),
        "application/json");
  }
  int given() const { return given_; }

 private:
  bool Serve(const Request& request, Response& response) {
    if (script_ && script_(request, response)) return true;
    if (request.path == "/token") {
      GiveToken(response);
    } else if (request.has_header("Authorization")) {
      ListNoTags(response);
    } else {
      Challenge(response);
    }
    return true;
  }

  const std::string realm_;
  const Script script_;
  std::atomic<int> given_ = 0;
  ScriptedRegistry server_;
};

// harbor#15911, hub-feedback#647: the registry's clock is behind.
TEST(SigningInTest, ATokenThatIsTooYoungIsSentAgainAfterAPause) {
  for (const char* error : {"invalid_token", ""}) {
    std::mutex mutex;
    std::map<std::string, absl::Time> given;
    BearerRegistry* self = nullptr;
    BearerRegistry registry([&](const Request& request, Response& response) {
      const std::lock_guard<std::mutex> lock(mutex);
      if (request.path == "/token") {
        self->GiveToken(response);
        given[absl::StrCat("Bearer T", self->given())] = absl::Now();
        return true;
      }
      const auto found = given.find(request.get_header_value("Authorization"));
      if (found == given.end() ||
          absl::Now() - found->second < absl::Seconds(2)) {
        self->Challenge(response, error);
        return true;
      }
      return false;
    });
    self = &registry;
    ClientFixture fixture(registry.url(), kUser);
    const absl::Status status = ListTags(fixture.client(), "a").status();
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_LE(registry.given(), 2);
  }
}

TEST(SigningInTest, PausesThatAreInVainStop) {
  BearerRegistry* self = nullptr;
  BearerRegistry registry([&](const Request& request, Response& response) {
    if (request.path == "/token" || request.path == "/v2/") return false;
    if (request.path == "/v2/mine/tags/list") return false;
    self->Challenge(response);
    return true;
  });
  self = &registry;
  ClientFixture fixture(registry.url(), kUser);
  EXPECT_TRUE(ListTags(fixture.client(), "mine").ok());
  for (const char* name : {"a", "b"}) {
    const absl::Status status = ListTags(fixture.client(), name).status();
    EXPECT_TRUE(absl::IsUnauthenticated(status)) << status;
    EXPECT_FALSE(RefusesCredentials(status)) << status;
  }
  const absl::Time begun = absl::Now();
  EXPECT_FALSE(ListTags(fixture.client(), "c").ok());
  EXPECT_LT(absl::Now() - begun, absl::Seconds(1));
}

// ecr-credential-helper#7: 403 without a challenge.
TEST(SigningInTest, ADenialOfBasicCredentialsAsksTheirSourceAgainOnce) {
  std::atomic<bool> lapsed = false;
  ScriptedRegistry registry([&](const Request& request, Response& response) {
    const std::string given = request.get_header_value("Authorization");
    if (given.empty()) {
      response.status = 401;
      response.set_header("WWW-Authenticate", "Basic realm=\"r\"");
    } else if ((given == kBasic) == lapsed) {
      AnswerError(response, 403, "DENIED");
    } else {
      ListNoTags(response);
    }
    return true;
  });
  int looked_up = 0;
  ClientFixture fixture(registry.url(), kUser, 16, 3, [&] {
    ++looked_up;
    return Credentials{"user", lapsed ? "new" : "pass word", ""};
  });
  EXPECT_TRUE(ListTags(fixture.client(), "a").ok());
  lapsed = true;
  EXPECT_TRUE(ListTags(fixture.client(), "a").ok());
  EXPECT_EQ(looked_up, 1);
}

TEST(SigningInTest, ADenialThatStaysIsAboutRights) {
  ScriptedRegistry registry([&](const Request& request, Response& response) {
    if (request.has_header("Authorization")) {
      AnswerError(response, 403, "DENIED");
    } else {
      response.status = 401;
      response.set_header("WWW-Authenticate", "Basic realm=\"r\"");
    }
    return true;
  });
  int looked_up = 0;
  ClientFixture fixture(registry.url(), kUser, 16, 3, [&] {
    ++looked_up;
    return kUser;
  });
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(
        absl::IsPermissionDenied(ListTags(fixture.client(), "a").status()));
  }
  EXPECT_EQ(looked_up, 2);
  EXPECT_EQ(registry.Count("GET /v2/a/"), 4);
}

// soci-snapshotter#1148: ECR Public says 400.
TEST(SigningInTest, ATokenThatIsSaidToHaveExpiredIsFetchedAnew) {
  std::atomic<int> good = 1;
  BearerRegistry registry([&](const Request& request, Response& response) {
    if (request.path == "/token" || !request.has_header("Authorization")) {
      return false;
    }
    if (request.get_header_value("Authorization") ==
        absl::StrCat("Bearer T", good.load())) {
      return false;
    }
    response.status = 400;
    response.set_content(
        R"({"errors":[{"code":"DENIED","message":"Your authorization token )"
        R"(has expired. Reauthenticate and try again."}]})",
        "application/json");
    return true;
  });
  ClientFixture fixture(registry.url(), kUser);
  EXPECT_TRUE(ListTags(fixture.client(), "a").ok());
  good = 2;
  EXPECT_TRUE(ListTags(fixture.client(), "a").ok());
  EXPECT_EQ(registry.given(), 2);
  good = 9;
  EXPECT_FALSE(ListTags(fixture.client(), "a").ok());
  // After a 400 a listing is asked for twice more, with smaller pages, each
  // time with one token more.
  EXPECT_EQ(registry.given(), 5);
}

// moby#38662: /v2/ is open to all, and proves nothing.
TEST(SigningInTest, AWrongPasswordBehindAnOpenBaseIsARefusal) {
  ScriptedRegistry basic([&](const Request& request, Response& response) {
    if (request.path == "/v2/") return response.status = 200, true;
    response.status = 401;
    response.set_header("WWW-Authenticate", "Basic realm=\"r\"");
    return true;
  });
  BearerRegistry bearer([&](const Request& request, Response& response) {
    if (request.path == "/v2/") return response.status = 200, true;
    if (request.path != "/token") return false;
    return response.status = 401, true;
  });
  for (const std::string& url : {basic.url(), bearer.url()}) {
    ClientFixture fixture(url, kUser);
    const absl::Status status = ListTags(fixture.client(), "a").status();
    EXPECT_TRUE(RefusesCredentials(status)) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), "refuses the credentials"));
    EXPECT_FALSE(absl::StrContains(status.message(), "rights are missing"));
  }
}

TEST(SigningInTest, ARightThatIsMissingBehindAnOpenBaseIsNoRefusal) {
  ScriptedRegistry basic([&](const Request& request, Response& response) {
    if (request.path == "/v2/") return response.status = 200, true;
    if (request.path == "/v2/mine/tags/list" &&
        request.get_header_value("Authorization") == kBasic) {
      ListNoTags(response);
      return true;
    }
    response.status = 401;
    response.set_header("WWW-Authenticate", "Basic realm=\"r\"");
    return true;
  });
  BearerRegistry bearer([&](const Request& request, Response& response) {
    if (request.path == "/v2/") return response.status = 200, true;
    if (request.path != "/token") return false;
    // GitLab and GHCR refuse the token of what may not be read.
    if (!absl::StrContains(request.target, "%3Aa%3A")) return false;
    return response.status = 403, true;
  });
  for (const std::string& url : {basic.url(), bearer.url()}) {
    ClientFixture fixture(url, kUser);
    EXPECT_TRUE(ListTags(fixture.client(), "mine").ok());
    const absl::Status status = ListTags(fixture.client(), "a").status();
    EXPECT_TRUE(absl::IsUnauthenticated(status)) << status;
    EXPECT_FALSE(RefusesCredentials(status)) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), "rights are missing"));
  }
}

TEST(SigningInTest, ARedirectedApiIsSaidAtOnceWithTheNewAddress) {
  ScriptedRegistry target([](const Request&, Response& response) {
    ListNoTags(response);
    return true;
  });
  const std::string elsewhere = absl::StrCat(
      "http://localhost:", target.url().substr(target.url().rfind(':') + 1));
  ScriptedRegistry registry([&](const Request& request, Response& response) {
    response.status = 308;
    response.set_header("Location", elsewhere + request.target);
    return true;
  });
  ClientFixture fixture(registry.url(), kUser);
  for (const absl::Status& status :
       {ListTags(fixture.client(), "a").status(),
        CheckIsRegistry(fixture.client()),
        ListCatalogPage(fixture.client(), "").status(),
        StartUpload(fixture.client(), "a").status()}) {
    EXPECT_TRUE(IsUnusable(status)) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), "write " + elsewhere));
  }
  EXPECT_EQ(registry.requests().size(), 4u);
  EXPECT_TRUE(target.requests().empty());
}

TEST(SigningInTest, TokenServicesMayBeNamedByAPathAndLeadElsewhere) {
  BearerRegistry registry(
      [&](const Request& request, Response& response) {
        if (request.path != "/auth/start") return false;
        response.status = 307;
        response.set_header("Location", "/token?led=yes");
        return true;
      },
      "/auth/start?account=x");
  ClientFixture fixture(registry.url(), kUser);
  const absl::Status status = ListTags(fixture.client(), "a").status();
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(registry.Count("GET /token?led=yes"), 1);
}

TEST(SigningInTest, CredentialsDoNotFollowATokenServiceToAnotherHost) {
  std::atomic<bool> leaked = false;
  ScriptedRegistry other([&](const Request& request, Response& response) {
    leaked = leaked || request.has_header("Authorization");
    response.set_content(R"({"token":"T0"})", "application/json");
    return true;
  });
  BearerRegistry registry([&](const Request& request, Response& response) {
    if (request.path != "/token") return false;
    response.status = 302;
    response.set_header(
        "Location",
        absl::StrCat("http://localhost:",
                     other.url().substr(other.url().rfind(':') + 1), "/token"));
    return true;
  });
  ClientFixture fixture(registry.url(), kUser);
  EXPECT_TRUE(ListTags(fixture.client(), "a").ok());
  EXPECT_FALSE(leaked);
  EXPECT_EQ(other.Count("GET /token"), 1);
}

TEST(SigningInTest, ATokenServiceThatTakesOneMethodOnlyIsAskedByThat) {
  for (const bool identity : {true, false}) {
    const std::string method = identity ? "GET" : "POST";
    BearerRegistry registry([&](const Request& request, Response& response) {
      if (request.path != "/token" || request.method == method) return false;
      return response.status = 405, true;
    });
    ClientFixture fixture(registry.url(),
                          identity ? Credentials{"", "", "refresh"} : kUser);
    const absl::Status status = ListTags(fixture.client(), "a").status();
    EXPECT_TRUE(status.ok()) << status;
  }
}

TEST(SigningInTest, LifetimesComeAsTextAndFromEarlier) {
  for (const bool from_earlier : {false, true}) {
    BearerRegistry* self = nullptr;
    BearerRegistry registry([&](const Request& request, Response& response) {
      if (request.path != "/token") return false;
      const std::string issued = absl::FormatTime(
          "%Y-%m-%dT%H:%M:%SZ", absl::Now() - absl::Seconds(59),
          absl::UTCTimeZone());
      self->GiveToken(
          response,
          from_earlier
              ? absl::StrCat(R"(,"expires_in":60,"issued_at":")", issued, "\"")
              : R"(,"expires_in":"0.2")");
      return true;
    });
    self = &registry;
    ClientFixture fixture(registry.url(), kUser);
    EXPECT_TRUE(ListTags(fixture.client(), "a").ok());
    absl::SleepFor(absl::Milliseconds(1000));
    EXPECT_TRUE(ListTags(fixture.client(), "a").ok());
    EXPECT_EQ(registry.given(), 2) << from_earlier;
  }
}

// A mount asks for two scopes; the one that it can do without may be refused.
TEST(SigningInTest, ATokenServiceThatRefusesSeveralScopesIsAskedForOne) {
  BearerRegistry registry([&](const Request& request, Response& response) {
    if (request.path == "/token" &&
        request.get_param_value_count("scope") > 1) {
      return response.status = 400, true;
    }
    if (request.method != "POST" || !request.has_header("Authorization")) {
      return false;
    }
    return response.status = 201, true;
  });
  ClientFixture fixture(registry.url(), kUser);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(
        MountBlob(fixture.client(), "to", Digest::Of("x"), "from").ok());
  }
  EXPECT_EQ(registry.given(), 1);
  EXPECT_EQ(registry.Count("GET /token"), 2);
}

TEST(SigningInTest, OtherSchemesBesideBasicDoNoHarm) {
  ScriptedRegistry registry([&](const Request& request, Response& response) {
    if (request.get_header_value("Authorization") == kBasic) {
      ListNoTags(response);
    } else {
      response.status = 401;
      response.headers.emplace("WWW-Authenticate", "Negotiate");
      response.headers.emplace("WWW-Authenticate", "NTLM abc==");
      response.headers.emplace("WWW-Authenticate", "BASIC realm=\"r\"");
    }
    return true;
  });
  ClientFixture fixture(registry.url(), kUser);
  EXPECT_TRUE(ListTags(fixture.client(), "a").ok());
}

TEST(SigningInTest, RepositoriesHaveTheCredentialsOfTheirNamespace) {
  RegistryCredentials all(kUser);
  all.parts["team"] = {"team", "secret", ""};
  ScriptedRegistry registry([&](const Request& request, Response& response) {
    const bool team = absl::StartsWith(request.path, "/v2/team/");
    if (request.get_header_value("Authorization") ==
        (team ? "Basic dGVhbTpzZWNyZXQ=" : kBasic)) {
      ListNoTags(response);
    } else {
      response.status = 401;
      response.set_header("WWW-Authenticate", "Basic realm=\"r\"");
    }
    return true;
  });
  ClientFixture fixture(registry.url(), all);
  EXPECT_TRUE(ListTags(fixture.client(), "team/app").ok());
  EXPECT_TRUE(ListTags(fixture.client(), "app").ok());
}

}  // namespace
}  // namespace registry_manager
