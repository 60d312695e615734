// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/run/task_account.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "coordinator/run/counts.h"
#include "coordinator/run/name_hash.h"

namespace registry_manager {
namespace {

using proto::Action;

template <typename Predicate>
void KeepOnly(TaskAccount::Actions& actions, Predicate keep) {
  const auto end = std::stable_partition(actions.begin(), actions.end(), keep);
  actions.DeleteSubrange(static_cast<int>(end - actions.begin()),
                         static_cast<int>(actions.end() - end));
}

// Returns the counts that are spent, whatever comes of the attempt.
proto::Counts SpentOf(const proto::Counts& counts) {
  proto::Counts spent = LastingCounts(counts);
  spent.clear_deleted();
  spent.clear_untagged();
  spent.clear_manifests_deleted();
  spent.clear_copied();
  return spent;
}

}  // namespace

std::optional<TaskAccount::Kind> TaskAccount::KindOf(const Action& action) {
  switch (action.verb()) {
    case Action::COPY_TAG:
      return Kind::kTagCopied;
    case Action::COPY_REFERRER:
      // Signatures have tags, which the next attempt compares; what the
      // referrers API lists has none.
      return absl::StrContains(action.reference(), ':') ? Kind::kManifestCopied
                                                        : Kind::kTagCopied;
    case Action::DELETE_TAG:
      return Kind::kTagDeleted;
    case Action::UNTAG:
      return Kind::kUntagged;
    case Action::DELETE_MANIFEST:
      return Kind::kManifestDeleted;
    default:
      return std::nullopt;
  }
}

void TaskAccount::BeginAttempt(uint32_t attempt) {
  for (auto& [kind, references] : done_) earlier_[kind].merge(references);
  done_.clear();
  failures_.clear();
  repeated_ = 0;
  attempt_ = attempt;
}

void TaskAccount::TakeAhead(uint32_t attempt, Actions& actions) {
  if (attempt > attempt_) BeginAttempt(attempt);
  const bool is_latest = attempt == attempt_;
  if (is_latest) DropRepeated(actions);
  for (const Action& action : actions) {
    if (action.result() == Action::FAILED && is_latest) {
      failures_.push_back(action);
    }
    const std::optional<Kind> kind = KindOf(action);
    if (kind && action.result() == Action::DONE) {
      Done& done = is_latest ? done_ : earlier_;
      done[*kind].insert(NameHash(action.reference()));
    }
  }
  KeepOnly(actions, [](const Action& action) {
    return action.result() != Action::FAILED;
  });
}

void TaskAccount::AddUnfinishedResult(proto::TaskResult& result) {
  if (!taken_.insert(result.attempt()).second) {
    result.clear_actions();
    return;
  }
  if (result.attempt() >= attempt_) {
    earlier_failures_ = std::move(failures_);
    for (const Action& action : result.actions()) {
      if (action.result() == Action::FAILED) {
        earlier_failures_.push_back(action);
      }
    }
  }
  KeepOnly(*result.mutable_actions(), [](const Action& action) {
    return action.result() == Action::DONE && KindOf(action).has_value();
  });
  for (const Action& action : result.actions()) {
    earlier_[*KindOf(action)].insert(NameHash(action.reference()));
  }
  AddCounts(SpentOf(result.counts()), spent_);
  if (result.counts().tags() > 0) tags_ = result.counts().tags();
  if (result.attempt() >= attempt_) BeginAttempt(result.attempt());
}

void TaskAccount::Close(proto::TaskResult& result) {
  if (result.attempt() == 0) {
    for (Action& failure : TakeStandingFailures()) {
      *result.add_actions() = std::move(failure);
      result.mutable_counts()->set_failed(result.counts().failed() + 1);
    }
  }
  if (result.attempt() != attempt_) BeginAttempt(result.attempt());
  DropRepeated(*result.mutable_actions());
  for (const Action& action : result.actions()) ForgetInEarlier(action);
  for (Action& failure : failures_) {
    ForgetInEarlier(failure);
    *result.add_actions() = std::move(failure);
  }
  for (const auto& [kind, references] : done_) {
    for (const uint64_t reference : references) {
      earlier_[kind].erase(reference);
    }
  }
  AddEarlier(*result.mutable_counts());
}

std::vector<Action> TaskAccount::TakeStandingFailures() {
  std::vector<Action> standing = std::exchange(failures_, {});
  absl::flat_hash_set<std::string> told;
  for (const Action& action : standing) told.insert(action.reference());
  for (Action& action : std::exchange(earlier_failures_, {})) {
    if (told.insert(action.reference()).second) {
      standing.push_back(std::move(action));
    }
  }
  std::erase_if(standing,
                [this](const Action& action) { return WasDone(action); });
  return standing;
}

bool TaskAccount::WasDone(const Action& action) const {
  const std::optional<Kind> kind = KindOf(action);
  const auto holds = [&](const Done& done) {
    const auto references = done.find(*kind);
    return references != done.end() &&
           references->second.contains(NameHash(action.reference()));
  };
  return kind && (holds(done_) || holds(earlier_));
}

void TaskAccount::DropRepeated(Actions& actions) {
  const int before = actions.size();
  KeepOnly(actions, [this](const Action& action) {
    const std::optional<Kind> kind = KindOf(action);
    if (!kind || action.result() != Action::SKIPPED) return true;
    const auto earlier = earlier_.find(*kind);
    return earlier == earlier_.end() ||
           !earlier->second.contains(NameHash(action.reference()));
  });
  repeated_ += before - actions.size();
}

// It counts by what the last attempt made of it.
void TaskAccount::ForgetInEarlier(const Action& action) {
  const std::optional<Kind> kind = KindOf(action);
  if (kind && action.result() != Action::SKIPPED) {
    earlier_[*kind].erase(NameHash(action.reference()));
  }
}

void TaskAccount::AddEarlier(proto::Counts& counts) const {
  const auto earlier = [this](Kind kind) -> uint64_t {
    const auto found = earlier_.find(kind);
    return found == earlier_.end() ? 0 : found->second.size();
  };
  AddCounts(spent_, counts);
  const uint64_t copied = earlier(Kind::kTagCopied);
  const uint64_t gone = earlier(Kind::kTagDeleted) + earlier(Kind::kUntagged);
  // A copied tag is there when it is looked at again, a deleted one is not;
  // only what was to be told of both is among the actions.
  const uint64_t repeated = std::max(repeated_, copied);
  counts.set_skipped(counts.skipped() - std::min(counts.skipped(), repeated));
  counts.set_passed_over(std::min(counts.passed_over(), counts.skipped()));
  counts.set_tags(counts.tags() > 0 ? counts.tags() + gone : tags_);
  counts.set_copied(counts.copied() + copied + earlier(Kind::kManifestCopied));
  counts.set_deleted(counts.deleted() + earlier(Kind::kTagDeleted));
  counts.set_untagged(counts.untagged() + earlier(Kind::kUntagged));
  counts.set_manifests_deleted(counts.manifests_deleted() +
                               earlier(Kind::kManifestDeleted));
}

}  // namespace registry_manager
