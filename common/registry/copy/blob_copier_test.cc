// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/copy/blob_copier.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/http/raw_server.h"
#include "common/registry/api/blobs.h"
#include "common/registry/connection/errors.h"
#include "common/registry/copy/local_blob_ledger.h"
#include "common/registry/testing/client_fixture.h"
#include "common/registry/testing/registry_process.h"
#include "common/registry/testing/scripted_registry.h"

namespace registry_manager {
namespace {

using httplib::Request;
using httplib::Response;

// Above what is sent from memory.
constexpr size_t kLarge = 1 << 20;

class BlobCopierTest : public testing::Test {
 protected:
  Descriptor Push(const std::string& url, const std::string& repository,
                  const std::string& bytes) {
    ClientFixture fixture(url);
    return PushTestBlob(fixture.client(), repository, bytes, "x/y");
  }
  absl::Status Copy(const std::string& from, const std::string& to,
                    const Descriptor& blob, int limit = 16) {
    ClientFixture source(from, {}, limit);
    ClientFixture target(to, {}, limit);
    return Copy(source, target, blob);
  }
  absl::Status Copy(ClientFixture& source, ClientFixture& target,
                    const Descriptor& blob) {
    const CopyRoute route{{&source.connection(), &source.task()},
                          "from",
                          {&target.connection(), &source.task()},
                          "to"};
    const absl::Status status = CopyBlob(route, blob, ledger_, tally_);
    EXPECT_EQ(source.gate().in_use(), 0);
    EXPECT_EQ(target.gate().in_use(), 0);
    return status;
  }
  bool Has(const std::string& url, const Descriptor& blob) {
    ClientFixture fixture(url);
    return *HasBlob(fixture.client(), "to", blob);
  }

