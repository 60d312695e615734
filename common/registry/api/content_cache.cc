// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/api/content_cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/os/private_folder.h"
#include "common/reference/hasher.h"
#include "common/reference/printable.h"

namespace registry_manager {
namespace {

namespace fs = std::filesystem;

// A file is this line, the SHA-256 of the rest, and the rest. The number rises
// when something else is derived from the same content (ParseCreated).
constexpr absl::string_view kFormat = "registry-manager content 1\n";
constexpr size_t kSumSize = 64;
constexpr absl::string_view kNoDate = "none";
// No registry is read a larger manifest from.
constexpr size_t kMaxFile = 5 << 20;
constexpr absl::string_view kTemporary = "new-";
// A process that was killed left an older one.
constexpr absl::Duration kTemporaryLasts = absl::Hours(1);
// Each process may write a 128th of the whole between two looks at what there
// is; an eighth is left free for what others write meanwhile.
constexpr uint64_t kLooks = 128;
constexpr uint64_t kRooms = 8;

std::string SumOf(absl::string_view payload) {
  return std::string(Digest::Of(payload).hex());
}

// The whole file; nullopt: it is not there, or is none of ours.
std::optional<std::string> ReadFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return std::nullopt;
  std::optional<std::string> text;
  struct stat info;
  if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) &&
      info.st_size <= static_cast<off_t>(kMaxFile)) {
    text.emplace(info.st_size, '\0');
    size_t done = 0;
    ssize_t got = 1;
    while (done < text->size() && got > 0) {
      got = read(fd, text->data() + done, text->size() - done);
      if (got < 0 && errno == EINTR)
        got = 1;
      else if (got > 0)
        done += got;
    }
    text->resize(done);
    // It has been used now.
    futimens(fd, nullptr);
  }
  close(fd);
  return text;
}

