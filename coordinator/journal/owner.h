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

// Who owns a run: a process, told apart from every other there ever was, and
// in it one journal. Written "HOST:PID:STARTTIME:PLACE:NONCE". A value type.
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

  // Whether the process has certainly ended. One that cannot be looked at
  // from here has not.
  bool IsKnownDead() const;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_JOURNAL_OWNER_H_
