// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_RECORDS_STATE_FOLDER_H_
#define REGISTRY_MANAGER_COORDINATOR_RECORDS_STATE_FOLDER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/os/process_lock.h"
#include "common/os/temporary_folder.h"
#include "proto/control.pb.h"

namespace registry_manager {

// True if `id` may be the name of a run. Such a name never leads out of a
// folder.
bool IsRunId(absl::string_view id);

// The folder in which this user's runs are kept:
// $XDG_STATE_HOME/registry-manager (otherwise ~/.local/state/registry-manager),
// mode 0700:
//   redis/            the private Redis
//   manifests/        content that workers have read (ContentCache)
//   locks/            which repositories are being written to
//   runs/RUN/         snapshot.json, outcomes.jsonl, alive (ProcessLock)
//   runs/.forgotten-* what is being removed
// A value type.
class StateFolder {
 public:
  // Makes the folder. Errors say what to do.
  static absl::StatusOr<StateFolder> Open();

  std::string redis() const { return path_ + "/redis"; }
  std::string manifests() const { return path_ + "/manifests"; }
  std::string locks() const { return path_ + "/locks"; }
  const std::string& path() const { return path_; }
  std::string runs() const { return path_ + "/runs"; }
  std::string run(const std::string& id) const { return path_ + "/runs/" + id; }

  std::string outcomes(const std::string& id) const {
    return run(id) + "/outcomes.jsonl";
  }

  // An id that no run of this folder has: four letters and digits.
  std::string NewRunId() const;
  // Makes the run's folder, with a sign that this process carries it out.
  absl::StatusOr<ProcessLock> MakeRun(const std::string& id) const;
  // Keeps a run that exists from being removed, for as long as the sign lasts.
  absl::StatusOr<ProcessLock> HoldRun(const std::string& id) const;
  // True if some process carries the run out, or holds it.
  bool IsCarriedOut(const std::string& id) const;

  // Replaces the run's snapshot, in one step.
  absl::Status WriteSnapshot(const proto::RunSnapshot& snapshot) const;
  absl::StatusOr<proto::RunSnapshot> ReadSnapshot(const std::string& id) const;
  // All runs that have a snapshot, the latest first.
  std::vector<proto::RunSnapshot> ReadSnapshots() const;

 private:
  explicit StateFolder(std::string path) : path_(std::move(path)) {}

  std::string path_;
};

// A folder for sockets, which must have short paths.
absl::StatusOr<TemporaryFolder> MakeRunSockets();

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_RECORDS_STATE_FOLDER_H_
