// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/policy/attachment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace registry_manager {
namespace {

Digest D(char digit) {
  return *Digest::Parse(absl::StrCat("sha256:", std::string(64, digit)));
}

std::string SignatureTag(const Digest& digest, const std::string& suffix) {
  return absl::StrCat("sha256-", digest.hex(), suffix);
}

std::vector<Digest> Sorted(std::vector<Digest> digests) {
  std::sort(digests.begin(), digests.end());
  return digests;
}

TEST(SubjectOfTagTest, IsTheDigestThatTheTagSpells) {
  EXPECT_EQ(SubjectOfTag(SignatureTag(D('a'), ".sig")), D('a'));
  EXPECT_EQ(SubjectOfTag(SignatureTag(D('a'), "")), D('a'));
  const std::string hex512(128, 'c');
  EXPECT_EQ(SubjectOfTag("sha512-" + hex512 + ".att")->str(),
            "sha512:" + hex512);
}

TEST(SubjectOfTagTest, OthersSpellNone) {
  EXPECT_EQ(SubjectOfTag("latest"), std::nullopt);
  EXPECT_EQ(SubjectOfTag(""), std::nullopt);
  EXPECT_EQ(SubjectOfTag("sha256-" + std::string(63, 'a')), std::nullopt);
  EXPECT_EQ(SubjectOfTag("sha256-" + std::string(65, 'a')), std::nullopt);
  EXPECT_EQ(SubjectOfTag("sha512-" + std::string(64, 'a')), std::nullopt);
  EXPECT_EQ(SubjectOfTag("sha256-" + std::string(64, 'A') + ".sig"),
            std::nullopt);
}

TEST(AttachmentsTest, AreChildrenSignaturesAndReferrers) {
  RepositorySnapshot snapshot;
  snapshot.manifests[D('1')].children = {D('3'), D('2'), D('3')};
  snapshot.tags = {{"v1", D('1')},
                   {SignatureTag(D('1'), ".sig"), D('4')},
                   {SignatureTag(D('9'), ".sig"), D('5')}};
  snapshot.referrers[D('1')] = {D('6'), D('4')};
  const Attachments attachments(snapshot);
  EXPECT_EQ(attachments.Of(D('1')), Sorted({D('2'), D('3'), D('4'), D('6')}));
  EXPECT_TRUE(attachments.Of(D('2')).empty());
}

TEST(AttachmentsTest, ReachGoesOnThroughWhatIsAttached) {
  RepositorySnapshot snapshot;
  snapshot.manifests[D('1')].children = {D('2')};
  snapshot.tags = {{SignatureTag(D('2'), ".sig"), D('3')}};
  snapshot.referrers[D('3')] = {D('4')};
  const Attachments attachments(snapshot);
  EXPECT_EQ(Sorted(attachments.ReachOf(D('1'))),
            Sorted({D('2'), D('3'), D('4')}));
}

TEST(AttachmentsTest, AlsoWhereNoReferrersApiSaysSo) {
  RepositorySnapshot snapshot;
  snapshot.manifests[D('2')].subject = D('1');
  snapshot.manifests[D('3')].subject = D('2');
  const Attachments attachments(snapshot);
  EXPECT_EQ(attachments.Of(D('1')), std::vector<Digest>{D('2')});
  EXPECT_EQ(Sorted(attachments.ReachOf(D('1'))), Sorted({D('2'), D('3')}));
}

TEST(AttachmentsTest, CirclesEndAndDoNotReachBack) {
  RepositorySnapshot snapshot;
  snapshot.referrers[D('1')] = {D('2')};
  snapshot.referrers[D('2')] = {D('1')};
  const Attachments attachments(snapshot);
  EXPECT_EQ(attachments.ReachOf(D('1')), std::vector<Digest>{D('2')});
}

TEST(AttachmentsTest, WhatIsAttachedToItselfIsNoAttachment) {
  RepositorySnapshot snapshot;
  snapshot.tags = {{SignatureTag(D('1'), ".sig"), D('1')}};
  EXPECT_TRUE(Attachments(snapshot).ReachOf(D('1')).empty());
}

}  // namespace
}  // namespace registry_manager
