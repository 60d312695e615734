// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_COPY_BLOB_COPIER_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_COPY_BLOB_COPIER_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "common/registry/api/manifest.h"
#include "common/registry/connection/connection.h"
#include "common/registry/copy/blob_ledger.h"

namespace registry_manager {

// The amount that a copy has moved. Thread-safe.
struct CopyTally {
  std::atomic<uint64_t> bytes_copied = 0;
  std::atomic<uint64_t> blobs_copied = 0;
  std::atomic<uint64_t> blobs_mounted = 0;
  std::atomic<uint64_t> blobs_present = 0;
};

// From one repository to another, on the same registry or not.
struct CopyRoute {
  RegistryClient source;
  std::string source_repository;
  RegistryClient target;
  std::string target_repository;

  bool SameRegistry() const {
    return source.connection->address() == target.connection->address();
  }
};

// Brings one blob to the target repository. If the blob is there already,
// nothing is sent. If another repository of the target holds it, it is mounted.
// Otherwise it is streamed through a bounded buffer. Every byte is hashed. A
// transfer that fails for a passing reason is tried again. `mounts` is false
// once a mount has turned out to bring nothing. Thread-safe.
absl::Status CopyBlob(const CopyRoute& route, const Descriptor& blob,
                      BlobLedger& ledger, CopyTally& tally, bool mounts = true);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_COPY_BLOB_COPIER_H_
