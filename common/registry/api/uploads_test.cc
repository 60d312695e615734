// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/api/uploads.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/registry/api/blobs.h"
#include "common/registry/testing/client_fixture.h"
#include "common/registry/testing/registry_process.h"
#include "common/registry/testing/scripted_registry.h"

namespace registry_manager {
namespace {

using httplib::Request;
using httplib::Response;

Descriptor BlobOf(const std::string& bytes) {
  return {"application/octet-stream", Digest::Of(bytes), bytes.size()};
}

TEST(UploadTest, ARefusedSinglePutIsFollowedByAPatch) {
  RegistryProcess registry;
  for (const int refusal : {400, 404, 405, 415, 501}) {
    ScriptedRegistry server(
        [&](const Request& request, Response& response) {
          if (request.method != "PUT" || request.body.empty()) return false;
          AnswerError(response, refusal, "UNSUPPORTED");
          return true;
        },
        registry.url());
    ClientFixture fixture(server.url());
    const std::string bytes = absl::StrCat("bytes ", refusal);
    PushTestBlob(fixture.client(), "r", bytes, "x/y");
    EXPECT_EQ(server.Count("PATCH"), 1);
    EXPECT_EQ(*FetchBlob(fixture.client(), "r", BlobOf(bytes)), bytes);
    // Now it is known.
    PushTestBlob(fixture.client(), "r", bytes + "2", "x/y");
    EXPECT_EQ(server.Count("POST"), 3);
    EXPECT_EQ(server.Count("PATCH"), 2);
  }
}

TEST(UploadTest, WrongBytesAreNoReasonForAPatch) {
  RegistryProcess registry;
  ScriptedRegistry server(nullptr, registry.url());
  ClientFixture fixture(server.url());
  const auto session = StartUpload(fixture.client(), "r");
  ASSERT_TRUE(session.ok());
  EXPECT_FALSE(
      UploadBytes(fixture.client(), "r", *session, BlobOf("right"), "wrong")
          .ok());
  EXPECT_EQ(server.Count("PATCH"), 0);
  EXPECT_FALSE(*HasBlob(fixture.client(), "r", BlobOf("right")));
}

TEST(UploadTest, AnAnswerWithoutLocationIsAnError) {
  std::string location;
  ScriptedRegistry server([&](const Request&, Response& response) {
    response.status = 202;
    if (!location.empty()) response.set_header("Location", location);
    return true;
  });
  ClientFixture fixture(server.url());
  EXPECT_TRUE(absl::IsDataLoss(StartUpload(fixture.client(), "r").status()));
  location = "http://u:hunter2@host/x";
  const absl::Status status = StartUpload(fixture.client(), "r").status();
  EXPECT_FALSE(status.ok());
  EXPECT_FALSE(absl::StrContains(status.message(), "hunter2"));
}

TEST(MountTest, MountsSendsOrFailsAsTheRegistrySays) {
  int status = 201;
  ScriptedRegistry server([&](const Request& request, Response& response) {
    EXPECT_EQ(request.get_param_value("from"), "a/b");
    EXPECT_EQ(request.get_param_value("mount"), Digest::Of("x").str());
    response.status = status;
    response.set_header("Location", "/upload?_state=s");
    return true;
  });
  ClientFixture fixture(server.url());
  auto mounted = MountBlob(fixture.client(), "r", Digest::Of("x"), "a/b");
  ASSERT_TRUE(mounted.ok());
  EXPECT_FALSE(mounted->has_value());
  status = 202;
  mounted = MountBlob(fixture.client(), "r", Digest::Of("x"), "a/b");
  ASSERT_TRUE(mounted.ok());
  EXPECT_EQ((*mounted)->str(), server.url() + "/upload?_state=s");
  status = 404;
  EXPECT_TRUE(absl::IsNotFound(
      MountBlob(fixture.client(), "r", Digest::Of("x"), "a/b").status()));
}

// Answers each request with 201, and remembers its URL.
class CreatingTransport : public HttpTransport {
 public:
  std::unique_ptr<HttpCall> Start(HttpRequest request) override {
    url_ = request.url;
    return std::make_unique<Created>();
  }
  const std::string& url() const { return url_; }

