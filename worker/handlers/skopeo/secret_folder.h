// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_HANDLERS_SKOPEO_SECRET_FOLDER_H_
#define REGISTRY_MANAGER_WORKER_HANDLERS_SKOPEO_SECRET_FOLDER_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/os/temporary_folder.h"

namespace registry_manager {

// A folder of mode 0700 for files that hold secrets, in memory where there is a
// place for that ($XDG_RUNTIME_DIR or /dev/shm on tmpfs, otherwise /tmp). It is
// removed with this object; one of a process that was killed is removed by the
// next that makes one. Not thread-safe.
class SecretFolder {
 public:
  static absl::StatusOr<SecretFolder> Make();
  // Removes the folders of processes that are gone.
  static void RemoveLeftOvers();

  const std::string& path() const { return folder_.path(); }

  // Makes a file of mode 0600, and returns its path.
  absl::StatusOr<std::string> WriteFile(absl::string_view name,
                                        absl::string_view contents) const;

 private:
  explicit SecretFolder(TemporaryFolder folder) : folder_(std::move(folder)) {}

  TemporaryFolder folder_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_HANDLERS_SKOPEO_SECRET_FOLDER_H_
