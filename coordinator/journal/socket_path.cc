// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/journal/socket_path.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "common/reference/digest.h"
#include "common/reference/printable.h"

namespace registry_manager {
namespace {

// sun_path holds 108 bytes, and some programs add a suffix.
constexpr size_t kLongestSocketPath = 100;

std::string ShortFolder(const std::string& folder) {
  return absl::StrCat("/tmp/registry-manager-", geteuid(), "-",
                      Digest::Of(folder).hex().substr(0, 16));
}

std::string PathInside(const std::string& folder) {
  return folder + "/redis.sock";
}

absl::Status CannotMake(const std::string& path, int error) {
  return absl::ErrnoToStatus(
      error, absl::StrCat("cannot make the folder ", Printable(path)));
}

}  // namespace

std::string SocketPath(const std::string& folder) {
  std::string inside = PathInside(folder);
  if (inside.size() <= kLongestSocketPath) return inside;
  return PathInside(ShortFolder(folder));
}

absl::Status MakeSocketFolder(const std::string& folder) {
  if (SocketPath(folder) == PathInside(folder)) return absl::OkStatus();
  const std::string path = ShortFolder(folder);
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return CannotMake(path, errno);
  }
  struct stat info;
  if (lstat(path.c_str(), &info) != 0) return CannotMake(path, errno);
  if (!S_ISDIR(info.st_mode) || info.st_uid != geteuid() ||
      (info.st_mode & 07777) != 0700) {
    return absl::FailedPreconditionError(absl::StrCat(
        path,
        " is no folder with mode 0700 of this user's: remove it, or use "
        "a state folder with a shorter path (XDG_STATE_HOME)"));
  }
  return absl::OkStatus();
}

void RemoveSocketFolder(const std::string& folder) {
  if (SocketPath(folder) != PathInside(folder)) {
    rmdir(ShortFolder(folder).c_str());
  }
}

}  // namespace registry_manager
