// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/api/content_cache.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/reference/hasher.h"
#include "common/registry/api/media_types.h"

namespace registry_manager {
namespace {

namespace fs = std::filesystem;

RawManifest Manifest(const std::string& text) {
  std::string bytes =
      absl::StrCat(R"({"schemaVersion":2,"text":")", text, "\"}");
  const Digest digest = Digest::Of(bytes);
  return {digest, std::string(kOciManifest), std::move(bytes)};
}

class ContentCacheTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string base = testing::TempDir() + "/cache-XXXXXX";
    ASSERT_NE(mkdtemp(base.data()), nullptr);
    folder_ = base + "/manifests";
    Open();
  }

  void Open(uint64_t max_bytes = ContentCache::kMaxBytes) {
    auto cache = ContentCache::Open(folder_, max_bytes);
    ASSERT_TRUE(cache.ok()) << cache.status();
    cache_ = *std::move(cache);
  }

  // All files of the cache.
  std::vector<std::string> Files() const {
    std::vector<std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
      if (!entry.is_directory()) files.push_back(entry.path());
    }
    return files;
  }
  std::string OnlyFile() const {
    const std::vector<std::string> files = Files();
    EXPECT_EQ(files.size(), 1u);
    return files.empty() ? "" : files.front();
  }

  std::string folder_;
  std::unique_ptr<ContentCache> cache_;
};

TEST_F(ContentCacheTest, GivesBackWhatWasKeptAlsoToLaterProcesses) {
  const RawManifest kept = Manifest("one");
  EXPECT_FALSE(cache_->FindManifest(kept.digest));
  cache_->KeepManifest(kept);
  Open();
  const std::optional<RawManifest> found = cache_->FindManifest(kept.digest);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->bytes, kept.bytes);
  EXPECT_EQ(found->media_type, kept.media_type);
  EXPECT_EQ(found->digest, kept.digest);
  EXPECT_FALSE(cache_->FindManifest(Manifest("two").digest));
}