 private:
  struct Created : HttpCall {
    absl::StatusOr<HttpResponse> Wait() override {
      return HttpResponse{.status = 201, .headers = {}, .body = ""};
    }
  };

  std::string url_;
};

TEST(MountTest, OnDockerHubALibrarysImageIsMountedByItsWholeName) {
  CreatingTransport transport;
  TestGate gate;
  Cancellation cancellation;
  TaskScope task(&cancellation, [] { return absl::OkStatus(); });
  RegistryConnection hub({*Address::Parse("docker.io"), {}, {}}, &transport,
                         &gate);
  EXPECT_TRUE(MountBlob({&hub, &task}, "me/r", Digest::Of("x"), "redis").ok());
  EXPECT_TRUE(absl::StrContains(transport.url(), "from=library%2Fredis"))
      << transport.url();
}

// A limit to the size of a request before a real registry.
ScriptedRegistry::Script Limit(size_t limit, const std::string& least,
                               std::vector<std::string>* ranges) {
  return [=](const Request& request, Response& response) {
    if (request.body.size() > limit) {
      response.status = 413;
      response.set_content("<html></html>", "text/html");
      return true;
    }
    if (request.method == "PATCH") {
      ranges->push_back(request.get_header_value("Content-Range"));
    }
    if (!least.empty()) response.set_header("OCI-Chunk-Min-Length", least);
    return false;
  };
}

TEST(UploadTest, WhatIsTooLargeGoesInPartsAndThatIsRemembered) {
  RegistryProcess registry;
  std::vector<std::string> ranges;
  ScriptedRegistry server(Limit(100 << 10, "", &ranges), registry.url());
  ClientFixture fixture(server.url());
  const std::string bytes = TestBytes(200 << 10);
  PushTestBlob(fixture.client(), "r", bytes, "x/y");
  EXPECT_EQ(ranges, (std::vector<std::string>{"0-102399", "102400-204799"}));
  EXPECT_EQ(*FetchBlob(fixture.client(), "r", BlobOf(bytes)), bytes);
  const std::string more = TestBytes(200 << 10, 2);
  const int puts = server.Count("PUT");
  PushTestBlob(fixture.client(), "r", more, "x/y");
  EXPECT_EQ(server.Count("PUT"), puts + 1);
  EXPECT_EQ(*FetchBlob(fixture.client(), "r", BlobOf(more)), more);
}

TEST(UploadTest, PartsAreNoSmallerThanTheRegistryWants) {
  RegistryProcess registry;
  std::vector<std::string> ranges;
  ScriptedRegistry server(Limit(150 << 10, "140000", &ranges), registry.url());
  ClientFixture fixture(server.url());
  const std::string bytes = TestBytes(200 << 10);
  PushTestBlob(fixture.client(), "r", bytes, "x/y");
  EXPECT_EQ(ranges, (std::vector<std::string>{"0-139999", "140000-204799"}));
}

TEST(UploadTest, ALocationOutsideOfTheRegistryIsExplained) {
  ScriptedRegistry server([](const Request& request, Response& response) {
    response.status = request.method == "POST" ? 202 : 404;
    response.set_header("Location", "http://127.0.0.9:9/upload");
    return true;
  });
  ClientFixture fixture(server.url(), {}, 16, /*retries=*/0);
  const auto session = StartUpload(fixture.client(), "r");
  ASSERT_TRUE(session.ok());
  const absl::Status status =
      UploadBytes(fixture.client(), "r", *session, BlobOf("x"), "x");
  EXPECT_TRUE(absl::StrContains(status.message(), "Location to upload to"))
      << status;
}

}  // namespace
}  // namespace registry_manager
