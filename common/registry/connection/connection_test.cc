// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/connection/connection.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <mutex>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/http/raw_server.h"
#include "common/registry/connection/errors.h"
#include "common/registry/testing/client_fixture.h"
#include "common/registry/testing/scripted_registry.h"

namespace registry_manager {
namespace {

using httplib::Request;
using httplib::Response;

constexpr char kOk[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

RegistryRequest Get(RegistryConnection& connection, const std::string& path,
                    bool repeatable = true) {
  RegistryRequest request;
  request.url = connection.Endpoint(path);
  request.repeatable = repeatable;
  return request;
}

RegistryRequest Delete(RegistryConnection& connection,
                       const std::string& path) {
  RegistryRequest request;
  request.method = HttpMethod::kDelete;
  request.url = connection.Endpoint(path);
  return request;
}

TEST(ConnectionTest, PathsStandBelowTheRegistrysPrefix) {
  ClientFixture fixture("http://host:5000/hub");
  RegistryConnection& connection = fixture.connection();
  EXPECT_EQ(connection.Endpoint("_catalog").str(),
            "http://host:5000/hub/v2/_catalog");
  EXPECT_EQ(connection.RepositoryEndpoint("a/b", "tags/list").str(),
            "http://host:5000/hub/v2/a/b/tags/list");
  EXPECT_EQ(connection.Scope("a/b", "pull"), "repository:a/b:pull");
}

TEST(ConnectionTest, DockerHubsApiIsElsewhereAndItsLibraryUnnamed) {
  ClientFixture fixture("docker.io");
  EXPECT_EQ(fixture.connection().RepositoryEndpoint("redis", "tags/list").str(),
            "https://registry-1.docker.io:443/v2/library/redis/tags/list");
  EXPECT_EQ(fixture.connection().Scope("redis", "pull"),
            "repository:library/redis:pull");
}

TEST(ConnectionTest, AnAddressThatMakesNoUrlIsAnError) {
  ClientFixture fixture("http://[1:::2]:5000");
  EXPECT_FALSE(fixture.client().Send(Get(fixture.connection(), "x")).ok());
}

TEST(ConnectionTest, AnAnswerOfAnyStatusIsReturned) {
  ScriptedRegistry server([](const Request&, Response& response) {
    AnswerError(response, 404, "NAME_UNKNOWN");
    return true;
  });
  ClientFixture fixture(server.url());
  const auto response = fixture.client().Send(Get(fixture.connection(), "x"));
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->status, 404);
  const absl::Status refusal =
      fixture.client().Refusal(Get(fixture.connection(), "x"), *response);
  EXPECT_EQ(RegistryOf(refusal), server.url());
  EXPECT_EQ(fixture.gate().in_use(), 0);
}

TEST(ConnectionTest, RepeatsWhatMayBeRepeatedAfterServerErrors) {
  std::atomic<int> asked = 0;
  ScriptedRegistry server([&](const Request&, Response& response) {
    response.status = ++asked < 3 ? 500 : 200;
    return true;
  });
  ClientFixture fixture(server.url());
  const auto response = fixture.client().Send(Get(fixture.connection(), "x"));
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(asked, 3);
}

TEST(ConnectionTest, GivesUpAfterItsRetries) {
  ScriptedRegistry server([](const Request&, Response& response) {
    response.status = 502;
    return true;
  });
  ClientFixture fixture(server.url(), {}, 16, /*retries=*/2);
  const auto response = fixture.client().Send(Get(fixture.connection(), "x"));
  EXPECT_EQ(response->status, 502);
  EXPECT_EQ(server.requests().size(), 3u);
}

TEST(ConnectionTest, NeverRepeatsWhatMayNotBeRepeated) {
  ScriptedRegistry server([](const Request&, Response& response) {
    response.status = 500;
    return true;
  });
  ClientFixture fixture(server.url());
  EXPECT_EQ(
      fixture.client().Send(Get(fixture.connection(), "x", false))->status,
      500);
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST(ConnectionTest, RepeatsAfterAConnectionThatWasReset) {
  RawServer server([](RawConnection& connection) {
    while (!connection.ReadHead().empty()) {
      if (connection.index() < 2) return;
      connection.Send(kOk);
    }
  });
  ClientFixture fixture(server.Url(""));
  const auto response = fixture.client().Send(Get(fixture.connection(), "x"));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->body, "ok");
}

TEST(ConnectionTest, ADeleteWhoseAnswerIsLostIsSentOnce) {
  std::atomic<int> deletes = 0;
  RawServer server([&](RawConnection& connection) {
    const std::string head = connection.ReadHead();
    if (absl::StartsWith(head, "DELETE")) ++deletes;
  });
  ClientFixture fixture(server.Url(""));
  const auto response =
      fixture.client().Send(Delete(fixture.connection(), "x/manifests/y"));
  EXPECT_TRUE(absl::IsUnavailable(response.status())) << response.status();
  EXPECT_FALSE(IsNoAnswer(response.status()));
  EXPECT_EQ(HttpStatusOf(response.status()), 0);
  EXPECT_EQ(RegistryOf(response.status()), server.Url(""));
  EXPECT_EQ(deletes, 1);
}

// Where nobody listens any more.
std::string DeadUrl() {
  return RawServer([](RawConnection&) {}).Url("");
}

TEST(ConnectionTest, AServerThatIsNotThereIsNoAnswer) {
  ClientFixture fixture(DeadUrl(), {}, 16, 1);
  const auto response = fixture.client().Send(Get(fixture.connection(), "x"));
  EXPECT_TRUE(IsNoAnswer(response.status())) << response.status();
  EXPECT_EQ(fixture.gate().answered(), false);
}

TEST(ConnectionTest, AnAnswerOfAnyStatusIsTakenForASignOfLife) {
  ScriptedRegistry server([](const Request&, Response& response) {
    AnswerError(response, 500, "UNKNOWN");
    return true;
  });
  ClientFixture fixture(server.url(), {}, 16, /*retries=*/0);
  EXPECT_EQ(fixture.gate().answered(), std::nullopt);
  EXPECT_TRUE(fixture.client().Send(Get(fixture.connection(), "x")).ok());
  EXPECT_EQ(fixture.gate().answered(), true);
}

TEST(ConnectionTest, RetryAfterParksTheGateAndTheRequestIsRepeatedAfterIt) {
  std::atomic<int> asked = 0;
  ScriptedRegistry server([&](const Request&, Response& response) {
    if (++asked > 1) return response.status = 200, true;
    response.status = 429;
    response.set_header("Retry-After", "1");
    return true;
  });
  ClientFixture fixture(server.url());
  const absl::Time begun = absl::Now();
  const auto response = fixture.client().Send(Get(fixture.connection(), "x"));
  EXPECT_EQ(response->status, 200);
  EXPECT_GE(absl::Now() - begun, absl::Seconds(1));
  const auto throttles = fixture.gate().throttles();
  ASSERT_EQ(throttles.size(), 1u);
  EXPECT_EQ(throttles[0].reason, ThrottleReason::kTooManyRequests);
  EXPECT_EQ(throttles[0].retry_after, absl::Seconds(1));
  EXPECT_GE(fixture.task().throttled(), absl::Seconds(1));
}

TEST(ConnectionTest, RetryAfterMayBeADate) {
  std::atomic<int> asked = 0;
  ScriptedRegistry server([&](const Request&, Response& response) {
    if (++asked > 1) return response.status = 200, true;
    response.status = 503;
    response.set_header(
        "Retry-After",
        absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT",
                         absl::Now() + absl::Seconds(2), absl::UTCTimeZone()));
    return true;
  });
  ClientFixture fixture(server.url());
  EXPECT_EQ(fixture.client().Send(Get(fixture.connection(), "x"))->status, 200);
  const auto throttles = fixture.gate().throttles();
  ASSERT_EQ(throttles.size(), 1u);
  EXPECT_EQ(throttles[0].reason, ThrottleReason::kUnavailable);
  EXPECT_GT(throttles[0].retry_after, absl::ZeroDuration());
}

TEST(ConnectionTest, BurstsOf429And503WithoutATimeAreWaitedOut) {
  std::atomic<int> asked = 0;
  ScriptedRegistry server([&](const Request&, Response& response) {
    const int number = ++asked;
    response.status = number == 1 ? 429 : number <= 3 ? 503 : 200;
    return true;
  });
  ClientFixture fixture(server.url());
  EXPECT_EQ(fixture.client().Send(Get(fixture.connection(), "x"))->status, 200);
  EXPECT_EQ(asked, 4);
}

TEST(ConnectionTest, AGateThatParksHoldsBackWhatHasItsPass) {
  ScriptedRegistry server([](const Request&, Response& response) {
    response.status = 200;
    return true;
  });
  ClientFixture fixture(server.url());
  ASSERT_TRUE(fixture.gate().Acquire(1, &fixture.cancellation()).ok());
  GatePass pass(&fixture.gate());
  fixture.gate().Park(absl::Milliseconds(300));
  RegistryRequest request = Get(fixture.connection(), "x", false);
  request.pass = &pass;
  const absl::Time begun = absl::Now();
  const auto response = fixture.client().Send(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_GE(absl::Now() - begun, absl::Milliseconds(290));
  EXPECT_EQ(server.requests().size(), 1u);
}

// Also those that no caller knows of: for a token, after a challenge, and after
// a redirect within the registry.
TEST(ConnectionTest, EveryRequestWaitsForTheRate) {
  ScriptedRegistry server([](const Request& request, Response& response) {
    if (request.path == "/token") {
      response.set_content(R"({"token":"t"})", "application/json");
    } else if (!request.has_header("Authorization")) {
      response.status = 401;
      response.set_header("WWW-Authenticate",
                          absl::StrCat("Bearer realm=\"http://",
                                       request.get_header_value("Host"),
                                       "/token\",service=\"s\""));
    } else if (request.path == "/v2/x") {
      response.status = 307;
      response.set_header("Location", "/v2/y");
    } else {
      response.status = 200;
    }
    return true;
  });
  ClientFixture fixture(server.url());
  const auto response = fixture.client().Send(Get(fixture.connection(), "x"));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(server.requests().size(), 4u);
  EXPECT_EQ(fixture.gate().permits(), 4);
  EXPECT_EQ(fixture.gate().most_in_use(), 1);
}

TEST(ConnectionTest, ParkedForeverEndsWithTheTask) {
  ScriptedRegistry server(nullptr);
  ClientFixture fixture(server.url());
  ASSERT_TRUE(fixture.gate().Acquire(1, &fixture.cancellation()).ok());
  GatePass pass(&fixture.gate());
  fixture.gate().Park(absl::Hours(24));
  RegistryRequest request = Get(fixture.connection(), "x");
  request.pass = &pass;
  auto response = std::async(std::launch::async,
                             [&] { return fixture.client().Send(request); });
  EXPECT_EQ(response.wait_for(std::chrono::milliseconds(50)),
            std::future_status::timeout);
  fixture.cancellation().Cancel(absl::CancelledError("over"));
  const absl::Status status = response.get().status();
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
  EXPECT_FALSE(IsNoAnswer(status));
  EXPECT_TRUE(server.requests().empty());
}

TEST(ConnectionTest, WhatTheTaskMayNotWriteIsNeverSent) {
  ScriptedRegistry server([](const Request&, Response& response) {
    response.status = 202;
    return true;
  });
  ClientFixture fixture(server.url());
  fixture.SetMayWrite(absl::UnavailableError("the lease has ended"));
  const auto response =
      fixture.client().Send(Delete(fixture.connection(), "x/manifests/y"));
  EXPECT_TRUE(absl::IsCancelled(response.status())) << response.status();
  EXPECT_EQ(response.status().message(), "the lease has ended");
  EXPECT_FALSE(IsNoAnswer(response.status()));
  EXPECT_TRUE(server.requests().empty());
  EXPECT_TRUE(fixture.client().Send(Get(fixture.connection(), "x")).ok());
}

TEST(ConnectionTest, AuthorizationAndClientStayWithTheRegistry) {
  std::mutex mutex;
  std::string at_storage = "nothing";
  ScriptedRegistry storage([&](const Request& request, Response& response) {
    const std::lock_guard<std::mutex> lock(mutex);
    at_storage = request.get_header_value("Authorization");
    response.set_content("bytes", "application/octet-stream");
    return true;
  });
  // Another port is another host.
  ScriptedRegistry registry([&](const Request& request, Response& response) {
    if (!request.has_header("Authorization")) {
      response.status = 401;
      response.set_header("WWW-Authenticate", "Basic realm=x");
      return true;
    }
    response.status = 307;
    response.set_header("Location", storage.url() + "/blob?sig=s");
    return true;
  });
  ClientFixture fixture(registry.url(), {"user", "password", ""});
  const auto response = fixture.client().Send(Get(fixture.connection(), "x"));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->body, "bytes");
  EXPECT_EQ(at_storage, "");
}

TEST(ConnectionTest, WhatStorageRefusesIsNotTheRegistrysAnswer) {
  std::atomic<int> status = 404;
  ScriptedRegistry storage([&](const Request&, Response& response) {
    response.status = status;
    response.set_header("WWW-Authenticate", "Basic realm=evil");
    return true;
  });
  std::atomic<int> authorized = 0;
  ScriptedRegistry registry([&](const Request& request, Response& response) {
    if (request.has_header("Authorization")) ++authorized;
    response.status = 302;
    response.set_header("Location", storage.url() + "/x");
    return true;
  });
  for (const int refusal : {401, 403, 404, 500}) {
    status = refusal;
    ClientFixture fixture(registry.url(), {"user", "password", ""}, 16, 1);
    const auto response = fixture.client().Send(Get(fixture.connection(), "x"));
    EXPECT_TRUE(absl::IsUnavailable(response.status())) << refusal;
    EXPECT_EQ(HttpStatusOf(response.status()), 0);
    EXPECT_EQ(authorized, 0);
  }
}

TEST(ConnectionTest, StorageThatIsNotThereSaysNothingOfTheRegistry) {
  const std::string dead = DeadUrl();
  ScriptedRegistry registry([&](const Request&, Response& response) {
    response.status = 307;
    response.set_header("Location", dead + "/x");
    return true;
  });
  ClientFixture fixture(registry.url(), {}, 16, /*retries=*/0);
  const absl::Status read =
      fixture.client().Send(Get(fixture.connection(), "x")).status();
  EXPECT_TRUE(absl::IsUnavailable(read)) << read;
  EXPECT_FALSE(IsNoAnswer(read));
  EXPECT_TRUE(absl::StrContains(read.message(), registry.url())) << read;
  EXPECT_TRUE(absl::StrContains(read.message(), dead)) << read;
  // As the Location of an upload may be.
  RegistryRequest upload;
  upload.method = HttpMethod::kPut;
  upload.url = *ParseUrl(dead + "/upload");
  const absl::Status written = fixture.client().Send(upload).status();
  EXPECT_TRUE(absl::IsUnavailable(written)) << written;
  EXPECT_FALSE(IsNoAnswer(written));
}

TEST(ConnectionTest, StorageThatAsksForPatienceParksItsRegistry) {
  std::atomic<int> asked = 0;
  ScriptedRegistry storage([&](const Request&, Response& response) {
    if (++asked > 1) return response.status = 200, true;
    response.status = 429;
    response.set_header("Retry-After", "1");
    return true;
  });
  ScriptedRegistry registry([&](const Request&, Response& response) {
    response.status = 307;
    response.set_header("Location", storage.url() + "/x");
    return true;
  });
  ClientFixture fixture(registry.url(), {}, 16, /*retries=*/0);
  const auto response = fixture.client().Send(Get(fixture.connection(), "x"));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 200);
  const auto throttles = fixture.gate().throttles();
  ASSERT_EQ(throttles.size(), 1u);
  EXPECT_EQ(throttles[0].reason, ThrottleReason::kTooManyRequests);
  EXPECT_EQ(throttles[0].retry_after, absl::Seconds(1));
}

