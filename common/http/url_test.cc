// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/http/url.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"

namespace registry_manager {
namespace {

TEST(UrlTest, ReadsItsParts) {
  const auto url = ParseUrl("HTTPS://Host.Example/V2/x?sig=A%2f");
  ASSERT_TRUE(url.ok());
  EXPECT_EQ(url->str(), "https://host.example:443/V2/x?sig=A%2f");
  EXPECT_EQ(url->host, "host.example");
  EXPECT_EQ(url->display(), "https://host.example/V2/x");
  EXPECT_EQ(ParseUrl("http://h:5000")->str(), "http://h:5000/");
  EXPECT_EQ(ParseUrl("http://[::1]:80/x")->display(), "http://[::1]/x");
}

TEST(UrlTest, ResolvesReferencesOfEveryForm) {
  const Url base = *ParseUrl("https://h/v2/a/tags/list?n=1");
  EXPECT_EQ(ResolveUrl(base, "?last=b")->str(),
            "https://h:443/v2/a/tags/list?last=b");
  EXPECT_EQ(ResolveUrl(base, "/x?y=%00")->str(), "https://h:443/x?y=%00");
  EXPECT_EQ(ResolveUrl(base, "other")->str(), "https://h:443/v2/a/tags/other");
  EXPECT_EQ(ResolveUrl(base, "//h2/x")->str(), "https://h2:443/x");
  EXPECT_EQ(ResolveUrl(base, "http://h3:1/x#f")->str(), "http://h3:1/x");
}

TEST(UrlTest, OriginsDifferByEachOfTheirParts) {
  const Url url = *ParseUrl("https://h/a");
  EXPECT_TRUE(url.SameOrigin(*ParseUrl("https://H:443/b?c")));
  EXPECT_FALSE(url.SameOrigin(*ParseUrl("http://h:443/a")));
  EXPECT_FALSE(url.SameOrigin(*ParseUrl("https://h:444/a")));
  EXPECT_FALSE(url.SameOrigin(*ParseUrl("https://h.evil/a")));
}

TEST(UrlTest, KnowsThisMachine) {
  for (const char* local :
       {"http://localhost", "http://x.localhost:1", "http://127.1.2.3",
        "http://[::1]", "http://0.0.0.0", "http://169.254.169.254",
        "http://2130706433", "http://[::ffff:127.0.0.1]"}) {
    EXPECT_TRUE(ParseUrl(local)->IsLocal()) << local;
  }
  EXPECT_FALSE(ParseUrl("http://10.0.0.1")->IsLocal());
  EXPECT_FALSE(ParseUrl("http://localhost.example")->IsLocal());
}

// Whatever is wrong with it: passwords and signatures stay where they are.
TEST(UrlTest, NoErrorShowsTheText) {
  const Url base = *ParseUrl("https://h/");
  for (const char* text :
       {"http://user:secret@h/", "http://secret@h/", "http://:secret@h/",
        "http://user:secret@[::1", "ftp://h/?sig=secret",
        "http://h:99999/?sig=secret", "http://h/a b?sig=sec ret&x=secret",
        "user:secret@h/path", "http:/\x01/secret"}) {
    for (const auto& url : {ParseUrl(text), ResolveUrl(base, text)}) {
      if (url.ok()) continue;
      EXPECT_TRUE(absl::IsInvalidArgument(url.status()));
      EXPECT_FALSE(absl::StrContains(url.status().message(), "secret"))
          << url.status();
    }
  }
  EXPECT_FALSE(ParseUrl(std::string("http://h/\0evil", 14)).ok());
}

TEST(UrlTest, AddsToAQuery) {
  EXPECT_EQ(AddQuery("http://h/x", "scope", "a:b c"),
            "http://h/x?scope=a%3Ab%20c");
  EXPECT_EQ(AddQuery("http://h/x?y=1", "scope", ""), "http://h/x?y=1&scope=");
}

}  // namespace
}  // namespace registry_manager
