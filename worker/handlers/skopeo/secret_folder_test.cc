// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/skopeo/secret_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace registry_manager {
namespace {

namespace fs = std::filesystem;

mode_t ModeOf(const std::string& path) {
  struct stat info;
  EXPECT_EQ(lstat(path.c_str(), &info), 0) << path;
  return info.st_mode & 07777;
}

TEST(SecretFolderTest, IsForThisUserAloneAndGoesWithItsOwner) {
  absl::StatusOr<SecretFolder> made = SecretFolder::Make();
  ASSERT_TRUE(made.ok()) << made.status();
  std::optional<SecretFolder> folder(*std::move(made));
  const std::string path = folder->path();
  const absl::StatusOr<std::string> file = folder->WriteFile("a", "secret");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(ModeOf(path), 0700u);
  EXPECT_EQ(ModeOf(*file), 0600u);
  std::string contents;
  EXPECT_TRUE(std::getline(std::ifstream(*file), contents));
  EXPECT_EQ(contents, "secret");
  folder.reset();
  EXPECT_FALSE(fs::exists(path));
}

TEST(SecretFolderTest, LiesInMemoryWhereThereIsAPlaceForIt) {
  ASSERT_EQ(setenv("XDG_RUNTIME_DIR", "relative", 1), 0);
  const absl::StatusOr<SecretFolder> folder = SecretFolder::Make();
  ASSERT_TRUE(folder.ok()) << folder.status();
  const bool in_memory = absl::StartsWith(folder->path(), "/dev/shm/");
  EXPECT_TRUE(in_memory || absl::StartsWith(folder->path(), "/tmp/"));
}

TEST(SecretFolderTest, NeverWritesOverAFile) {
  const absl::StatusOr<SecretFolder> folder = SecretFolder::Make();
  ASSERT_TRUE(folder->WriteFile("a", "one").ok());
  EXPECT_FALSE(folder->WriteFile("a", "two").ok());
}

TEST(SecretFolderTest, RemovesWhatAKilledProcessLeft) {
  const absl::StatusOr<SecretFolder> ours = SecretFolder::Make();
  ASSERT_TRUE(ours.ok()) << ours.status();
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    const absl::StatusOr<SecretFolder> folder = SecretFolder::Make();
    const bool made = folder.ok() && folder->WriteFile("a", "secret").ok();
    const std::string path = made ? folder->path() : "";
    _exit(write(ends[1], path.data(), path.size()) > 0 ? 0 : 1);
  }
  close(ends[1]);
  char path[256] = "";
  ASSERT_GT(read(ends[0], path, sizeof path - 1), 0);
  close(ends[0]);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  ASSERT_TRUE(fs::exists(path));
  SecretFolder::RemoveLeftOvers();
  EXPECT_FALSE(fs::exists(path));
  EXPECT_TRUE(fs::exists(ours->path()));
}

}  // namespace
}  // namespace registry_manager
