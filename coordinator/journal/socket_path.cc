// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/journal/socket_path.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "common/os/private_folder.h"
#include "common/reference/digest.h"

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

}  // namespace

std::string SocketPath(const std::string& folder) {
  std::string inside = PathInside(folder);
  if (inside.size() <= kLongestSocketPath) return inside;
  return PathInside(ShortFolder(folder));
}

absl::Status MakeSocketFolder(const std::string& folder) {
  if (SocketPath(folder) == PathInside(folder)) return absl::OkStatus();
  const absl::Status made =
      EnsurePrivateFolder(ShortFolder(folder), {.mends_mode = false});
  if (made.ok()) return made;
  return absl::Status(
      made.code(),
      absl::StrCat(made.message(),
                   "; a state folder with a shorter path (XDG_STATE_HOME) "
                   "does without"));
}

void RemoveSocketFolder(const std::string& folder) {
  if (SocketPath(folder) != PathInside(folder)) {
    rmdir(ShortFolder(folder).c_str());
  }
}

}  // namespace registry_manager