  RegistryProcess a_;
  RegistryProcess b_;
  LocalBlobLedger ledger_;
  CopyTally tally_;
};

TEST_F(BlobCopierTest, CopiesSmallAndLargeBlobs) {
  for (const size_t size : {0, 10, 1 << 20, 20 << 20}) {
    const Descriptor blob = Push(a_.url(), "from", TestBytes(size));
    const absl::Status status = Copy(a_.url(), b_.url(), blob);
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_TRUE(Has(b_.url(), blob));
  }
  EXPECT_EQ(tally_.blobs_copied, 4u);
  EXPECT_EQ(tally_.bytes_copied, 10u + (1 << 20) + (20 << 20));
}

TEST_F(BlobCopierTest, WhatIsThereIsNotSent) {
  const Descriptor blob = Push(a_.url(), "from", TestBytes(kLarge));
  Push(b_.url(), "to", TestBytes(kLarge));
  ScriptedRegistry target(nullptr, b_.url());
  EXPECT_TRUE(Copy(a_.url(), target.url(), blob).ok());
  EXPECT_EQ(target.Count("POST"), 0);
  EXPECT_EQ(tally_.blobs_present, 1u);
}

TEST_F(BlobCopierTest, OnOneRegistryItIsMounted) {
  const Descriptor blob = Push(a_.url(), "from", TestBytes(kLarge));
  EXPECT_TRUE(Copy(a_.url(), a_.url(), blob).ok());
  EXPECT_EQ(tally_.blobs_mounted, 1u);
  EXPECT_TRUE(Has(a_.url(), blob));
}

TEST_F(BlobCopierTest, WhatTheTargetHasElsewhereIsMounted) {
  const Descriptor blob = Push(a_.url(), "from", TestBytes(kLarge));
  ClientFixture source(a_.url());
  ClientFixture target(b_.url());
  for (const char* repository : {"one", "two"}) {
    const CopyRoute route{{&source.connection(), &source.task()},
                          "from",
                          {&target.connection(), &source.task()},
                          repository};
    EXPECT_TRUE(CopyBlob(route, blob, ledger_, tally_).ok());
  }
  EXPECT_EQ(tally_.blobs_copied, 1u);
  EXPECT_EQ(tally_.blobs_mounted, 1u);
  EXPECT_TRUE(*HasBlob(target.client(), "two", blob));
}

TEST_F(BlobCopierTest, AMountThatIsRefusedIsSentAllTheSame) {
  const Descriptor blob = Push(a_.url(), "from", TestBytes(kLarge));
  ClientFixture source(a_.url());
  int number = 0;
  for (const int refusal : {202, 400, 404, 405, 500}) {
    ScriptedRegistry proxy(
        [&](const Request& request, Response& response) {
          if (!request.has_param("mount") || refusal == 202) return false;
          AnswerError(response, refusal, "X");
          return true;
        },
        b_.url());
    ClientFixture target(proxy.url());
    // It is not there, so that a real registry answers 202.
    const Address& address = target.connection().address();
    ASSERT_TRUE(
        ledger_.Claim(address, "none", blob.digest, source.cancellation())
            .ok());
    ledger_.Finish(address, "none", blob.digest, true);
    const CopyRoute route{{&source.connection(), &source.task()},
                          "from",
                          {&target.connection(), &source.task()},
                          absl::StrCat("to", ++number)};
    const absl::Status status = CopyBlob(route, blob, ledger_, tally_);
    EXPECT_TRUE(status.ok()) << refusal << status;
    EXPECT_EQ(proxy.Count("PUT"), 1);
  }
  EXPECT_EQ(tally_.blobs_copied, 5u);
}

TEST_F(BlobCopierTest, GoesOnAfterASourceThatCutsAtSixtyPercent) {
  const std::string bytes = TestBytes(5 << 20);
  const Descriptor blob{"x/y", Digest::Of(bytes), bytes.size()};
  std::atomic<int> requests = 0;
  std::atomic<size_t> resumed_at = 0;
  RawServer source([&](RawConnection& connection) {
    const std::string head = connection.ReadHead();
    if (head.empty()) return;
    size_t offset = 0;
    if (const size_t range = head.find("Range: bytes=");
        range != std::string::npos) {
      offset = std::stoul(head.substr(range + 13));
      resumed_at = offset;
    }
    connection.Send(absl::StrCat(
        offset == 0 ? "HTTP/1.1 200 OK" : "HTTP/1.1 206 Partial Content",
        "\r\nContent-Length: ", bytes.size() - offset, "\r\n\r\n"));
    connection.Send(bytes.substr(
        offset, ++requests == 1 ? bytes.size() * 6 / 10 : std::string::npos));
  });
  EXPECT_TRUE(Copy(source.Url(""), b_.url(), blob).ok());
  EXPECT_EQ(requests, 2);
  EXPECT_EQ(resumed_at, bytes.size() * 6 / 10);
  EXPECT_TRUE(Has(b_.url(), blob));
}

TEST_F(BlobCopierTest, CorruptedBytesNeverArrive) {
  std::string bytes = TestBytes(5 << 20);
  const Descriptor blob{"x/y", Digest::Of(bytes), bytes.size()};
  bytes[3 << 20] ^= 1;
  ScriptedRegistry source([&](const Request&, Response& response) {
    response.set_content(bytes, "x/y");
    return true;
  });
  const absl::Status status = Copy(source.url(), b_.url(), blob);
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), blob.digest.str()));
  EXPECT_FALSE(Has(b_.url(), blob));
}

TEST_F(BlobCopierTest, ATargetThatRefusesASinglePutGetsAPatch) {
  const Descriptor blob = Push(a_.url(), "from", TestBytes(kLarge));
  ScriptedRegistry target(
      [&](const Request& request, Response& response) {
        if (request.method != "PUT" || request.body.empty()) return false;
        AnswerError(response, 405, "UNSUPPORTED");
        return true;
      },
      b_.url());
  const absl::Status status = Copy(a_.url(), target.url(), blob);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(target.Count("PATCH"), 1);
  EXPECT_TRUE(Has(b_.url(), blob));
}

TEST_F(BlobCopierTest, ATargetThatFailsForATimeIsTriedAgain) {
  const Descriptor blob = Push(a_.url(), "from", TestBytes(kLarge));
  for (const int failure : {401, 404, 429, 500, 503}) {
    std::atomic<int> puts = 0;
    RegistryProcess fresh;
    ScriptedRegistry target(
        [&](const Request& request, Response& response) {
          if (request.method != "PUT" || ++puts > 1) return false;
          AnswerError(response, failure, "BLOB_UPLOAD_UNKNOWN");
          // As a token that lapses in mid-blob.
          response.set_header("WWW-Authenticate", "Basic realm=x");
          return true;
        },
        fresh.url());
    ClientFixture source(a_.url());
    ClientFixture at_target(target.url(), {"user", "password", ""});
    const absl::Status status = Copy(source, at_target, blob);
    EXPECT_TRUE(status.ok()) << failure << status;
    EXPECT_TRUE(Has(fresh.url(), blob));
  }
}

