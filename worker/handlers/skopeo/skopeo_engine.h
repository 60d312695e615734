// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_HANDLERS_SKOPEO_SKOPEO_ENGINE_H_
#define REGISTRY_MANAGER_WORKER_HANDLERS_SKOPEO_SKOPEO_ENGINE_H_

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/process/run.h"
#include "common/registry/connection/connection.h"
#include "common/registry/connection/request_gate.h"
#include "proto/task.pb.h"
#include "worker/handlers/skopeo/secret_folder.h"
#include "worker/slots/task_context.h"

namespace registry_manager {

// Copies images of one repository with `skopeo copy --all --preserve-digests`,
// for one task. Credentials are in a file of mode 0600 in a SecretFolder, from
// the first copy until this object goes; never in arguments or environment.
// While it runs, skopeo counts as six requests at each registry, fewer where
// max-connections is lower. Its process group ends with the task's cancellation
// and with the right to write. Thread-safe.
class SkopeoCopier {
 public:
  struct End {
    const proto::Registry* registry;
    std::string repository;
  };

  // No `target`: only CopyTo will be called. The context and the registries
  // outlive the copier. NotFound: skopeo is not installed. FailedPrecondition:
  // it cannot reach such a registry.
  static absl::StatusOr<std::unique_ptr<SkopeoCopier>> Create(
      TaskContext& context, const End& source,
      const std::optional<End>& target);

  // Copies the tag with all that it reaches to the target's repository.
  absl::Status CopyTag(const std::string& tag);
  // Copies it to what skopeo calls `destination`: "oci:/folder:tag",
  // "dir:/folder".
  absl::Status CopyTo(const std::string& tag, const std::string& destination);

 private:
  // One registry, and what skopeo needs to use it.
  struct Side {
    const proto::Registry* registry;
    RegistryConnection* connection;
    std::string repository;
    // "docker://HOST/REPOSITORY".
    std::string image;
    std::vector<std::string> options;
  };

  explicit SkopeoCopier(TaskContext& context) : context_(context) {}

  absl::StatusOr<Side> MakeSide(const End& end) const;
  std::vector<Side*> Sides();
  // Writes what skopeo reads, once.
  absl::Status Prepare();
  absl::Status PrepareSide(Side& side, const std::string& name);
  absl::Status AcquirePasses(std::vector<GatePass>& passes);
  absl::Status Run(const std::string& tag, const std::string& destination);
  // Asks the registries themselves, in order to explain a failure.
  absl::Status Explain(const std::string& tag, const ProgramResult& result);

  TaskContext& context_;
  Side source_;
  std::optional<Side> target_;

  std::mutex mutex_;
  std::optional<SecretFolder> folder_;
  std::optional<absl::Status> prepared_;
  // Never to be shown, whatever skopeo says.
  std::vector<std::string> secrets_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_HANDLERS_SKOPEO_SKOPEO_ENGINE_H_
