// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/reference/reference.h"

#include <gtest/gtest.h>

#include <string>

#include "common/reference/address.h"
#include "common/reference/digest.h"
#include "common/reference/hasher.h"
#include "common/reference/printable.h"

namespace registry_manager {
namespace {

TEST(DigestTest, ParsesSha256AndSha512) {
  const std::string hex256(64, 'a'), hex512(128, '0');
  ASSERT_TRUE(Digest::Parse("sha256:" + hex256).ok());
  EXPECT_EQ(Digest::Parse("sha256:" + hex256)->hex(), hex256);
  EXPECT_EQ(Digest::Parse("sha512:" + hex512)->algorithm(), "sha512");
}

TEST(DigestTest, RefusesWhatIsNotExactlyADigest) {
  for (const std::string& text :
       {std::string(""), std::string("sha256"),
        "sha256:" + std::string(63, 'a'), "sha256:" + std::string(65, 'a'),
        "sha256:" + std::string(64, 'A'), "md5:" + std::string(32, 'a'),
        "sha256:" + std::string(63, 'a') + "/"}) {
    EXPECT_FALSE(Digest::Parse(text).ok()) << text;
  }
}

TEST(DigestTest, HashesAsTheStandardSays) {
  // FIPS 180-4's own example.
  EXPECT_EQ(
      Digest::Of("abc").str(),
      "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f200"
      "15ad");
  Hasher pieces;
  pieces.Update("a");
  pieces.Update("bc");
  EXPECT_EQ(pieces.DigestWith("d"), Digest::Of("abcd"));
  EXPECT_EQ(pieces.Finish(), Digest::Of("abc"));
}

TEST(RepositoryNameTest, FollowsTheDistributionSpec) {
  for (const char* name : {"redis", "library/redis", "a/b/c/d", "a--b", "a__b",
                           "a.b_c-d", "0/1"}) {
    EXPECT_TRUE(IsRepositoryName(name)) << name;
  }
  for (const char* name : {"", "/a", "a/", "a//b", "A", "a..b", "a___b", "../a",
                           "a/..", "-a", "a-", "a b", "a\n"}) {
    EXPECT_FALSE(IsRepositoryName(name)) << name;
  }
  EXPECT_TRUE(IsRepositoryName(std::string(255, 'a')));
  EXPECT_FALSE(IsRepositoryName(std::string(256, 'a')));
}

TEST(TagTest, FollowsTheDistributionSpec) {
  EXPECT_TRUE(IsTag("v1.0_A-b"));
  EXPECT_TRUE(IsTag("_a"));
  EXPECT_TRUE(IsTag(std::string(128, 'a')));
  for (const std::string& tag :
       {std::string(""), std::string(".a"), std::string("-a"),
        std::string("a/b"), std::string("a:b"), std::string(129, 'a')}) {
    EXPECT_FALSE(IsTag(tag)) << tag;
  }
}

TEST(SignatureLikeTagTest, EndsOrGoesOnWithNoHexDigit) {
  const std::string hex(64, 'c');
  EXPECT_TRUE(IsSignatureLikeTag("sha256-" + hex));
  EXPECT_TRUE(IsSignatureLikeTag("sha256-" + hex + ".sig"));
  EXPECT_TRUE(IsSignatureLikeTag("sha512-" + hex + hex + ".att"));
  EXPECT_FALSE(IsSignatureLikeTag("sha256-" + hex + "c"));
  EXPECT_FALSE(IsSignatureLikeTag("sha256-" + hex.substr(1)));
  EXPECT_FALSE(IsSignatureLikeTag("sha512-" + hex));
  EXPECT_FALSE(IsSignatureLikeTag("sha256:" + hex));
}

TEST(AddressTest, NormalisesSchemeHostPortAndSlash) {
  EXPECT_EQ(Address::Parse("HTTPS://Harbor.IO:443/")->str(),
            "https://harbor.io");
  EXPECT_EQ(Address::Parse("harbor.io")->str(), "https://harbor.io");
  EXPECT_EQ(Address::Parse("http://localhost:80")->str(), "http://localhost");
  EXPECT_EQ(Address::Parse("http://[::1]:5000/mirror/")->str(),
            "http://[::1]:5000/mirror");
  EXPECT_EQ(Address::Parse("https://h:5000/p")->display(), "h:5000/p");
}

TEST(AddressTest, RefusesWhatIsNotARegistry) {
  for (const char* text : {"", "ftp://h", "https://", "https://h:0",
                           "https://h:65536", "https://h:port", "https://h/a b",
                           "https://h/../x", "https://h?q", "https://u:p@h"}) {
    EXPECT_FALSE(Address::Parse(text).ok()) << text;
  }
  EXPECT_EQ(
      Address::Parse("https://user:secret@h").status().message().find("secret"),
      absl::string_view::npos);
}

TEST(PrintableTest, ShowsControlAndBrokenBytesAsHex) {
  EXPECT_EQ(Printable("plain"), "plain");
  EXPECT_EQ(Printable("a\x1b[2J"), "a\\x1b[2J");
  EXPECT_EQ(Printable("\xc3\xa9"), "\xc3\xa9");
  EXPECT_EQ(Printable("\xff"), "\\xff");
  EXPECT_EQ(Printable("\xc2\x85"), "\\xc2\\x85");
  EXPECT_EQ(Printable("aaaa", 2), "aa…");
}

}  // namespace
}  // namespace registry_manager
