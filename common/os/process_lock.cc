// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/os/process_lock.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/reference/printable.h"

namespace registry_manager {
namespace {

struct flock WholeFile(short type) {
  struct flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

}  // namespace

absl::StatusOr<ProcessLock> ProcessLock::Hold(const std::string& file) {
  const int fd =
      open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  ProcessLock sign(fd);
  struct flock lock = WholeFile(F_RDLCK);
  if (fd < 0 || fcntl(fd, F_OFD_SETLK, &lock) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot open and lock ", Printable(file), ": ",
                     strerror(errno), "; it wants a folder on a local disk"));
  }
  return sign;
}

absl::StatusOr<std::optional<ProcessLock>> ProcessLock::HoldAlone(
    const std::string& file) {
  const int fd =
      open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  ProcessLock sign(fd);
  struct flock lock = WholeFile(F_WRLCK);
  if (fd >= 0 && fcntl(fd, F_OFD_SETLK, &lock) == 0) return sign;
  if (fd >= 0 && (errno == EAGAIN || errno == EACCES)) return std::nullopt;
  return absl::FailedPreconditionError(absl::StrCat(
      "cannot open and lock ", Printable(file), ": ", strerror(errno)));
}

bool ProcessLock::IsHeld(const std::string& file) {
  const int fd = open(file.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return errno != ENOENT;
  // Asks without taking: two that ask do not see each other.
  struct flock lock = WholeFile(F_WRLCK);
  const bool is_free =
      fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_UNLCK;
  close(fd);
  return !is_free;
}

ProcessLock::ProcessLock(ProcessLock&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)) {}

ProcessLock& ProcessLock::operator=(ProcessLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

ProcessLock::~ProcessLock() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace registry_manager
