// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/drivers/plain/deletion.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "absl/strings/match.h"
#include "common/http/raw_server.h"
#include "common/os/boot_time.h"
#include "common/registry/api/manifests.h"
#include "common/registry/connection/errors.h"
#include "common/registry/drivers/look_age.h"
#include "common/registry/testing/client_fixture.h"
#include "common/registry/testing/registry_process.h"
#include "common/registry/testing/scripted_registry.h"

namespace registry_manager {
namespace {

using httplib::Request;
using httplib::Response;

TEST(CheckDeletesTest, OfRealRegistries) {
  RegistryProcess deletes;
  RegistryProcess keeps({.deletes = false});
  for (RegistryProcess* registry : {&deletes, &keeps}) {
    ClientFixture fixture(registry->url());
    PushTestImage(fixture.client(), "r", "latest");
    const absl::Status status = CheckDeletes(fixture.client(), "r");
    if (registry == &deletes) {
      EXPECT_TRUE(status.ok()) << status;
    } else {
      EXPECT_TRUE(absl::IsUnimplemented(status)) << status;
      EXPECT_TRUE(
          absl::StrContains(status.message(), "storage.delete.enabled"));
    }
  }
}

absl::Status CheckAnswer(int answer, const std::string& code) {
  ScriptedRegistry server([&](const Request&, Response& response) {
    return AnswerError(response, answer, code), true;
  });
  ClientFixture fixture(server.url());
  return CheckDeletes(fixture.client(), "r");
}

TEST(CheckDeletesTest, TellsByTheAnswer) {
  EXPECT_TRUE(CheckAnswer(202, "").ok());
  EXPECT_TRUE(CheckAnswer(404, "MANIFEST_UNKNOWN").ok());
  EXPECT_TRUE(absl::IsUnimplemented(CheckAnswer(405, "UNSUPPORTED")));
  EXPECT_TRUE(absl::IsUnimplemented(CheckAnswer(400, "UNSUPPORTED")));
  EXPECT_TRUE(absl::IsUnauthenticated(CheckAnswer(401, "UNAUTHORIZED")));
  EXPECT_TRUE(absl::IsPermissionDenied(CheckAnswer(403, "DENIED")));
  EXPECT_TRUE(absl::IsInvalidArgument(CheckAnswer(400, "X")));
}

TEST(CheckDeletesTest, APassingFailureIsAskedAgain) {
  std::atomic<int> asked = 0;
  ScriptedRegistry server([&](const Request&, Response& response) {
    response.status = ++asked == 1 ? 500 : asked == 2 ? 503 : 404;
    return true;
  });
  ClientFixture fixture(server.url());
  EXPECT_TRUE(CheckDeletes(fixture.client(), "r").ok());
}

class DeletionTest : public testing::Test {
 protected:
  DeletionTest() : image_(PushTestImage(fixture_.client(), "r", "latest")) {}

  absl::Status Delete(const std::string& url) {
    ClientFixture fixture(url);
    PlainRepository repository{fixture.client(), "r", &capabilities_};
    return DeleteDigest(repository, image_.digest, absl::InfiniteFuture())
        .status();
  }
  bool IsThere() {
    return HeadManifest(fixture_.client(), "r", image_.digest.str()).ok();
  }

