// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/session/settings_store.h"

#include <gtest/gtest.h>

namespace registry_manager {
namespace {

absl::Duration At(double seconds) { return absl::Seconds(seconds); }
using Runs = std::vector<std::string>;

TEST(SettingsStoreTest, AsksOnceASecondUntilTheyCome) {
  SettingsStore store;
  EXPECT_EQ(store.ToAskFor({"a"}, At(0)), Runs{"a"});
  store.NoteAsked("a", At(0));
  EXPECT_EQ(store.ToAskFor({"a"}, At(0.9)), Runs{});
  EXPECT_EQ(store.ToAskFor({"a", "b"}, At(1)), (Runs{"a", "b"}));
  EXPECT_EQ(store.Find("a"), nullptr);

  proto::RunSettings settings;
  settings.set_run("a");
  settings.set_retries(7);
  store.Put(settings, At(1));

  ASSERT_NE(store.Find("a"), nullptr);
  EXPECT_EQ(store.Find("a")->retries(), 7u);
  EXPECT_EQ(store.ToAskFor({"a"}, At(100)), Runs{});
}

TEST(SettingsStoreTest, ForgetsWhatNoTaskHasNeededForAMinute) {
  SettingsStore store;
  proto::RunSettings settings;
  settings.set_run("a");
  store.Put(settings, At(0));
  store.DropUnused({"a"}, At(500));
  store.DropUnused({}, At(560));
  EXPECT_NE(store.Find("a"), nullptr);
  store.DropUnused({}, At(561));
  EXPECT_EQ(store.Find("a"), nullptr);
}

}  // namespace
}  // namespace registry_manager
