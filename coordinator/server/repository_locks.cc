// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/server/repository_locks.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "coordinator/run/name_hash.h"

namespace registry_manager {

absl::StatusOr<RepositoryLocks> RepositoryLocks::Open(
    const std::string& folder) {
  const std::string file = absl::StrCat(folder, "/repositories");
  const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot open ", file, ": ", strerror(errno)));
  }
  RepositoryLocks locks(fd);
  // Otherwise everything would look as if it was held by another.
  struct flock probe = {};
  probe.l_type = F_WRLCK;
  probe.l_whence = SEEK_SET;
  if (fcntl(fd, F_OFD_GETLK, &probe) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        "cannot lock parts of ", file, ": ", strerror(errno),
        "; set XDG_STATE_HOME to a folder on a file system of this machine"));
  }
  return locks;
}

RepositoryLocks::~RepositoryLocks() {
  if (fd_ >= 0) close(fd_);
}

bool RepositoryLocks::Set(const std::string& repository, short type) const {
  struct flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  // File offsets are positive 63-bit numbers.
  lock.l_start = static_cast<off_t>(NameHash(repository) >> 2);
  lock.l_len = 1;
  return fcntl(fd_, F_OFD_SETLK, &lock) == 0;
}

bool RepositoryLocks::TryLock(const std::string& repository) {
  const auto held = held_.find(repository);
  if (held != held_.end()) {
    ++held->second;
    return true;
  }
  if (!Set(repository, F_WRLCK)) return false;
  held_[repository] = 1;
  return true;
}

void RepositoryLocks::Unlock(const std::string& repository) {
  const auto held = held_.find(repository);
  if (held == held_.end() || --held->second > 0) return;
  held_.erase(held);
  Set(repository, F_UNLCK);
}

void RepositoryLocks::UnlockAt(const std::string& repository, absl::Time when) {
  unlocks_.emplace(when, repository);
}

void RepositoryLocks::UnlockDue(absl::Time now) {
  while (!unlocks_.empty() && unlocks_.begin()->first <= now) {
    Unlock(unlocks_.begin()->second);
    unlocks_.erase(unlocks_.begin());
  }
}

}  // namespace registry_manager
