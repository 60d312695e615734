// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/connection/errors.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace registry_manager {
namespace {

absl::Status Refusal(int status, const std::string& body = "") {
  const Url url = *ParseUrl("https://host/v2/x/manifests/y?sig=secret");
  return ErrorOfResponse(HttpMethod::kGet, url, {status, {}, body});
}

TEST(ErrorsTest, TheCodeSaysWhatACallerMayDo) {
  using Code = absl::StatusCode;
  EXPECT_EQ(Refusal(401).code(), Code::kUnauthenticated);
  EXPECT_EQ(Refusal(403).code(), Code::kPermissionDenied);
  EXPECT_EQ(Refusal(404).code(), Code::kNotFound);
  EXPECT_EQ(Refusal(405).code(), Code::kUnimplemented);
  EXPECT_EQ(Refusal(501).code(), Code::kUnimplemented);
  EXPECT_EQ(Refusal(408).code(), Code::kUnavailable);
  EXPECT_EQ(Refusal(429).code(), Code::kResourceExhausted);
  EXPECT_EQ(Refusal(500).code(), Code::kUnavailable);
  EXPECT_EQ(Refusal(503).code(), Code::kUnavailable);
  EXPECT_EQ(Refusal(400).code(), Code::kInvalidArgument);
  EXPECT_EQ(Refusal(418).code(), Code::kInvalidArgument);
  EXPECT_EQ(Refusal(302).code(), Code::kInvalidArgument);
  EXPECT_EQ(Refusal(400, R"({"errors":[{"code":"UNSUPPORTED"}]})").code(),
            Code::kUnimplemented);
}

TEST(ErrorsTest, TheMessageNamesRequestAndReason) {
  const absl::Status status = Refusal(
      404,
      R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]})");
  EXPECT_EQ(status.message(),
            "GET https://host/v2/x/manifests/y: HTTP 404 MANIFEST_UNKNOWN "
            "(manifest unknown)");
  EXPECT_EQ(RegistryCode(status), "MANIFEST_UNKNOWN");
  EXPECT_EQ(HttpStatusOf(status), 404);
  EXPECT_FALSE(IsNoAnswer(status));
}

TEST(ErrorsTest, NothingOfTheQueryAndNoControlCharacterIsShown) {
  const absl::Status status = Refusal(
      500, "{\"errors\":[{\"code\":\"A\\u001b[2J\",\"message\":\"b\\nc\"}]}");
  EXPECT_FALSE(absl::StrContains(status.message(), "secret"));
  for (const char c : status.message()) EXPECT_GE(c, ' ');
}

TEST(ErrorsTest, ABodyThatIsNoErrorIsIgnored) {
  for (const char* body :
       {"", "<html>", "[]", "{}", R"({"errors":[]})", R"({"errors":{}})",
        R"({"errors":[1]})", R"({"errors":[{"code":5}]})"}) {
    EXPECT_EQ(ParseRegistryError(body).code, "") << body;
    EXPECT_EQ(Refusal(500, body).code(), absl::StatusCode::kUnavailable);
  }
}

TEST(ErrorsTest, NoAnswerIsOnlyWhereNothingWasSent) {
  const Url url = *ParseUrl("https://host/v2/");
  const absl::Status lost = absl::UnavailableError("lost");
  EXPECT_FALSE(IsNoAnswer(ErrorOfExchange(HttpMethod::kGet, url, lost)));
  EXPECT_TRUE(IsNoAnswer(
      ErrorOfExchange(HttpMethod::kGet, url, WithRequestNotSent(lost))));
  EXPECT_FALSE(IsNoAnswer(ErrorOfExchange(
      HttpMethod::kGet, url,
      WithRequestNotSent(absl::InvalidArgumentError("header")))));
}

TEST(ErrorsTest, AnnotationsKeepCodeAndPayloads) {
  const absl::Status status =
      Annotate(WithRegistry(Refusal(429), "https://host"), "blob sha256:12");
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(HttpStatusOf(status), 429);
  EXPECT_EQ(RegistryOf(status), "https://host");
  EXPECT_TRUE(absl::StartsWith(status.message(), "blob sha256:12: GET "));
  const absl::Status other =
      WithCode(WithMessage(status, "text"), absl::StatusCode::kInternal);
  EXPECT_EQ(other.message(), "text");
  EXPECT_EQ(other.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(HttpStatusOf(other), 429);
}

TEST(ErrorsTest, ADigestIsNamedOnce) {
  const absl::Status status = absl::DataLossError("GET /blobs/sha256:12: cut");
  EXPECT_EQ(AnnotateWith(status, "blob", "sha256:12").message(),
            "GET /blobs/sha256:12: cut");
  EXPECT_EQ(AnnotateWith(status, "blob", "sha256:34").message(),
            "blob sha256:34: GET /blobs/sha256:12: cut");
}

TEST(ErrorsTest, OtherErrorsHaveNeitherCodeNorStatus) {
  const absl::Status status = absl::InternalError("x");
  EXPECT_EQ(RegistryCode(status), "");
  EXPECT_EQ(HttpStatusOf(status), 0);
  EXPECT_EQ(RegistryOf(status), "");
  EXPECT_FALSE(IsNoAnswer(status));
}

}  // namespace
}  // namespace registry_manager
