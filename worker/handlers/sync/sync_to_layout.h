// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_HANDLERS_SYNC_SYNC_TO_LAYOUT_H_
#define REGISTRY_MANAGER_WORKER_HANDLERS_SYNC_SYNC_TO_LAYOUT_H_

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/reference/digest.h"
#include "proto/task.pb.h"
#include "worker/handlers/copy_engine.h"
#include "worker/handlers/sync/layout.h"
#include "worker/handlers/sync/sync_comparison.h"
#include "worker/slots/task_context.h"

namespace registry_manager {

// A repository in a folder as the target of a sync (layout.h says how it lies
// there). Not thread-safe: one tag at a time.
struct OpenedLayout {
  // The tags that are in the folder already.
  std::map<std::string, Digest> tags;
  std::unique_ptr<CopyEngine> engine;
};

// Opens the repository of `task` in its target, which is a layout.
// FailedPrecondition: the engine is not skopeo. NotFound: it is not installed.
absl::StatusOr<OpenedLayout> OpenLayout(const proto::SyncRepository& task,
                                        const proto::Registry& source,
                                        TaskContext& context);

// Compares `tags`, which are in the folder, with the source's tags in
// `compared`.
void CompareWithLayout(const std::map<std::string, Digest>& tags,
                       std::map<std::string, TagComparison>& compared);

// Returns a note for people about the images in `compared`, once they are in
// the layout; "": there is nothing to say.
std::string LayoutNote(const std::string& target,
                       const std::map<std::string, TagComparison>& compared);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_HANDLERS_SYNC_SYNC_TO_LAYOUT_H_
