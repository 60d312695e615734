// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/slots/fleet_blob_ledger.h"

#include <utility>

namespace registry_manager {

FleetBlobLedger::FleetBlobLedger(BlobLedger* local, TaskPort* port,
                                 std::shared_ptr<Assignment> assignment)
    : local_(local), port_(port), assignment_(std::move(assignment)) {}

absl::StatusOr<BlobLedger::Turn> FleetBlobLedger::Claim(
    const Address& target, const std::string& repository, const Digest& digest,
    Cancellation& cancellation) {
  // The tasks that this one waits for may take long, but they are alive.
  const Assignment::Waiting waiting(*assignment_);
  absl::StatusOr<Turn> own =
      local_->Claim(target, repository, digest, cancellation);
  if (!own.ok() || own->present) return own;
  absl::StatusOr<Turn> turn =
      port_->ClaimBlob(assignment_, {target.str(), repository, digest.str()});
  if (!turn.ok() || turn->present) {
    local_->Finish(target, repository, digest, turn.ok());
  }
  return turn;
}

void FleetBlobLedger::Finish(const Address& target,
                             const std::string& repository,
                             const Digest& digest, bool present) {
  // The coordinator first: who waits here asks it next.
  port_->EndBlob(assignment_, {target.str(), repository, digest.str()},
                 present ? proto::BlobEnd::PRESENT : proto::BlobEnd::FAILED);
  local_->Finish(target, repository, digest, present);
}

void FleetBlobLedger::Forget(const Address& target,
                             const std::string& repository,
                             const Digest& digest) {
  port_->EndBlob(assignment_, {target.str(), repository, digest.str()},
                 proto::BlobEnd::LACKING);
  local_->Forget(target, repository, digest);
}

}  // namespace registry_manager
