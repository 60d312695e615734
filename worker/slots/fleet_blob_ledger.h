// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_SLOTS_FLEET_BLOB_LEDGER_H_
#define REGISTRY_MANAGER_WORKER_SLOTS_FLEET_BLOB_LEDGER_H_

#include <memory>
#include <string>

#include "common/registry/copy/blob_ledger.h"
#include "worker/slots/assignment.h"
#include "worker/slots/task_port.h"

namespace registry_manager {

// The ledger of the whole fleet, as one task sees it: what this worker knows
// already is not asked for; the rest is the coordinator's.
class FleetBlobLedger : public BlobLedger {
 public:
  // `local` is the worker's own. All outlive it.
  FleetBlobLedger(BlobLedger* local, TaskPort* port,
                  std::shared_ptr<Assignment> assignment);

  absl::StatusOr<Turn> Claim(const Address& target,
                             const std::string& repository,
                             const Digest& digest,
                             Cancellation& cancellation) override;
  void Finish(const Address& target, const std::string& repository,
              const Digest& digest, bool present) override;
  void Forget(const Address& target, const std::string& repository,
              const Digest& digest) override;

 private:
  BlobLedger* const local_;
  TaskPort* const port_;
  const std::shared_ptr<Assignment> assignment_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_SLOTS_FLEET_BLOB_LEDGER_H_
