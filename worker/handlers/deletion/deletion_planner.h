// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_HANDLERS_DELETION_DELETION_PLANNER_H_
#define REGISTRY_MANAGER_WORKER_HANDLERS_DELETION_DELETION_PLANNER_H_

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/policy/delete_plan.h"
#include "common/policy/deletion_selection.h"
#include "common/registry/drivers/driver.h"
#include "proto/task.pb.h"
#include "worker/handlers/deletion/intent.h"

namespace registry_manager {

// The plan for a repository at one moment: what must be done, and why.
struct PlannedDeletion {
  TagStates states;
  RepositorySnapshot snapshot;
  DeletePlan plan;
  // Doomed tags with the reason, also those that the plan removes alone.
  std::map<std::string, std::string> doomed;
  // Tags that stay, with the reason; signature-like ones included.
  std::map<std::string, std::string> kept;
  // The places of candidates, 1 is the newest; absent for others.
  std::map<std::string, size_t> ranks;
  // Dangling tags that are to be removed.
  std::vector<std::string> dangling;
  // Manifests that an earlier attempt has deleted already.
  std::vector<Digest> gone;
  // Manifests that an earlier attempt was about to delete, and of which it has
  // removed all tags.
  std::vector<Digest> untagged;
  // Doomed tags that somebody moved or removed while this was planned.
  std::set<std::string> passed_over;
  // The time when the repository was looked at, by BootTime(): before its tags
  // were listed.
  absl::Time looked_at;
  std::vector<std::string> notes;
  // Tags whose creation times could not be read: the rules doom no tag that is
  // no version.
  std::vector<std::string> unreadable;
  // Warnings about rules that are worth a second look.
  std::vector<std::string> warnings;

  bool empty() const {
    return plan.deletions.empty() && plan.removals.empty() && dangling.empty();
  }
};

// Names what needs a tag's image, for people. In most cases that is a tag.
std::string NeededBy(const TagRemoval& removal);

// "a, b, c and 12 more".
std::string FirstFew(const std::vector<std::string>& tags);

// Makes plans for one repository. For one task.
class DeletionPlanner {
 public:
  // All outlive the planner.
  DeletionPlanner(const proto::DeletePolicy& policy,
                  const proto::RepositoryEntry& entry, RepositoryDriver* driver,
                  std::function<absl::Time()> now);

  // Takes into all further plans what `intent` says was begun: what it has left
  // half done is finished, and is not said to be somebody else's.
  void Remember(const proto::Intent& intent) {
    earlier_ = EarlierIntent(intent);
  }

  // Plans for the tags as they were at `looked_at`. Half-removed ones are left
  // out of it. A tag whose manifest is not there is looked at once more, with
  // all others. FailedPrecondition: dangling tags, and the policy says stop.
  // DataLoss: a tag that points at a manifest that is not there.
  absl::StatusOr<PlannedDeletion> Plan(TagStates states, absl::Time looked_at);

  // Returns the tags that an earlier attempt was to remove alone and that are
  // gone together with their images, which others need.
  absl::StatusOr<std::vector<ResolvedTag>> LostRemovals(
      const PlannedDeletion& planned);

  // Looks at the repository again and plans with the tags that `earlier`
  // doomed, except those that moved or vanished since: these are passed over.
  // Tags that are new stay, and they protect their images.
  absl::StatusOr<PlannedDeletion> PlanAgain(const PlannedDeletion& earlier);

 private:
  absl::Status TakeDangling(PlannedDeletion& planned) const;
  // For a retry: tags that the retry does not ask for are not doomed.
  void Restrict(DeletionSelection& selection) const;
  bool IsAsked(const std::string& tag) const;
  // The config speaks of the tag: by its name, or of the whole repository.
  bool IsCovered(const std::string& tag) const;
  absl::StatusOr<DeletionSelection> Select(const TagStates& states);
  // Dooms tags of `planned`, whose states are known.
  using Doom = std::function<absl::Status(PlannedDeletion& planned)>;
  absl::Status DoomByRules(PlannedDeletion& planned);
  // Plans by what `doom` says, and again if the repository changes meanwhile.
  absl::StatusOr<PlannedDeletion> PlanWith(const Doom& doom, TagStates states,
                                           absl::Time looked_at);
  // Tags that point at manifests that are not there are added to `lost`.
  absl::Status MakePlan(PlannedDeletion& planned,
                        std::vector<std::string>& lost);
  // Lets what an earlier attempt deleted the image of be dangling, although the
  // registry answers for it. The first tag that points at nothing all the same.
  std::optional<std::string> TakeGhosts(const std::vector<std::string>& lost,
                                        const TagStates& before,
                                        TagStates& states) const;
  absl::Status FindGone(PlannedDeletion& planned,
                        std::vector<Digest>& left) const;

  const proto::DeletePolicy& policy_;
  const proto::RepositoryEntry& entry_;
  RepositoryDriver* const driver_;
  const std::function<absl::Time()> now_;
  EarlierIntent earlier_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_HANDLERS_DELETION_DELETION_PLANNER_H_
