// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_COPY_BLOB_LEDGER_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_COPY_BLOB_LEDGER_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/http/cancellation.h"
#include "common/reference/address.h"
#include "common/reference/digest.h"

namespace registry_manager {

// The knowledge about the blobs of targets, so that no byte moves twice: which
// repositories hold a blob, and which blob is on its way to a registry right
// now. Knowledge is a hint: a mount that fails costs one request. Thread-safe.
class BlobLedger {
 public:
  virtual ~BlobLedger() = default;

  // The instructions for the caller of Claim().
  struct Turn {
    // True if the repository is known to hold the blob: there is nothing to do,
    // and no claim is held.
    bool present = false;
    // A repository of the target that is known to hold the blob: the caller can
    // mount the blob from there.
    std::optional<std::string> mount_from;
  };

  // Waits while another task puts the blob into any repository of `target`:
  // then there is a repository to mount from, and only one task at a time puts
  // a blob. Finish() ends the claim. Returns the cancellation's status if that
  // comes first.
  virtual absl::StatusOr<Turn> Claim(const Address& target,
                                     const std::string& repository,
                                     const Digest& digest,
                                     Cancellation& cancellation) = 0;
  // Ends a claim; `present`: the repository holds the blob now.
  virtual void Finish(const Address& target, const std::string& repository,
                      const Digest& digest, bool present) = 0;
  // The repository was found to lack the blob, whatever is known of it.
  virtual void Forget(const Address& target, const std::string& repository,
                      const Digest& digest) = 0;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_COPY_BLOB_LEDGER_H_