TEST(ConnectionTest, RedirectsInCirclesEnd) {
  ScriptedRegistry server([](const Request& request, Response& response) {
    response.status = 302;
    response.set_header("Location", request.path);
    return true;
  });
  ClientFixture fixture(server.url());
  EXPECT_TRUE(absl::IsFailedPrecondition(
      fixture.client().Send(Get(fixture.connection(), "x")).status()));
  EXPECT_LE(server.requests().size(), 12u);
}

TEST(ConnectionTest, ARedirectOfAWriteIsNotFollowed) {
  ScriptedRegistry server([](const Request&, Response& response) {
    response.status = 307;
    response.set_header("Location", "/elsewhere");
    return true;
  });
  ClientFixture fixture(server.url());
  EXPECT_EQ(fixture.client().Send(Delete(fixture.connection(), "x"))->status,
            307);
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST(ConnectionTest, ManyThreadsNeverExceedTheGate) {
  std::atomic<int> now = 0;
  std::atomic<int> most = 0;
  ScriptedRegistry server([&](const Request&, Response& response) {
    const int count = ++now;
    for (int seen = most;
         count > seen && !most.compare_exchange_weak(seen, count);) {
    }
    std::this_thread::yield();
    --now;
    response.status = 200;
    return true;
  });
  ClientFixture fixture(server.url(), {}, /*limit=*/3);
  ClientFixture::Pool().ParallelFor(100, 16, [&](size_t) {
    EXPECT_TRUE(fixture.client().Send(Get(fixture.connection(), "x")).ok());
  });
  EXPECT_LE(most, 3);
  EXPECT_EQ(fixture.gate().in_use(), 0);
  EXPECT_EQ(fixture.task().requests(), 100u);
}

}  // namespace
}  // namespace registry_manager
