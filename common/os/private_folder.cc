// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/os/private_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/reference/printable.h"

namespace registry_manager {
namespace {

absl::Status CannotMake(const std::string& path, int error) {
  return absl::ErrnoToStatus(
      error, absl::StrCat("cannot make the folder ", Printable(path),
                          "; name another state folder with XDG_STATE_HOME"));
}

}  // namespace

absl::StatusOr<std::string> MakePrivateFolder(const std::string& path) {
  const std::filesystem::path parent =
      std::filesystem::path(path).parent_path();
  std::error_code error;
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (error) return CannotMake(parent, error.value());
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return CannotMake(path, errno);
  }
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return CannotMake(path, errno);
  if (!S_ISDIR(info.st_mode) || info.st_uid != geteuid()) {
    return absl::FailedPreconditionError(
        absl::StrCat(Printable(path),
                     " is not a folder of this user: remove it, or name "
                     "another state folder with XDG_STATE_HOME"));
  }
  if ((info.st_mode & 07777) != 0700 && chmod(path.c_str(), 0700) != 0) {
    return CannotMake(path, errno);
  }
  const std::unique_ptr<char, decltype(&std::free)> real(
      realpath(path.c_str(), nullptr), &std::free);
  if (real == nullptr) return CannotMake(path, errno);
  return std::string(real.get());
}

}  // namespace registry_manager
