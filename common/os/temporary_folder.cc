// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/os/temporary_folder.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/reference/printable.h"

namespace registry_manager {
namespace {

namespace fs = std::filesystem;

constexpr absl::string_view kAlive = "/alive";
// A folder has its lock before it has its name: nobody takes it for a left-over
// between the two.
constexpr absl::string_view kNew = "new-registry-manager-";

std::string PrefixOf(absl::string_view name) {
  return absl::StrCat("registry-manager-", name, "-");
}

absl::Status CannotMake(const std::string& place) {
  return absl::FailedPreconditionError(
      absl::StrCat("cannot make a folder in ", Printable(place), ": ",
                   strerror(errno), "; make room there"));
}

}  // namespace

void TemporaryFolder::RemoveLeftOvers(const std::string& place,
                                      absl::string_view name) {
  const std::string prefix = PrefixOf(name);
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(place, error)) {
    if (!absl::StartsWith(entry.path().filename().native(), prefix)) continue;
    struct stat info;
    const bool is_ours = lstat(entry.path().c_str(), &info) == 0 &&
                         S_ISDIR(info.st_mode) && info.st_uid == geteuid();
    const std::string alive = absl::StrCat(entry.path().native(), kAlive);
    if (is_ours && !ProcessLock::IsHeld(alive)) {
      fs::remove_all(entry.path(), error);
    }
  }
}

absl::StatusOr<TemporaryFolder> TemporaryFolder::Make(const std::string& place,
                                                      absl::string_view name) {
  RemoveLeftOvers(place, name);
  std::string made = absl::StrCat(place, "/", kNew, "XXXXXX");
  if (mkdtemp(made.data()) == nullptr) return CannotMake(place);
  ASSIGN_OR_RETURN(ProcessLock lock,
                   ProcessLock::Hold(absl::StrCat(made, kAlive)));
  std::string path =
      absl::StrCat(place, "/", PrefixOf(name),
                   absl::string_view(made).substr(made.size() - 6));
  if (rename(made.c_str(), path.c_str()) != 0) return CannotMake(place);
  return TemporaryFolder(std::move(path), std::move(lock));
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code error;
  if (!path_.empty()) fs::remove_all(path_, error);
}

}  // namespace registry_manager
