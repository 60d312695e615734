// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_RECORDS_LIFE_SIGN_H_
#define REGISTRY_MANAGER_COORDINATOR_RECORDS_LIFE_SIGN_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace registry_manager {

// A process's sign of life: a lock on a file, which the kernel takes away
// however the process ends. A process id would mean another process in a
// container, after a restart, or once it has been given out again. Move-only.
class LifeSign {
 public:
  // Gives it until the object goes. Makes the file where it is missing; several
  // may give one in the same file.
  static absl::StatusOr<LifeSign> Give(const std::string& file);
  // Gives it unless anybody else does, and keeps others from giving one.
  // nullopt: somebody does. Makes the file, too.
  static absl::StatusOr<std::optional<LifeSign>> GiveAlone(
      const std::string& file);
  // Whether anybody gives one there. Where that cannot be told: true.
  static bool IsGiven(const std::string& file);

  LifeSign(LifeSign&& other) noexcept;
  LifeSign& operator=(LifeSign&& other) noexcept;
  ~LifeSign();

 private:
  explicit LifeSign(int fd) : fd_(fd) {}

  int fd_ = -1;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_RECORDS_LIFE_SIGN_H_
