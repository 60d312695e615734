// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/os/memory_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

namespace registry_manager {
namespace {

std::string Read(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(MemoryFileTest, CanBeReadAgainAndAgain) {
  const std::string contents(200000, 'x');
  absl::StatusOr<MemoryFile> file = MemoryFile::Make(contents);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(Read(file->path()), contents);
  EXPECT_EQ(Read(file->path()), contents);
}

TEST(MemoryFileTest, IsGoneWithItsObject) {
  std::optional<MemoryFile> file = *MemoryFile::Make("secret");
  const std::string path = file->path();
  std::optional<MemoryFile> moved = *std::move(file);
  file.reset();
  EXPECT_EQ(Read(path), "secret");
  moved.reset();
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace registry_manager
