// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// How often a blob is asked for and sent: --retry says it once, not for each of
// the loops that a copy consists of.

#include <gtest/gtest.h>

#include <string>

#include "common/http/raw_server.h"
#include "common/registry/api/blobs.h"
#include "common/registry/copy/blob_copier.h"
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

class BlobTriesTest : public testing::Test {
 protected:
  Descriptor Push(const std::string& url, const std::string& repository,
                  const std::string& bytes) {
    ClientFixture fixture(url);
    return PushTestBlob(fixture.client(), repository, bytes, "x/y");
  }
  absl::Status Copy(ClientFixture& source, ClientFixture& target,
                    const Descriptor& blob) {
    LocalBlobLedger ledger;
    CopyTally tally;
    const CopyRoute route{{&source.connection(), &source.task()},
                          "from",
                          {&target.connection(), &source.task()},
                          "to"};
    return CopyBlob(route, blob, ledger, tally);
  }
  bool Has(const std::string& url, const Descriptor& blob) {
    ClientFixture fixture(url);
    return *HasBlob(fixture.client(), "to", blob);
  }

  RegistryProcess a_;
  RegistryProcess b_;
};

TEST_F(BlobTriesTest, WhatArrivedIsNotSentAgainWhereItsAnswerWasLost) {
  for (const size_t size : {size_t{1000}, kLarge}) {
    const Descriptor blob = Push(a_.url(), "from", TestBytes(size));
    ScriptedRegistry source(nullptr, a_.url());
    ScriptedRegistry target(nullptr, b_.url(),
                            [](const Request& request, Response& response) {
                              if (request.method == "PUT") {
                                AnswerError(response, 502, "");
                              }
                            });
    ClientFixture from(source.url());
    ClientFixture to(target.url());
    const absl::Status status = Copy(from, to, blob);
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(source.Count("GET"), 1);
    EXPECT_EQ(target.Count("PUT"), 1);
    EXPECT_TRUE(Has(b_.url(), blob));
  }
}

TEST_F(BlobTriesTest, ASourceThatAlwaysFailsIsAskedAsOftenAsRetriesSay) {
  for (const int retries : {0, 2}) {
    for (const size_t size : {size_t{1000}, kLarge}) {
      const Descriptor blob = Push(a_.url(), "from", TestBytes(size));
      ScriptedRegistry source([](const Request&, Response& response) {
        AnswerError(response, 500, "UNKNOWN");
        return true;
      });
      ScriptedRegistry target(nullptr, b_.url());
      ClientFixture from(source.url(), {}, 16, retries);
      ClientFixture to(target.url(), {}, 16, retries);
      EXPECT_TRUE(absl::IsUnavailable(Copy(from, to, blob)));
      EXPECT_EQ(source.Count("GET"), retries + 1);
      EXPECT_LE(target.Count("POST"), 1);
    }
  }
}

TEST_F(BlobTriesTest, WhatLeadsNowhereIsTriedAsOftenAsRetriesSay) {
  const std::string nowhere = RawServer([](RawConnection&) {}).Url("/x");
  constexpr int kRetries = 2;
  for (const size_t size : {size_t{1000}, kLarge}) {
    const Descriptor blob = Push(a_.url(), "from", TestBytes(size));
    ScriptedRegistry astray([&](const Request& request, Response& response) {
      const bool head = request.method == "HEAD";
      response.status = head ? 404 : request.method == "POST" ? 202 : 307;
      response.set_header("Location", nowhere);
      return true;
    });
    ClientFixture from(astray.url(), {}, 16, kRetries);
    ClientFixture to(b_.url(), {}, 16, kRetries);
    EXPECT_TRUE(absl::IsUnavailable(Copy(from, to, blob)));
    EXPECT_EQ(astray.Count("GET"), kRetries + 1);
    ClientFixture good(a_.url(), {}, 16, kRetries);
    ClientFixture bad(astray.url(), {}, 16, kRetries);
    EXPECT_TRUE(absl::IsUnavailable(Copy(good, bad, blob)));
    // A try each, begun anew or not.
    EXPECT_LE(astray.Count("POST"), kRetries + 1);
    EXPECT_LE(good.task().requests(), 12u);
  }
}

TEST_F(BlobTriesTest, ATargetThatAlwaysFailsIsAskedAsOftenAsRetriesSay) {
  for (const int retries : {0, 2}) {
    for (const size_t size : {size_t{1000}, kLarge}) {
      const Descriptor blob = Push(a_.url(), "from", TestBytes(size));
      ScriptedRegistry target(
          [](const Request& request, Response& response) {
            if (request.method != "PUT") return false;
            AnswerError(response, 500, "UNKNOWN");
            return true;
          },
          b_.url());
      ClientFixture from(a_.url(), {}, 16, retries);
      ClientFixture to(target.url(), {}, 16, retries);
      EXPECT_TRUE(absl::IsUnavailable(Copy(from, to, blob)));
      EXPECT_EQ(target.Count("PUT"), retries + 1);
    }
  }
}

}  // namespace
}  // namespace registry_manager
