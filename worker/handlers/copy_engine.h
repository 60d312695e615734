// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_HANDLERS_COPY_ENGINE_H_
#define REGISTRY_MANAGER_WORKER_HANDLERS_COPY_ENGINE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/registry/api/manifest.h"
#include "common/registry/copy/image_copier.h"
#include "worker/slots/task_context.h"

namespace registry_manager {

// Copies a tag from one repository to another. Thread-safe.
class CopyEngine {
 public:
  virtual ~CopyEngine() = default;
  // Copies the tag with all that it reaches. If that fails, the target's tag
  // stays as it was.
  virtual absl::Status CopyTag(const std::string& tag) = 0;
  // The manifest that the source's tag was just read as: CopyTag() need not
  // read it again.
  virtual void Remember(const std::string& /*tag*/,
                        RawManifest&& /*manifest*/) {}
};

// Our own copying. `copier` outlives the engine.
std::unique_ptr<CopyEngine> NewNativeEngine(ImageCopier* copier);

// `skopeo copy --all --preserve-digests`, for one task; one tag at a time is
// what it takes passes for. All arguments outlive the engine. NotFound: skopeo
// is not installed. FailedPrecondition: it cannot reach such a registry.
absl::StatusOr<std::unique_ptr<CopyEngine>> NewSkopeoEngine(
    TaskContext& context, const proto::Registry& source,
    const std::string& source_repository, const proto::Registry& target,
    const std::string& target_repository);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_HANDLERS_COPY_ENGINE_H_
