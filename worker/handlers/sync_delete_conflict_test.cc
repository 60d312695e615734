// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/sync_delete_conflict.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"

namespace registry_manager {
namespace {

proto::DeletePolicy DevelopBut(uint32_t mix_count) {
  proto::DeletePolicy policy;
  policy.mutable_include()->add_keys("develop");
  policy.set_mix_count(mix_count);
  return policy;
}

TEST(SyncDeleteConflictTest, NamesWhatWouldGoAtOnce) {
  const std::string note =
      SyncDeleteConflict(DevelopBut(0), {}, {"1.0", "develop-1", "develop-2"});
  EXPECT_TRUE(absl::StrContains(note, "takes 2 of the 3 tags")) << note;
  EXPECT_TRUE(absl::StrContains(note, "(develop-1)")) << note;
}

TEST(SyncDeleteConflictTest, NothingWhereTheyAreFewEnoughToStay) {
  EXPECT_EQ(SyncDeleteConflict(DevelopBut(2), {}, {"develop-1", "develop-2"}),
            "");
}

TEST(SyncDeleteConflictTest, NothingWhereAgeWouldDecide) {
  EXPECT_EQ(SyncDeleteConflict(DevelopBut(1), {"develop-0"}, {"develop-1"}),
            "");
}

TEST(SyncDeleteConflictTest, NothingOfWhatIsThereAlready) {
  EXPECT_EQ(SyncDeleteConflict(DevelopBut(0), {"develop-0"}, {"1.0"}), "");
}

TEST(SyncDeleteConflictTest, NothingOfWhatIsExcluded) {
  proto::DeletePolicy policy = DevelopBut(0);
  policy.mutable_exclude()->add_keys("develop-1");
  EXPECT_EQ(SyncDeleteConflict(policy, {}, {"develop-1"}), "");
}

}  // namespace
}  // namespace registry_manager
