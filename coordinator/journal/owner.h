// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_JOURNAL_OWNER_H_
#define REGISTRY_MANAGER_COORDINATOR_JOURNAL_OWNER_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace registry_manager {

// The owner of a run: a process that can be told apart from every other process
// that ever ran, and one journal in that process. Written
// "HOST:PID:STARTTIME:PLACE:NONCE". A value type.
struct Owner {
  std::string host;
  pid_t pid = 0;
  // Field 22 of /proc/PID/stat (man 5 proc): a process that got the same
  // number later has another.
  uint64_t start_time = 0;
  // The boot and the PID namespace within which `pid` means something:
  // containers may share a host's name.
  std::string place;
  std::string nonce;

  // This process, with a nonce of its own each time.
  static Owner Here();
  // nullopt: not what str() writes.
  static std::optional<Owner> Parse(absl::string_view text);
  std::string str() const;

  // True if the process has certainly ended. A process that cannot be looked at
  // from here has not certainly ended.
  bool IsKnownDead() const;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_JOURNAL_OWNER_H_
