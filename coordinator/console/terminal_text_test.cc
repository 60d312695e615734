// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/console/terminal_text.h"

#include <gtest/gtest.h>

namespace registry_manager {
namespace {

TEST(CutToWidthTest, CutsBetweenCharacters) {
  EXPECT_EQ(CutToWidth("abcdef", 6), "abcdef");
  EXPECT_EQ(CutToWidth("abcdef", 5), "abcd…");
  EXPECT_EQ(CutToWidth("管理x", 5), "管理x");
  // The second character would take the place of "…".
  EXPECT_EQ(CutToWidth("管理x", 4), "管…");
  EXPECT_EQ(CutToWidth("abc", 1), "…");
  EXPECT_EQ(CutToWidth("abc", 0), "");
}

TEST(ShortenToWidthTest, KeepsBothEnds) {
  EXPECT_EQ(ShortenToWidth("registry.example:5000", 21),
            "registry.example:5000");
  EXPECT_EQ(ShortenToWidth("registry.example:5000", 10), "regi…:5000");
  EXPECT_EQ(ShortenToWidth("管理管理", 6), "管…理");
  EXPECT_EQ(ShortenToWidth("abcdef", 2), "a…");
  EXPECT_EQ(ShortenToWidth("abcdef", 0), "");
}

}  // namespace
}  // namespace registry_manager
