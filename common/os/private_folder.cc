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

constexpr char kAdvice[] =
    "; another state folder can be named with XDG_STATE_HOME";

absl::Status CannotMake(const std::string& path, int error) {
  return absl::ErrnoToStatus(
      error, absl::StrCat("cannot make the folder ", Printable(path)));
}

absl::Status WithAdvice(const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(status.message(), kAdvice));
}

}  // namespace

absl::Status EnsurePrivateFolder(const std::string& path,
                                 const PrivateFolderRules& rules) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return CannotMake(path, errno);
  }
  struct stat info;
  const int looked = rules.follows_links ? stat(path.c_str(), &info)
                                         : lstat(path.c_str(), &info);
  if (looked != 0) return CannotMake(path, errno);
  const bool is_private = (info.st_mode & 07777) == 0700;
  if (!S_ISDIR(info.st_mode) || info.st_uid != geteuid() ||
      (!is_private && !rules.mends_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat(Printable(path), " is not a folder of this user",
                     rules.mends_mode ? "" : " with mode 0700", ": remove it"));
  }
  if (!is_private && chmod(path.c_str(), 0700) != 0) {
    return CannotMake(path, errno);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> MakePrivateFolder(const std::string& path) {
  const std::filesystem::path parent =
      std::filesystem::path(path).parent_path();
  std::error_code error;
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (error) return WithAdvice(CannotMake(parent, error.value()));
  const absl::Status made = EnsurePrivateFolder(path, {.follows_links = true});
  if (!made.ok()) return WithAdvice(made);
  const std::unique_ptr<char, decltype(&std::free)> real(
      realpath(path.c_str(), nullptr), &std::free);
  if (real == nullptr) return WithAdvice(CannotMake(path, errno));
  return std::string(real.get());
}

}  // namespace registry_manager
