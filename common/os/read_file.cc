// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/os/read_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace registry_manager {
namespace {

absl::Status SystemError(int error) {
  return absl::ErrnoToStatus(error, "the system says");
}

}  // namespace

absl::StatusOr<std::string> ReadWholeFile(const std::string& path,
                                          size_t most_bytes) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return SystemError(errno);
  const auto closer = absl::MakeCleanup([file] { close(file); });
  struct stat info = {};
  if (fstat(file, &info) != 0) return SystemError(errno);
  if (S_ISDIR(info.st_mode)) {
    return absl::InvalidArgumentError("it is a folder");
  }
  if (!S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError("it is no regular file");
  }
  std::string content;
  std::string buffer(size_t{64} << 10, '\0');
  while (true) {
    const ssize_t count = read(file, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return SystemError(errno);
    if (count == 0) return content;
    content.append(buffer, 0, static_cast<size_t>(count));
    if (content.size() > most_bytes) {
      return absl::InvalidArgumentError(
          absl::StrCat("it is larger than ", most_bytes >> 10, " KiB"));
    }
  }
}

}  // namespace registry_manager
