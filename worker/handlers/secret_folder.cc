// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/secret_folder.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/reference/printable.h"

namespace registry_manager {
namespace {

namespace fs = std::filesystem;

// The process's id follows, then a dash and six characters.
constexpr absl::string_view kPrefix = "registry-manager-secrets-";

bool IsInMemory(const std::string& folder) {
  struct statfs info;
  return statfs(folder.c_str(), &info) == 0 &&
         (info.f_type == TMPFS_MAGIC || info.f_type == RAMFS_MAGIC);
}

// Where such a folder may lie, the best place first.
std::vector<std::string> Places() {
  std::vector<std::string> places;
  const char* runtime = getenv("XDG_RUNTIME_DIR");
  if (runtime != nullptr && *runtime == '/' && IsInMemory(runtime)) {
    places.emplace_back(runtime);
  }
  if (IsInMemory("/dev/shm")) places.emplace_back("/dev/shm");
  places.emplace_back("/tmp");
  return places;
}

// The process that made the folder of that name; 0 where it is none of ours.
pid_t OwnerOf(absl::string_view name) {
  pid_t pid = 0;
  if (!absl::ConsumePrefix(&name, kPrefix) ||
      !absl::SimpleAtoi(name.substr(0, name.find('-')), &pid)) {
    return 0;
  }
  return pid;
}

}  // namespace

void SecretFolder::RemoveLeftOvers() {
  std::error_code error;
  for (const std::string& place : Places()) {
    for (const auto& entry : fs::directory_iterator(place, error)) {
      const pid_t owner = OwnerOf(entry.path().filename().string());
      struct stat info;
      const bool ours = owner > 0 && lstat(entry.path().c_str(), &info) == 0 &&
                        S_ISDIR(info.st_mode) && info.st_uid == geteuid();
      if (ours && kill(owner, 0) != 0 && errno == ESRCH) {
        fs::remove_all(entry.path(), error);
      }
    }
  }
}

absl::StatusOr<SecretFolder> SecretFolder::Make() {
  RemoveLeftOvers();
  for (const std::string& place : Places()) {
    std::string path = absl::StrCat(place, "/", kPrefix, getpid(), "-XXXXXX");
    if (mkdtemp(path.data()) != nullptr) return SecretFolder(std::move(path));
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "cannot make a folder for credentials in /tmp: ", strerror(errno),
      "; make room there"));
}

SecretFolder::~SecretFolder() {
  std::error_code error;
  if (!path_.empty()) fs::remove_all(path_, error);
}

absl::StatusOr<std::string> SecretFolder::WriteFile(
    absl::string_view name, absl::string_view contents) const {
  std::string path = absl::StrCat(path_, "/", name);
  const int file =
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const bool written =
      file >= 0 && write(file, contents.data(), contents.size()) ==
                       static_cast<ssize_t>(contents.size());
  const int error = errno;
  if (file >= 0) close(file);
  if (!written) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot write ", Printable(path), ": ", strerror(error)));
  }
  return path;
}

}  // namespace registry_manager