  DeletionCapabilities capabilities_;
  RegistryProcess registry_;
  ClientFixture fixture_{registry_.url()};
  const RawManifest image_;
};

TEST_F(DeletionTest, OfARealRegistry) {
  EXPECT_TRUE(Delete(registry_.url()).ok());
  EXPECT_FALSE(IsThere());
  // What is gone is gone.
  EXPECT_TRUE(Delete(registry_.url()).ok());
}

TEST_F(DeletionTest, ALostAnswerIsJudgedByStateAndOneDeleteIsSent) {
  for (const bool carried_out : {true, false}) {
    PushTestImage(fixture_.client(), "r", "latest");
    ClientFixture* watcher = nullptr;
    std::atomic<int> deletes = 0;
    std::atomic<int> looks = 0;
    ClientFixture* const upstream = &fixture_;
    RawServer server([&](RawConnection& connection) {
      while (true) {
        const std::string head = connection.ReadHead();
        if (head.empty()) return;
        if (absl::StartsWith(head, "DELETE")) {
          ++deletes;
          if (carried_out) {
            EXPECT_TRUE(
                DeleteManifest(upstream->client(), "r", image_.digest.str())
                    .ok());
          }
          return;
        }
        // It would be watched for longer.
        if (++looks == 5) {
          watcher->cancellation().Cancel(absl::CancelledError("enough"));
        }
        connection.Send(
            IsThere()
                ? absl::StrCat("HTTP/1.1 200 OK\r\nContent-Length: ",
                               image_.bytes.size(), "\r\n\r\n", image_.bytes)
                : "HTTP/1.1 404 N\r\nContent-Length: 0\r\n\r\n");
      }
    });
    ClientFixture fixture(server.Url(""));
    watcher = &fixture;
    PlainRepository repository{fixture.client(), "r", &capabilities_};
    const absl::Status status =
        DeleteDigest(repository, image_.digest, absl::InfiniteFuture())
            .status();
    EXPECT_EQ(status.ok(), carried_out) << status;
    EXPECT_EQ(deletes, 1);
    EXPECT_EQ(looks, carried_out ? 1 : 5);
  }
}

TEST_F(DeletionTest, WhatCannotBeLookedAtMayTakeEffectYet) {
  ScriptedRegistry server(
      [](const Request&, Response& response) {
        response.status = 500;
        return true;
      },
      registry_.url());
  const absl::Status status = Delete(server.url());
  EXPECT_TRUE(MayTakeEffectYet(status)) << status;
  EXPECT_EQ(server.Count("DELETE"), 1);
}

TEST_F(DeletionTest, A500ThatDeletedIsDone) {
  ScriptedRegistry server(nullptr, registry_.url(),
                          [](const Request& request, Response& response) {
                            if (request.method == "DELETE")
                              response.status = 500;
                          });
  EXPECT_TRUE(Delete(server.url()).ok());
  EXPECT_EQ(server.Count("DELETE"), 1);
}

// Docker Hub's: it is carried out a little later.
TEST_F(DeletionTest, A5xxIsWatchedUntilTheDigestIsGone) {
  for (const int answer : {500, 502, 504, 520}) {
    PushTestImage(fixture_.client(), "r", "latest");
    std::atomic<int> looks = 0;
    ScriptedRegistry server(
        [&](const Request& request, Response& response) {
          if (request.method == "DELETE") {
            response.status = answer;
            return true;
          }
          if (++looks == 3) {
            EXPECT_TRUE(
                DeleteManifest(fixture_.client(), "r", image_.digest.str())
                    .ok());
          }
          return false;
        },
        registry_.url());
    EXPECT_TRUE(Delete(server.url()).ok()) << answer;
    EXPECT_EQ(server.Count("DELETE"), 1) << answer;
    EXPECT_EQ(looks, 3) << answer;
  }
}

TEST_F(DeletionTest, ALateAnswerHoldsOtherDeletesBack) {
  PushTestImage(fixture_.client(), "r", "other");
  ClientFixture* client = nullptr;
  PlainRepository* deleting_from = nullptr;
  std::atomic<int> looks = 0;
  ScriptedRegistry server(
      [&](const Request& request, Response& response) {
        if (request.method == "DELETE") {
          response.status = 500;
          return true;
        }
        if (++looks == 2) {
          // Nobody is let in while this one is watched.
          Cancellation impatient;
          impatient.Cancel(absl::CancelledError("impatient"));
          EXPECT_TRUE(
              absl::IsCancelled(deleting_from->settling.Await(impatient)));
          client->cancellation().Cancel(absl::CancelledError("enough"));
        }
        return false;
      },
      registry_.url());
  ClientFixture fixture(server.url());
  client = &fixture;
  PlainRepository repository{fixture.client(), "r", &capabilities_};
  deleting_from = &repository;
  EXPECT_FALSE(
      DeleteDigest(repository, image_.digest, absl::InfiniteFuture()).ok());
  Cancellation patient;
  EXPECT_TRUE(absl::IsAborted(repository.settling.Await(patient)));
}

TEST_F(DeletionTest, NoDeleteIsSentOnAnOldLook) {
  ScriptedRegistry server(nullptr, registry_.url());
  ClientFixture fixture(server.url());
  PlainRepository repository{fixture.client(), "r", &capabilities_};
  const absl::Status status =
      DeleteDigest(repository, image_.digest, BootTime() - absl::Seconds(1))
          .status();
  EXPECT_TRUE(CameTooLate(status)) << status;
  EXPECT_EQ(server.Count("DELETE"), 0);
  EXPECT_TRUE(IsThere());
}

// It may be somebody else's when the registry is ready at last.
TEST_F(DeletionTest, ATagIsLookedAtAgainBeforeADeleteThatWasTurnedAway) {
  const RawManifest other =
      PushTestImage(fixture_.client(), "r", "other", {.salt = "other"});
  ScriptedRegistry server(
      [&](const Request& request, Response& response) {
        if (request.method != "DELETE") return false;
        EXPECT_TRUE(PutManifest(fixture_.client(), "r", "latest", other).ok());
        response.status = 503;
        return true;
      },
      registry_.url());
  ClientFixture fixture(server.url());
  PlainRepository repository{fixture.client(), "r", &capabilities_};
  EXPECT_TRUE(DeleteTag(repository, "latest", image_.digest).ok());
  EXPECT_EQ(server.Count("DELETE"), 1);
}

TEST_F(DeletionTest, ATagThatSomebodyMovedIsNotDeletedByName) {
  const RawManifest other =
      PushTestImage(fixture_.client(), "r", "other", {.salt = "other"});
  ASSERT_TRUE(PutManifest(fixture_.client(), "r", "latest", other).ok());
  ScriptedRegistry server(nullptr, registry_.url());
  ClientFixture fixture(server.url());
  PlainRepository repository{fixture.client(), "r", &capabilities_};
  const auto moved = DeleteTag(repository, "latest", image_.digest);
  ASSERT_TRUE(moved.ok()) << moved.status();
  EXPECT_EQ(*moved, Deleted::kPassedOver);
  const auto absent = DeleteTag(repository, "none", image_.digest);
  ASSERT_TRUE(absent.ok()) << absent.status();
  EXPECT_EQ(*absent, Deleted::kPassedOver);
  EXPECT_EQ(server.Count("DELETE"), 0);
}

TEST_F(DeletionTest, WhatSomebodyElseDeletedIsPassedOver) {
  ASSERT_TRUE(DeleteManifest(fixture_.client(), "r", image_.digest.str()).ok());
  PlainRepository repository{fixture_.client(), "r", &capabilities_};
  const auto deleted =
      DeleteDigest(repository, image_.digest, absl::InfiniteFuture());
  ASSERT_TRUE(deleted.ok()) << deleted.status();
  EXPECT_EQ(*deleted, Deleted::kPassedOver);
}

TEST_F(DeletionTest, ATurnedAwayDeleteIsSentAgain) {
  for (const int refusal : {429, 503}) {
    PushTestImage(fixture_.client(), "r", "latest");
    std::atomic<int> asked = 0;
    ScriptedRegistry server(
        [&](const Request& request, Response& response) {
          if (request.method != "DELETE" || ++asked > 1) return false;
          response.status = refusal;
          return true;
        },
        registry_.url());
    EXPECT_TRUE(Delete(server.url()).ok());
    EXPECT_EQ(asked, 2);
    EXPECT_FALSE(IsThere());
  }
}

TEST_F(DeletionTest, RefusalsAreReturned) {
  int refusal = 0;
  ScriptedRegistry server(
      [&](const Request& request, Response& response) {
        if (request.method != "DELETE") return false;
        AnswerError(response, refusal, "X");
        return true;
      },
      registry_.url());
  refusal = 401;
  EXPECT_TRUE(absl::IsUnauthenticated(Delete(server.url())));
  refusal = 403;
  EXPECT_TRUE(absl::IsPermissionDenied(Delete(server.url())));
  refusal = 405;
  EXPECT_TRUE(absl::IsUnimplemented(Delete(server.url())));
  EXPECT_EQ(server.Count("DELETE"), 3);
  EXPECT_TRUE(IsThere());
}

TEST_F(DeletionTest, ARegistryThatOnlySaysSoIsCaught) {
  ScriptedRegistry server(
      [](const Request& request, Response& response) {
        if (request.method != "DELETE") return false;
        response.status = 202;
        return true;
      },
      registry_.url());
  EXPECT_TRUE(absl::IsInternal(Delete(server.url())));
  EXPECT_EQ(server.Count("DELETE"), 1);
}

// A cache in front of a registry forgets a little later.
TEST_F(DeletionTest, ARegistryThatForgetsSlowlyIsWatched) {
  std::atomic<int> looks = 0;
  ScriptedRegistry server(
      [&](const Request& request, Response& response) {
        if (request.method != "GET" || ++looks > 3) return false;
        response.set_content(image_.bytes, image_.media_type);
        return true;
      },
      registry_.url());
  EXPECT_TRUE(Delete(server.url()).ok());
  EXPECT_EQ(looks, 4);
}

TEST_F(DeletionTest, WhatMayNotBeWrittenIsNotSentAndNotLookedAt) {
  ScriptedRegistry server(nullptr, registry_.url());
  ClientFixture fixture(server.url());
  fixture.SetMayWrite(absl::FailedPreconditionError("the lease has ended"));
  PlainRepository repository{fixture.client(), "r", &capabilities_};
  EXPECT_TRUE(absl::IsCancelled(
      DeleteDigest(repository, image_.digest, absl::InfiniteFuture())
          .status()));
  EXPECT_TRUE(server.requests().empty());
  EXPECT_TRUE(IsThere());
}

}  // namespace
}  // namespace registry_manager
