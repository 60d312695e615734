// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/connection/redirects.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "common/registry/connection/errors.h"

namespace registry_manager {
namespace {

std::string NewAddressOf(const char* base, const char* from, const char* to) {
  return NewAddress(*ParseUrl(base), *ParseUrl(from), *ParseUrl(to));
}

TEST(RedirectsTest, TheSamePathElsewhereIsTheApiElsewhere) {
  EXPECT_EQ(
      NewAddressOf("http://a:5000", "http://a:5000/v2/", "https://a:5001/v2/"),
      "https://a:5001");
  EXPECT_EQ(NewAddressOf("http://a", "http://a/v2/team/app/tags/list?n=1000",
                         "https://a/v2/team/app/tags/list?n=1000"),
            "https://a");
  EXPECT_EQ(NewAddressOf("http://a", "http://a/v2/", "https://b/v2"),
            "https://b");
  EXPECT_EQ(NewAddressOf("https://a/old", "https://a/old/v2/x/manifests/1",
                         "https://b/new/v2/x/manifests/1"),
            "https://b/new");
  // A web server that leads everything to its front page.
  EXPECT_EQ(NewAddressOf("http://a", "http://a/v2/x/tags/list", "https://a/"),
            "https://a");
}

TEST(RedirectsTest, ContentElsewhereIsNoNewAddress) {
  EXPECT_EQ(NewAddressOf("https://a", "https://a/v2/x/blobs/sha256:00",
                         "https://s3/v2/x/blobs/sha256:00"),
            "");
  EXPECT_EQ(NewAddressOf("https://a", "https://a/v2/x/manifests/1",
                         "https://s3/bucket/0123"),
            "");
  // registry.k8s.io leads to a repository of another name.
  EXPECT_EQ(NewAddressOf("https://a", "https://a/v2/pause/tags/list",
                         "https://b/v2/images/other/tags/list"),
            "");
  EXPECT_EQ(NewAddressOf("https://a", "https://a/v2", "https://a/v2/"), "");
  EXPECT_EQ(NewAddressOf("https://a", "https://a/v2/x/tags/list",
                         "https://a/other/v2/x/tags/list"),
            "");
}

TEST(RedirectsTest, BehindAProxyThatEndsTlsARegistryNamesItselfByHttp) {
  const Url https = *ParseUrl("https://a/v2/");
  const auto led = [&](const char* to) {
    return WithOwnScheme(https, *ParseUrl(to)).str();
  };
  EXPECT_EQ(led("http://a/token"), "https://a:443/token");
  EXPECT_EQ(led("http://a:443/token"), "https://a:443/token");
  EXPECT_EQ(led("http://a:8080/token"), "http://a:8080/token");
  EXPECT_EQ(led("http://b/token"), "http://b:80/token");
}

TEST(RedirectsTest, PlainStorageBehindTlsIsRefusedWithItsSetting) {
  const absl::Status status =
      CheckLedTo(*ParseUrl("https://a/v2/x/blobs/sha256:00"),
                 *ParseUrl("http://minio:9000/bucket?signature=secret"));
  EXPECT_TRUE(IsUnusable(status));
  EXPECT_TRUE(absl::StrContains(status.message(), "http://minio:9000"));
  EXPECT_TRUE(absl::StrContains(status.message(), "storage.redirect.disable"));
  EXPECT_FALSE(absl::StrContains(status.message(), "secret"));
  EXPECT_TRUE(IsUnusable(CheckLedTo(*ParseUrl("https://a/v2/"),
                                    *ParseUrl("https://169.254.169.254/"))));
  EXPECT_TRUE(CheckLedTo(*ParseUrl("http://a/"), *ParseUrl("https://b/")).ok());
}

}  // namespace
}  // namespace registry_manager
