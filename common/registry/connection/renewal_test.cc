// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// Credentials that are refused are looked up again, which may take minutes.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "common/registry/api/listing.h"
#include "common/registry/connection/errors.h"
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

// Takes kUser alone, but for the repository "open", which anybody may read who
// sends credentials at all. Counts refused credentials.
class Registry {
 public:
  Registry()
      : server_([this](const Request& request, Response& response) {
          const std::string sent = request.get_header_value("Authorization");
          const bool is_open = absl::StrContains(request.path, "/open/");
          if (sent == kBasic || (is_open && !sent.empty())) {
            response.set_content(R"({"tags":null})", "application/json");
            return true;
          }
          if (!sent.empty()) ++refused_;
          response.status = 401;
          response.set_header("WWW-Authenticate", "Basic realm=\"r\"");
          return true;
        }) {}

  std::string url() const { return server_.url(); }
  int refused() const { return refused_; }

 private:
  std::atomic<int> refused_ = 0;
  ScriptedRegistry server_;
};

TEST(RenewalTest, OtherRequestsGoOnWhileCredentialsAreLookedUp) {
  Registry registry;
  ClientFixture* client = nullptr;
  bool went_on = false;
  ClientFixture fixture(registry.url(), kLapsed, 16, 3, [&] {
    auto other = std::async(std::launch::async, [&] {
      return ListTags(client->client(), "open").status();
    });
    went_on =
        other.wait_for(std::chrono::seconds(10)) == std::future_status::ready;
    return kUser;
  });
  client = &fixture;
  EXPECT_TRUE(ListTags(fixture.client(), "a").ok());
  EXPECT_TRUE(went_on);
}

TEST(RenewalTest, RequestsThatAreRefusedTogetherShareOneLookUp) {
  Registry registry;
  std::atomic<int> looked_up = 0;
  ClientFixture fixture(registry.url(), kLapsed, 16, 3, [&] {
    ++looked_up;
    const absl::Time patience = absl::Now() + absl::Seconds(10);
    while (registry.refused() < 2 && absl::Now() < patience) {
      absl::SleepFor(absl::Milliseconds(5));
    }
    return kUser;
  });
  auto other = std::async(std::launch::async, [&] {
    return ListTags(fixture.client(), "a").status();
  });
  EXPECT_TRUE(ListTags(fixture.client(), "b").ok());
  EXPECT_TRUE(other.get().ok());
  EXPECT_EQ(registry.refused(), 2);
  EXPECT_EQ(looked_up, 1);
}

// A registry whose credentials' source gives no answer the first time.
class SilentSourceTest : public testing::TestWithParam<absl::Status> {};

TEST_P(SilentSourceTest, IsNotARefusalAndTheNextRequestAsksAgain) {
  Registry registry;
  int looked_up = 0;
  ClientFixture fixture(registry.url(), kLapsed, 16, /*retries=*/0,
                        [&]() -> absl::StatusOr<RegistryCredentials> {
                          if (++looked_up == 1) return GetParam();
                          return kUser;
                        });
  const absl::Status status = ListTags(fixture.client(), "a").status();
  EXPECT_FALSE(status.ok());
  EXPECT_FALSE(RefusesCredentials(status)) << status;
  EXPECT_FALSE(IsNoAnswer(status)) << status;
  // The registry answered: its budget stays as it is.
  EXPECT_TRUE(fixture.gate().throttles().empty());
  EXPECT_TRUE(ListTags(fixture.client(), "a").ok());
}

INSTANTIATE_TEST_SUITE_P(
    Answers, SilentSourceTest,
    testing::Values(absl::DeadlineExceededError("too late"),
                    absl::CancelledError("the session has ended")));

TEST(RenewalTest, WhoWaitsForALookUpTakesItsEnd) {
  Registry registry;
  std::atomic<int> looked_up = 0;
  ClientFixture fixture(
      registry.url(), kLapsed, 16, /*retries=*/0,
      [&]() -> absl::StatusOr<RegistryCredentials> {
        ++looked_up;
        const absl::Time patience = absl::Now() + absl::Seconds(10);
        while (registry.refused() < 2 && absl::Now() < patience) {
          absl::SleepFor(absl::Milliseconds(5));
        }
        // So that the other one waits already.
        absl::SleepFor(absl::Milliseconds(200));
        return absl::DeadlineExceededError("too late");
      });
  auto other = std::async(std::launch::async, [&] {
    return ListTags(fixture.client(), "a").status();
  });
  EXPECT_FALSE(ListTags(fixture.client(), "b").ok());
  EXPECT_FALSE(other.get().ok());
  EXPECT_EQ(looked_up, 1);
}

TEST(RenewalTest, ALookUpThatFailsIsARefusal) {
  Registry registry;
  ClientFixture fixture(registry.url(), kLapsed, 16, 3,
                        []() -> absl::StatusOr<RegistryCredentials> {
                          return absl::FailedPreconditionError("no helper");
                        });
  EXPECT_TRUE(RefusesCredentials(ListTags(fixture.client(), "a").status()));
}

}  // namespace
}  // namespace registry_manager
