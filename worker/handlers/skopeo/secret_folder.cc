// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/skopeo/secret_folder.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/reference/printable.h"

namespace registry_manager {
namespace {

constexpr absl::string_view kName = "credentials";

bool IsInMemory(const std::string& folder) {
  struct statfs info;
  return statfs(folder.c_str(), &info) == 0 &&
         (info.f_type == TMPFS_MAGIC || info.f_type == RAMFS_MAGIC);
}

// Returns the places for such a folder, the best place first.
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

}  // namespace

void SecretFolder::RemoveLeftOvers() {
  for (const std::string& place : Places()) {
    TemporaryFolder::RemoveLeftOvers(place, kName);
  }
}

absl::StatusOr<SecretFolder> SecretFolder::Make() {
  RemoveLeftOvers();
  absl::Status failed;
  for (const std::string& place : Places()) {
    absl::StatusOr<TemporaryFolder> folder =
        TemporaryFolder::Make(place, kName);
    if (folder.ok()) return SecretFolder(*std::move(folder));
    failed = folder.status();
  }
  return absl::FailedPreconditionError(
      absl::StrCat("there is no place for credentials: ", failed.message()));
}

absl::StatusOr<std::string> SecretFolder::WriteFile(
    absl::string_view name, absl::string_view contents) const {
  std::string path = absl::StrCat(folder_.path(), "/", name);
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
