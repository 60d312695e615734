// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/drivers/plain/plain_driver.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "common/os/boot_time.h"
#include "common/registry/api/manifests.h"
#include "common/registry/connection/errors.h"
#include "common/registry/testing/client_fixture.h"
#include "common/registry/testing/registry_process.h"
#include "common/registry/testing/scripted_registry.h"

namespace registry_manager {
namespace {

using httplib::Request;
using httplib::Response;
using Kind = ImageOutcome::Kind;

// Removes an index and its child, whatever answers the DELETE of the index
// gets.
class PlainDriverTest : public testing::Test {
 protected:
  PlainDriverTest()
      : child_(PushTestImage(fixture_.client(), "r", "", {.salt = "child"})),
        index_(PushTestIndex(fixture_.client(), "r", "doomed", {child_})) {
    plan_.images = {{index_.digest, {"doomed"}, 0}, {child_.digest, {}, 1}};
    plan_.look_lasts_until = BootTime() + absl::Minutes(5);
    plan_.leads_to[index_.digest] = {child_.digest};
  }

  // `answer` fills the response to a DELETE of the index; false: it is carried
  // out.
  RemovalOutcome Remove(const std::function<bool(Response&)>& answer) {
    ScriptedRegistry server(
        [&](const Request& request, Response& response) {
          return request.method == "DELETE" &&
                 absl::EndsWith(request.path, index_.digest.str()) &&
                 answer(response);
        },
        registry_.url());
    ClientFixture fixture(server.url());
    const std::unique_ptr<RegistryDriver> driver =
        NewPlainDriver(&fixture.connection(), &ClientFixture::Pool());
    return driver->Open(fixture.task(), "r", /*pushes=*/false)->Remove(plan_);
  }
  RemovalOutcome RemoveAnswering(int status) {
    return Remove([status](Response& response) {
      AnswerError(response, status, "DENIED");
      return true;
    });
  }
  bool IsThere(const Digest& digest) {
    return *HasManifest(fixture_.client(), "r", digest);
  }

  RegistryProcess registry_;
  ClientFixture fixture_{registry_.url()};
  const RawManifest child_;
  const RawManifest index_;
  RemovalPlan plan_;
};

TEST_F(PlainDriverTest, DeletesOneWaveAfterTheOther) {
  const RemovalOutcome outcome =
      Remove([](Response& /*response*/) { return false; });
  EXPECT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.images[0].kind, Kind::kDeleted);
  EXPECT_EQ(outcome.images[1].kind, Kind::kDeleted);
  EXPECT_FALSE(IsThere(index_.digest));
  EXPECT_FALSE(IsThere(child_.digest));
}

TEST_F(PlainDriverTest, ARefusalIsFinalAndSparesTheChild) {
  const RemovalOutcome outcome = RemoveAnswering(403);
  EXPECT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.images[0].kind, Kind::kRefused);
  EXPECT_EQ(HttpStatusOf(outcome.images[0].status), 403);
  EXPECT_EQ(outcome.images[1].kind, Kind::kSpared);
  EXPECT_TRUE(IsThere(child_.digest));
}

// 500 is watched for 20 s: it may be carried out all the same.
TEST_F(PlainDriverTest, AFailureOfTheRegistryIsNotFinalAndSparesTheChild) {
  const RemovalOutcome outcome = RemoveAnswering(500);
  EXPECT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.images[0].kind, Kind::kFailed);
  EXPECT_EQ(outcome.images[1].kind, Kind::kSpared);
}

TEST_F(PlainDriverTest, ADeleteThatIsTurnedAwayWantsAnotherLook) {
  const RemovalOutcome outcome = RemoveAnswering(503);
  EXPECT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.images[0].kind, Kind::kTooLate);
  EXPECT_EQ(outcome.images[1].kind, Kind::kNotTried);
}

TEST_F(PlainDriverTest, NothingIsSentOnAnOldLook) {
  plan_.look_lasts_until = BootTime() - absl::Seconds(1);
  int deletes = 0;
  const RemovalOutcome outcome = Remove([&](Response& /*response*/) {
    ++deletes;
    return false;
  });
  EXPECT_EQ(outcome.images[0].kind, Kind::kTooLate);
  EXPECT_EQ(outcome.images[1].kind, Kind::kNotTried);
  EXPECT_EQ(deletes, 0);
}

TEST_F(PlainDriverTest, ATaskThatIsCancelledEndsTheRemoval) {
  ClientFixture fixture(registry_.url());
  fixture.cancellation().Cancel(absl::CancelledError("the lease has ended"));
  const std::unique_ptr<RegistryDriver> driver =
      NewPlainDriver(&fixture.connection(), &ClientFixture::Pool());
  const RemovalOutcome outcome =
      driver->Open(fixture.task(), "r", /*pushes=*/false)->Remove(plan_);
  EXPECT_TRUE(absl::IsCancelled(outcome.status));
  EXPECT_EQ(outcome.images[0].kind, Kind::kNotTried);
  EXPECT_EQ(outcome.images[1].kind, Kind::kNotTried);
  EXPECT_TRUE(IsThere(index_.digest));
}

TEST_F(PlainDriverTest, TagsAreLeftAloneUnlessEveryImageIsGone) {
  PushTestImage(fixture_.client(), "r", "alone", {.salt = "other"});
  plan_.tags = {{"alone",
                 HeadManifest(fixture_.client(), "r", "alone")->digest,
                 {"alone"}}};
  const RemovalOutcome outcome = RemoveAnswering(403);
  EXPECT_TRUE(outcome.tags.empty());
  EXPECT_TRUE(HeadManifest(fixture_.client(), "r", "alone").ok());
}

}  // namespace
}  // namespace registry_manager