TEST_F(BlobCopierTest, ARefusedMountsSessionIsUsedRatherThanMountedAgain) {
  const Descriptor blob = Push(a_.url(), "from", TestBytes(kLarge));
  ScriptedRegistry proxy(
      [&](const Request& request, Response& response) {
        if (!request.has_param("mount")) return false;
        const httplib::Result begun =
            httplib::Client(a_.url()).Post("/v2/to/blobs/uploads/");
        response.status = 202;
        response.set_header("Location", begun->get_header_value("Location"));
        return true;
      },
      a_.url());
  ClientFixture fixture(proxy.url());
  const Address& address = fixture.connection().address();
  ASSERT_TRUE(
      ledger_.Claim(address, "other", blob.digest, fixture.cancellation())
          .ok());
  ledger_.Finish(address, "other", blob.digest, true);
  const CopyRoute route{fixture.client(), "from", fixture.client(), "to"};
  const absl::Status status = CopyBlob(route, blob, ledger_, tally_);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(proxy.Count("POST"), 1);
  EXPECT_TRUE(Has(a_.url(), blob));
}

TEST_F(BlobCopierTest, ATargetThatClosesInMidBlobEndsTheSourceToo) {
  const Descriptor blob = Push(a_.url(), "from", TestBytes(8 << 20));
  std::atomic<int> puts = 0;
  RawServer target([&](RawConnection& connection) {
    while (true) {
      const std::string head = connection.ReadHead();
      if (head.empty()) return;
      if (absl::StartsWith(head, "HEAD")) {
        connection.Send("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
      } else if (absl::StartsWith(head, "POST")) {
        connection.Send(
            "HTTP/1.1 202 Accepted\r\nLocation: /u\r\nContent-Length: "
            "0\r\n\r\n");
      } else {
        ++puts;
        connection.Send("HTTP/1.1 100 Continue\r\n\r\n");
        connection.ReadBody(1 << 20);
        return;
      }
    }
  });
  const absl::Status status = Copy(a_.url(), target.Url(""), blob);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_EQ(puts, 4);
}

// The source says nothing: the reader is not waited for once the writer ended.
TEST_F(BlobCopierTest, ASilentSourceHoldsUpNoTargetThatFailed) {
  RawServer source([](RawConnection& connection) {
    connection.ReadHead();
    connection.AwaitClose();
  });
  std::string bytes = TestBytes(kLarge);
  const absl::Time begun = absl::Now();
  RawServer target([](RawConnection& connection) {
    while (true) {
      const std::string head = connection.ReadHead();
      if (head.empty()) return;
      const bool put = absl::StartsWith(head, "PUT");
      connection.Send(
          absl::StrCat("HTTP/1.1 ",
                       absl::StartsWith(head, "HEAD") ? "404 N"
                       : put                          ? "403 F"
                                                      : "202 A",
                       "\r\nLocation: /u\r\nContent-Length: 0\r\n\r\n"));
      if (put) return;
    }
  });
  const absl::Status status = Copy(source.Url(""), target.Url(""),
                                   {"x/y", Digest::Of(bytes), bytes.size()});
  EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
  EXPECT_LT(absl::Now() - begun, absl::Seconds(15));
}

TEST_F(BlobCopierTest, CancellingEndsACopyThatHangs) {
  RawServer source([](RawConnection& connection) {
    connection.ReadHead();
    connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\nabc");
    connection.AwaitClose();
  });
  ClientFixture from(source.Url(""));
  ClientFixture to(b_.url());
  auto copy = std::async(std::launch::async, [&] {
    return Copy(from, to, {"x/y", Digest::Of("x"), kLarge});
  });
  EXPECT_EQ(copy.wait_for(std::chrono::milliseconds(300)),
            std::future_status::timeout);
  from.cancellation().Cancel(absl::CancelledError("over"));
  EXPECT_TRUE(absl::IsCancelled(copy.get()));
}

TEST_F(BlobCopierTest, AGateThatParksInMidCopyHoldsItUpNoLonger) {
  const Descriptor blob = Push(a_.url(), "from", TestBytes(4 << 20));
  ClientFixture source(a_.url());
  std::unique_ptr<ClientFixture> target;
  std::atomic<int> posts = 0;
  ScriptedRegistry proxy(
      [&](const Request& request, Response&) {
        // The gate parks between the upload's POST and its PUT.
        if (request.method == "POST" && ++posts == 1) {
          target->gate().Park(absl::Milliseconds(500));
          source.gate().Park(absl::Milliseconds(500));
        }
        return false;
      },
      b_.url());
  target = std::make_unique<ClientFixture>(proxy.url());
  const absl::Status status = Copy(source, *target, blob);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_TRUE(Has(b_.url(), blob));
}

TEST_F(BlobCopierTest, CopiesInOppositeDirectionsDoNotWaitForEachOther) {
  ClientFixture a(a_.url(), {}, /*limit=*/1);
  ClientFixture b(b_.url(), {}, /*limit=*/1);
  constexpr int kBlobs = 12;
  std::vector<Descriptor> blobs;
  for (uint32_t i = 0; i < kBlobs; ++i) {
    blobs.push_back(Push(i % 2 == 0 ? a_.url() : b_.url(), "from",
                         TestBytes(300000, i + 1)));
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < kBlobs; ++i) {
    threads.emplace_back([&, i] {
      ClientFixture& source = i % 2 == 0 ? a : b;
      ClientFixture& target = i % 2 == 0 ? b : a;
      const CopyRoute route{{&source.connection(), &source.task()},
                            "from",
                            {&target.connection(), &source.task()},
                            "to"};
      const absl::Status status = CopyBlob(route, blobs[i], ledger_, tally_);
      EXPECT_TRUE(status.ok()) << status;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(a.gate().most_in_use(), 1);
  EXPECT_EQ(tally_.blobs_copied, uint64_t{kBlobs});
}

TEST_F(BlobCopierTest, OnOneRegistryAStreamTakesTwoPassesAtOnce) {
  const Descriptor blob = Push(a_.url(), "from", TestBytes(kLarge));
  ScriptedRegistry proxy(
      [](const Request& request, Response& response) {
        if (!request.has_param("mount")) return false;
        AnswerError(response, 405, "UNSUPPORTED");
        return true;
      },
      a_.url());
  ClientFixture fixture(proxy.url(), {}, /*limit=*/2);
  const CopyRoute route{fixture.client(), "from", fixture.client(), "to"};
  EXPECT_TRUE(CopyBlob(route, blob, ledger_, tally_).ok());
  EXPECT_EQ(fixture.gate().most_in_use(), 2);
  EXPECT_EQ(fixture.gate().in_use(), 0);
}

TEST_F(BlobCopierTest, EveryRequestOfAStreamWaitsForTheRate) {
  const Descriptor blob = Push(a_.url(), "from", TestBytes(kLarge));
  std::atomic<int> gets = 0;
  ScriptedRegistry source(
      [&](const Request&, Response& response) {
        if (++gets > 1) return false;
        AnswerError(response, 500, "UNKNOWN");
        return true;
      },
      a_.url());
  ScriptedRegistry target(
      [](const Request& request, Response& response) {
        if (request.method != "PUT" || request.body.empty()) return false;
        AnswerError(response, 405, "UNSUPPORTED");
        return true;
      },
      b_.url());
  ClientFixture from(source.url());
  ClientFixture to(target.url());
  const absl::Status status = Copy(from, to, blob);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(target.Count("PATCH"), 1);
  EXPECT_EQ(from.gate().permits(), static_cast<int>(source.requests().size()));
  EXPECT_EQ(to.gate().permits(), static_cast<int>(target.requests().size()));
}

TEST_F(BlobCopierTest, ManyThreadsSendABlobOnce) {
  const Descriptor blob = Push(a_.url(), "from", TestBytes(kLarge));
  ScriptedRegistry proxy(nullptr, b_.url());
  ClientFixture source(a_.url());
  ClientFixture target(proxy.url());
  ClientFixture::Pool().ParallelFor(16, 16, [&](size_t i) {
    const CopyRoute route{{&source.connection(), &source.task()},
                          "from",
                          {&target.connection(), &source.task()},
                          absl::StrCat("to", i % 8)};
    EXPECT_TRUE(CopyBlob(route, blob, ledger_, tally_).ok());
  });
  EXPECT_EQ(proxy.Count("PUT"), 1);
  EXPECT_EQ(tally_.blobs_mounted, 7u);
  EXPECT_EQ(tally_.blobs_present, 8u);
}

}  // namespace
}  // namespace registry_manager
