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

// What is known of the blobs of targets, so that no byte moves twice: which
// repositories hold a blob, and which blob is on its way to a registry right
// now. Knowledge is a hint: a mount that fails costs one request. Thread-safe.
class BlobLedger {
 public:
  virtual ~BlobLedger() = default;

  // What the holder of a claim is to do.
  struct Turn {
    // The repository is known to hold the blob: nothing to do, no claim held.
    bool present = false;
    // A repository of the target that is known to hold it: mount from there.
    std::optional<std::string> mount_from;
  };

  // Waits while another task puts the blob into any repository of `target`:
  // then there is something to mount from, and a blob is put by one hand at a
  // time. The claim is ended with Finish(). The cancellation's status where
  // that comes first.
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
