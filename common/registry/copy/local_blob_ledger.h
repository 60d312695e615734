// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_COPY_LOCAL_BLOB_LEDGER_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_COPY_LOCAL_BLOB_LEDGER_H_

#include <condition_variable>
#include <mutex>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "common/registry/copy/blob_ledger.h"

namespace registry_manager {

// The ledger of one process. Bounded.
class LocalBlobLedger : public BlobLedger {
 public:
  absl::StatusOr<Turn> Claim(const Address& target,
                             const std::string& repository,
                             const Digest& digest,
                             Cancellation& cancellation) override;
  void Finish(const Address& target, const std::string& repository,
              const Digest& digest, bool present) override;
  void Forget(const Address& target, const std::string& repository,
              const Digest& digest) override;

 private:
  struct Entry {
    absl::flat_hash_set<std::string> repositories;
    bool claimed = false;
  };

  static std::string KeyOf(const Address& target, const Digest& digest);
  void MakeRoom();

  std::mutex mutex_;
  std::condition_variable finished_;
  absl::flat_hash_map<std::string, Entry> entries_;
  // The number of repositories in all entries.
  size_t names_ = 0;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_COPY_LOCAL_BLOB_LEDGER_H_
