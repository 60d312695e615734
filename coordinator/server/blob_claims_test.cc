// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/server/blob_claims.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace registry_manager {
namespace {

using Claimant = BlobClaims::Claimant;
using Turns = BlobClaims::Turns;

const BlobClaims::Blob kBlob = {"https://b.example", "sha256:1"};

Claimant Of(const std::string& session, uint64_t number, uint32_t task = 0) {
  return {session, TaskKey{"RUN1", 0, task}, 1, number};
}

// "SESSION NUMBER", then "here", "from REPOSITORY" or "send".
std::string Said(const Turns& turns) {
  std::string text;
  for (const BlobClaims::Turn& turn : turns) {
    absl::StrAppend(&text, text.empty() ? "" : "; ", turn.session, " ",
                    turn.number, " ",
                    turn.present              ? "here"
                    : turn.mount_from.empty() ? "send"
                                              : "from " + turn.mount_from);
  }
  return text;
}

TEST(BlobClaimsTest, TheFirstSendsAndTheNextMounts) {
  BlobClaims claims;
  EXPECT_EQ(Said(claims.Claim(kBlob, "x", Of("a", 1))), "a 1 send");
  EXPECT_EQ(Said(claims.Claim(kBlob, "y", Of("b", 1))), "");
  EXPECT_EQ(Said(claims.End(kBlob, "x", Of("a", 0), true)), "b 1 from x");
  EXPECT_EQ(Said(claims.End(kBlob, "y", Of("b", 0), true)), "");
  EXPECT_EQ(Said(claims.Claim(kBlob, "y", Of("a", 2))), "a 2 here");
}

TEST(BlobClaimsTest, WhoWaitsForTheSameRepositoryHasNothingToDo) {
  BlobClaims claims;
  claims.Claim(kBlob, "x", Of("a", 1));
  claims.Claim(kBlob, "x", Of("b", 1));
  claims.Claim(kBlob, "y", Of("b", 2, 1));
  EXPECT_EQ(Said(claims.End(kBlob, "x", Of("a", 0), true)),
            "b 1 here; b 2 from x");
}

TEST(BlobClaimsTest, AfterAFailureTheNextSends) {
  BlobClaims claims;
  claims.Claim(kBlob, "x", Of("a", 1));
  claims.Claim(kBlob, "y", Of("b", 1));
  EXPECT_EQ(Said(claims.End(kBlob, "x", Of("a", 0), false)), "b 1 send");
}

TEST(BlobClaimsTest, AnotherTargetIsAnotherMatter) {
  BlobClaims claims;
  claims.Claim(kBlob, "x", Of("a", 1));
  const BlobClaims::Blob elsewhere = {"https://c.example", kBlob.digest};
  EXPECT_EQ(Said(claims.Claim(elsewhere, "x", Of("b", 1))), "b 1 send");
}

TEST(BlobClaimsTest, AClaimThatComesTwiceIsAnsweredTwiceOnceItIsAnswered) {
  BlobClaims claims;
  claims.Claim(kBlob, "x", Of("a", 1));
  EXPECT_EQ(Said(claims.Claim(kBlob, "x", Of("a", 1))), "a 1 send");
  claims.Claim(kBlob, "y", Of("b", 1));
  EXPECT_EQ(Said(claims.Claim(kBlob, "y", Of("b", 1))), "");
  EXPECT_EQ(Said(claims.End(kBlob, "x", Of("a", 0), true)), "b 1 from x");
}

TEST(BlobClaimsTest, ATurnEndsWithTheRightToAct) {
  BlobClaims claims;
  claims.Claim(kBlob, "x", Of("a", 1));
  claims.Claim(kBlob, "y", Of("lost", 1));
  claims.Claim(kBlob, "z", Of("b", 1));
  EXPECT_EQ(Said(claims.Release([](const Claimant&) { return true; })), "");
  const auto only_b = [](const Claimant& one) { return one.session == "b"; };
  EXPECT_EQ(Said(claims.Release(only_b)), "b 1 send");
  // What comes late from the one that lost it takes nothing from the other.
  EXPECT_EQ(Said(claims.End(kBlob, "x", Of("a", 0), false)), "");
  claims.Claim(kBlob, "w", Of("c", 1));
  EXPECT_EQ(Said(claims.End(kBlob, "z", Of("b", 0), true)), "c 1 from z");
}

TEST(BlobClaimsTest, WhatARepositoryLacksAfterAllIsForgotten) {
  BlobClaims claims;
  claims.Claim(kBlob, "x", Of("a", 1));
  claims.End(kBlob, "x", Of("a", 0), true);
  claims.Forget(kBlob, "x");
  EXPECT_EQ(Said(claims.Claim(kBlob, "y", Of("a", 2))), "a 2 send");
  // It ends nobody's turn.
  claims.Forget(kBlob, "y");
  EXPECT_EQ(Said(claims.Claim(kBlob, "z", Of("b", 1))), "");
}

TEST(BlobClaimsTest, KnowledgeIsBoundedAndTurnsAreKept) {
  BlobClaims claims;
  claims.Claim(kBlob, "x", Of("a", 1));
  for (int i = 0; i < 400000; ++i) {
    const BlobClaims::Blob blob = {kBlob.target,
                                   absl::StrCat("sha256:", i, "-")};
    claims.Claim(blob, "x", Of("b", i));
    claims.End(blob, "x", Of("b", 0), true);
  }
  EXPECT_EQ(Said(claims.Claim(kBlob, "y", Of("c", 1))), "");
  const BlobClaims::Blob first = {kBlob.target, "sha256:0-"};
  EXPECT_EQ(Said(claims.Claim(first, "y", Of("c", 2))), "c 2 send");
}

}  // namespace
}  // namespace registry_manager
