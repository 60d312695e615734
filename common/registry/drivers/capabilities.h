// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_CAPABILITIES_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_CAPABILITIES_H_

#include <atomic>
#include <mutex>

#include "common/registry/connection/connection.h"

namespace registry_manager {

// The points in which registries differ when they delete. Each is unknown until
// an answer has shown it, or the driver knows it from the kind of registry.
// Shared by all tasks of one registry; thread-safe.
struct DeletionCapabilities {
  using Support = RegistryConnection::Support;

  // The registry takes a DELETE of a digest while tags point at the digest.
  // kNo: the tags must be deleted first, by name (Google's registries).
  std::atomic<Support> deletes_tagged = Support::kUnknown;
  // The tags of a digest are deleted with it. kNo: they stay listed (Nexus).
  std::atomic<Support> tags_go_along = Support::kUnknown;
  // The registry takes a DELETE of a tag's name, whatever else that deletes.
  std::atomic<Support> takes_tag_delete = Support::kUnknown;
  // A DELETE of a tag's name removes that tag and nothing else.
  std::atomic<Support> removes_tags_alone = Support::kUnknown;
  // Held while `removes_tags_alone` is found out: once is enough.
  std::mutex removes_tags_alone_proof;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_CAPABILITIES_H_