bool WriteFile(const std::string& path, absl::string_view text) {
  const int fd = open(
      path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return false;
  bool written = true;
  while (!text.empty() && written) {
    const ssize_t put = write(fd, text.data(), text.size());
    if (put > 0) text.remove_prefix(put);
    written = put > 0 || (put < 0 && errno == EINTR);
  }
  close(fd);
  return written;
}

// A file takes whole blocks of the disk.
uint64_t OnDisk(const struct stat& info) {
  return std::max<uint64_t>(info.st_size,
                            static_cast<uint64_t>(info.st_blocks) * 512);
}

struct Entry {
  absl::Time used;
  uint64_t bytes;
  std::string path;
};

// All files below `folder`; old temporary ones are removed.
std::vector<Entry> FindEntries(const std::string& folder) {
  std::vector<Entry> entries;
  std::error_code error;
  for (fs::recursive_directory_iterator i(folder, error), end;
       !error && i != end; i.increment(error)) {
    struct stat info;
    const std::string path = i->path();
    if (lstat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    const absl::Time used = absl::TimeFromTimespec(info.st_mtim);
    if (absl::StartsWith(i->path().filename().native(), kTemporary)) {
      if (absl::Now() - used > kTemporaryLasts) unlink(path.c_str());
      continue;
    }
    entries.push_back({used, OnDisk(info), path});
  }
  return entries;
}

absl::Status CannotUse(const std::string& folder, int error) {
  return absl::ErrnoToStatus(
      error, absl::StrCat("cannot use ", Printable(folder, 4096)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<ContentCache>> ContentCache::Open(
    std::string folder, uint64_t max_bytes) {
  // A folder that another user can change is not trusted.
  RETURN_IF_ERROR(EnsurePrivateFolder(folder, {}));
  if (access(folder.c_str(), R_OK | W_OK | X_OK) != 0) {
    return CannotUse(folder, errno);
  }
  std::unique_ptr<ContentCache> cache(
      new ContentCache(std::move(folder), max_bytes));
  cache->Trim();
  return cache;
}

std::string ContentCache::PathOf(absl::string_view kind,
                                 const Digest& digest) const {
  // A folder holds some hundreds.
  return absl::StrCat(folder_, "/", digest.hex().substr(0, 2), "/", kind, "-",
                      digest.algorithm(), "-", digest.hex());
}

std::optional<std::string> ContentCache::Read(const std::string& path) {
  std::optional<std::string> text = ReadFile(path);
  if (!text) return std::nullopt;
  absl::string_view rest = *text;
  if (absl::ConsumePrefix(&rest, kFormat) && rest.size() >= kSumSize &&
      // Guard: damaged-cache-not-believed
      rest.substr(0, kSumSize) == SumOf(rest.substr(kSumSize))) {
    return std::string(rest.substr(kSumSize));
  }
  unlink(path.c_str());
  return std::nullopt;
}

void ContentCache::Write(const std::string& path, absl::string_view payload) {
  const std::string text = absl::StrCat(kFormat, SumOf(payload), payload);
  if (text.size() > kMaxFile || text.size() > max_bytes_) return;
  struct stat info;
  // Whoever found it damaged has removed it.
  if (lstat(path.c_str(), &info) == 0 &&
      info.st_size == static_cast<off_t>(text.size())) {
    return;
  }
  const std::string folder = fs::path(path).parent_path();
  mkdir(folder.c_str(), 0700);
  const std::string temporary =
      absl::StrCat(folder, "/", kTemporary, getpid(), "-",
                   absl::ToUnixNanos(absl::Now()), "-", numbers_++);
  if (!WriteFile(temporary, text) ||
      rename(temporary.c_str(), path.c_str()) != 0) {
    unlink(temporary.c_str());
    return;
  }
  constexpr uint64_t kBlock = 4096;
  const uint64_t bytes = (text.size() + kBlock - 1) / kBlock * kBlock;
  if (written_.fetch_add(bytes) + bytes >= max_bytes_ / kLooks) Trim();
}

std::optional<RawManifest> ContentCache::FindManifest(const Digest& digest) {
  const std::string path = PathOf("manifest", digest);
  std::optional<std::string> payload = Read(path);
  if (!payload) return std::nullopt;
  const size_t line = payload->find('\n');
  if (line != std::string::npos) {
    std::string bytes = payload->substr(line + 1);
    Hasher hasher(digest.algorithm());
    hasher.Update(bytes);
    if (hasher.Finish() == digest) {
      return RawManifest{digest, payload->substr(0, line), std::move(bytes)};
    }
  }
  unlink(path.c_str());
  return std::nullopt;
}

void ContentCache::KeepManifest(const RawManifest& manifest) {
  if (manifest.media_type.empty() ||
      IsSchema1(manifest.media_type, manifest.bytes) ||
      absl::StrContains(manifest.media_type, '\n')) {
    return;
  }
  Hasher hasher(manifest.digest.algorithm());
  hasher.Update(manifest.bytes);
  if (hasher.Finish() != manifest.digest) return;
  Write(PathOf("manifest", manifest.digest),
        absl::StrCat(manifest.media_type, "\n", manifest.bytes));
}

std::optional<std::optional<absl::Time>> ContentCache::FindCreated(
    const Digest& config) {
  const std::string path = PathOf("created", config);
  const std::optional<std::string> payload = Read(path);
  if (!payload) return std::nullopt;
  absl::string_view rest = *payload;
  if (absl::ConsumePrefix(&rest, absl::StrCat(config.str(), "\n"))) {
    if (rest == kNoDate) return std::optional<absl::Time>();
    int64_t nanoseconds = 0;
    if (absl::SimpleAtoi(rest, &nanoseconds)) {
      return absl::FromUnixNanos(nanoseconds);
    }
  }
  unlink(path.c_str());
  return std::nullopt;
}

void ContentCache::KeepCreated(const Digest& config,
                               std::optional<absl::Time> created) {
  std::string text(kNoDate);
  if (created) {
    const int64_t nanoseconds = absl::ToUnixNanos(*created);
    // A date beyond what these can say.
    if (absl::FromUnixNanos(nanoseconds) != *created) return;
    text = absl::StrCat(nanoseconds);
  }
  Write(PathOf("created", config), absl::StrCat(config.str(), "\n", text));
}

void ContentCache::Trim() {
  const std::unique_lock<std::mutex> ours(trimming_, std::try_to_lock);
  if (!ours.owns_lock()) return;
  const int fd = open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
    written_ = 0;
    std::vector<Entry> entries = FindEntries(folder_);
    uint64_t bytes = 0;
    for (const Entry& entry : entries) bytes += entry.bytes;
    const uint64_t room = max_bytes_ / kRooms;
    if (bytes > max_bytes_ - room) {
      std::sort(entries.begin(), entries.end(),
                [](const Entry& a, const Entry& b) { return a.used < b.used; });
      for (const Entry& entry : entries) {
        if (bytes <= max_bytes_ - 2 * room) break;
        if (unlink(entry.path.c_str()) == 0) bytes -= entry.bytes;
      }
    }
  }
  close(fd);
}

}  // namespace registry_manager
