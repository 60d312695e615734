// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_HANDLERS_DELETION_DELETION_REPORT_H_
#define REGISTRY_MANAGER_WORKER_HANDLERS_DELETION_DELETION_REPORT_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/policy/delete_plan.h"
#include "common/registry/drivers/removal.h"
#include "proto/task.pb.h"
#include "worker/handlers/deletion/deletion_planner.h"
#include "worker/handlers/outcome.h"

namespace registry_manager {

// Tells what a deletion plans and does, tag by tag, with the reasons. For one
// task; used from one thread.
class DeletionReport {
 public:
  // `outcome` outlives the report.
  explicit DeletionReport(OutcomeBuilder* outcome) : outcome_(*outcome) {}

  // Notes, tags that stay, and those whose dates cannot be read.
  void Begin(const PlannedDeletion& planned);
  // Reports what a dry run would do; `bytes` is the space that would be freed.
  void Planned(const PlannedDeletion& planned, uint64_t bytes);
  // Reports what an earlier attempt had deleted before it was cut short.
  void EarlierAttempt(const proto::Intent& intent,
                      const PlannedDeletion& planned);

  // From here on the tags of this plan are told with its reasons.
  void UseReasonsOf(const PlannedDeletion& planned);
  // The manifest and its tags, or the manifest alone if it has none. `reason`
  // empty: why it is doomed.
  void Deletion(const DigestDeletion& deletion, proto::Action::Result result,
                const std::string& reason);
  void DeletedTag(const std::string& tag, const Digest& digest);
  // The tag went, and the registry kept its image.
  void UntaggedOnly(const std::string& tag, const Digest& digest);
  void Failed(proto::Action::Verb verb, const std::string& tag,
              const std::string& digest, const std::string& reason);
  void Skipped(proto::Action::Verb verb, const std::string& tag,
               const std::string& digest, const std::string& reason);
  // Somebody else moved or removed these doomed tags meanwhile.
  void PassedOver(const std::set<std::string>& tags);
  // `half_done`: its manifest was deleted, and the tag stayed listed. `lost`:
  // it was dangling before anything was deleted.
  void Removal(const TagOutcome& removal, bool half_done, bool lost);

  // Something failed.
  bool failed() const { return failed_; }

 private:
  void Kept(const PlannedDeletion& planned);
  std::vector<proto::Action> ActionsOf(const DigestDeletion& deletion,
                                       proto::Action::Result result,
                                       const std::string& reason) const;
  void Add(proto::Action::Verb verb, proto::Action::Result result,
           const std::string& tag, const std::string& digest,
           const std::string& reason);
  const std::string& ReasonFor(const std::string& tag) const;

  OutcomeBuilder& outcome_;
  std::map<std::string, std::string> reasons_;
  // Tags that were passed over: each is told once.
  std::set<std::string> passed_over_;
  bool failed_ = false;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_HANDLERS_DELETION_DELETION_REPORT_H_