TEST_F(ContentCacheTest, IsForThisUserOnly) {
  cache_->KeepManifest(Manifest("one"));
  struct stat info;
  ASSERT_EQ(stat(OnlyFile().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
  fs::permissions(folder_, fs::perms::all);
  Open();
  ASSERT_EQ(stat(folder_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0700u);
}

TEST_F(ContentCacheTest, WrongBytesCountAsAbsentAndAreRemoved) {
  const RawManifest kept = Manifest("one");
  cache_->KeepManifest(kept);
  std::string text;
  {
    std::ifstream stream(OnlyFile());
    text.assign(std::istreambuf_iterator<char>(stream), {});
  }
  std::vector<std::string> damaged = {"", "x", text + "x",
                                      text.substr(0, text.size() / 2)};
  for (size_t i = 0; i < text.size(); ++i) {
    damaged.push_back(text);
    damaged.back()[i] ^= 1;
  }
  const std::string file = OnlyFile();
  for (const std::string& wrong : damaged) {
    std::ofstream(file, std::ios::trunc) << wrong;
    EXPECT_FALSE(cache_->FindManifest(kept.digest)) << wrong;
    EXPECT_FALSE(fs::exists(file)) << wrong;
  }
  cache_->KeepManifest(kept);
  EXPECT_TRUE(cache_->FindManifest(kept.digest));
}

TEST_F(ContentCacheTest, AnothersContentUnderTheNameCountsAsAbsent) {
  const RawManifest one = Manifest("one"), two = Manifest("two");
  cache_->KeepManifest(one);
  const std::string file = OnlyFile();
  cache_->KeepManifest(two);
  for (const std::string& other : Files()) {
    if (other == file) continue;
    fs::copy_file(other, file, fs::copy_options::overwrite_existing);
  }
  EXPECT_FALSE(cache_->FindManifest(one.digest));
  EXPECT_TRUE(cache_->FindManifest(two.digest));
  cache_->KeepCreated(one.digest, absl::FromUnixSeconds(1));
  const auto created = [](const std::string& path) {
    return path.find("/created-") != std::string::npos;
  };
  std::string dated;
  for (const std::string& path : Files()) {
    if (created(path)) dated = path;
  }
  const std::string hex(two.digest.hex());
  const std::string name =
      absl::StrCat(folder_, "/", hex.substr(0, 2), "/created-sha256-", hex);
  fs::copy_file(dated, name);
  EXPECT_FALSE(cache_->FindCreated(two.digest));
  EXPECT_TRUE(cache_->FindCreated(one.digest));
}

TEST_F(ContentCacheTest, KeepsOnlyWhatHasItsDigest) {
  RawManifest schema1{
      Digest::Of("x"),
      "application/vnd.docker.distribution.manifest.v1+prettyjws",
      R"({"schemaVersion":1})"};
  schema1.digest = Digest::Of(schema1.bytes);
  cache_->KeepManifest(schema1);
  RawManifest other = Manifest("one");
  other.digest = Digest::Of("something else");
  cache_->KeepManifest(other);
  RawManifest untyped = Manifest("one");
  untyped.media_type = "";
  cache_->KeepManifest(untyped);
  EXPECT_TRUE(Files().empty());
}

TEST_F(ContentCacheTest, KnowsAlgorithmsApart) {
  RawManifest kept = Manifest("one");
  Hasher hasher("sha512");
  hasher.Update(kept.bytes);
  kept.digest = hasher.Finish();
  cache_->KeepManifest(kept);
  EXPECT_TRUE(cache_->FindManifest(kept.digest));
  EXPECT_FALSE(cache_->FindManifest(Digest::Of(kept.bytes)));
}

TEST_F(ContentCacheTest, ADateAndItsAbsenceAreFacts) {
  const Digest one = Digest::Of("1"), two = Digest::Of("2");
  EXPECT_FALSE(cache_->FindCreated(one));
  const absl::Time time = absl::FromUnixNanos(1'700'000'000'123'456'789);
  cache_->KeepCreated(one, time);
  cache_->KeepCreated(two, std::nullopt);
  Open();
  ASSERT_TRUE(cache_->FindCreated(one));
  EXPECT_EQ(*cache_->FindCreated(one), time);
  ASSERT_TRUE(cache_->FindCreated(two));
  EXPECT_FALSE(cache_->FindCreated(two)->has_value());
  cache_->KeepCreated(Digest::Of("3"), absl::InfiniteFuture());
  EXPECT_FALSE(cache_->FindCreated(Digest::Of("3")));
}

TEST_F(ContentCacheTest, StaysWithinItsBoundAndKeepsWhatWasUsedLast) {
  constexpr uint64_t kBound = 256 << 10;
  Open(kBound);
  const RawManifest first = Manifest("first");
  cache_->KeepManifest(first);
  uint64_t most = 0;
  for (int i = 0; i < 200; ++i) {
    cache_->KeepManifest(Manifest(absl::StrCat(i)));
    // In use all the time. (Times of files are no finer than a clock tick.)
    absl::SleepFor(absl::Milliseconds(2));
    EXPECT_TRUE(cache_->FindManifest(first.digest)) << i;
    uint64_t bytes = 0;
    for (const std::string& file : Files()) {
      struct stat info;
      ASSERT_EQ(stat(file.c_str(), &info), 0);
      bytes += info.st_blocks * 512;
    }
    most = std::max(most, bytes);
  }
  EXPECT_LE(most, kBound);
  EXPECT_GT(most, kBound / 2);
  EXPECT_FALSE(cache_->FindManifest(Manifest("0").digest));
  EXPECT_TRUE(cache_->FindManifest(Manifest("199").digest));
}

TEST_F(ContentCacheTest, ALowerBoundHoldsFromTheBeginning) {
  for (int i = 0; i < 100; ++i) cache_->KeepManifest(Manifest(absl::StrCat(i)));
  Open(64 << 10);
  EXPECT_LE(Files().size(), 16u);
}

TEST_F(ContentCacheTest, SweepsWhatAKilledProcessWasWriting) {
  fs::create_directories(folder_ + "/ab");
  const std::string old = folder_ + "/ab/new-1-1",
                    fresh = folder_ + "/ab/new-2";
  std::ofstream(old) << "x";
  std::ofstream(fresh) << "x";
  fs::last_write_time(old,
                      fs::file_time_type::clock::now() - std::chrono::hours(2));
  Open();
  EXPECT_FALSE(fs::exists(old));
  EXPECT_TRUE(fs::exists(fresh));
}

TEST_F(ContentCacheTest, ManyMayWriteAndReadAtTheSameTime) {
  constexpr int kProcesses = 4, kManifests = 50;
  for (int process = 0; process < kProcesses; ++process) {
    if (fork() != 0) continue;
    auto cache = ContentCache::Open(folder_, 128 << 10);
    bool right = cache.ok();
    for (int i = 0; i < kManifests && right; ++i) {
      const RawManifest manifest = Manifest(absl::StrCat(i));
      (*cache)->KeepManifest(manifest);
      const auto found = (*cache)->FindManifest(manifest.digest);
      right = !found || found->bytes == manifest.bytes;
    }
    _exit(right ? 0 : 1);
  }
  for (int process = 0; process < kProcesses; ++process) {
    int status = -1;
    wait(&status);
    EXPECT_EQ(status, 0);
  }
  for (const std::string& file : Files()) {
    EXPECT_EQ(file.find("/new-"), std::string::npos) << file;
  }
}

TEST_F(ContentCacheTest, AFolderThatCannotBeUsedIsAnError) {
  std::ofstream(folder_ + "-file") << "x";
  EXPECT_FALSE(ContentCache::Open(folder_ + "-file").ok());
  EXPECT_FALSE(ContentCache::Open(folder_ + "-none/below").ok());
  fs::create_directory_symlink(folder_, folder_ + "-link");
  EXPECT_FALSE(ContentCache::Open(folder_ + "-link").ok());
}

TEST_F(ContentCacheTest, WhatCannotBeWrittenIsNotKept) {
  fs::remove_all(folder_);
  const RawManifest manifest = Manifest("one");
  cache_->KeepManifest(manifest);
  EXPECT_FALSE(cache_->FindManifest(manifest.digest));
}

}  // namespace
}  // namespace registry_manager
