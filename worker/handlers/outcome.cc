// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/outcome.h"

#include <algorithm>
#include <utility>

namespace registry_manager {
namespace {

using proto::Action;

// The most actions that are held back for the result.
constexpr size_t kActionsInResult = 2000;
constexpr size_t kMaxNotes = 100;

// False for tags that stay as they are: nobody learns anything from a list of
// millions of them.
bool ChangesOrFails(const Action& action) {
  const bool copies = action.verb() == Action::COPY_TAG ||
                      action.verb() == Action::COPY_REFERRER;
  return action.verb() != Action::KEEP &&
         action.verb() != Action::NOT_SELECTED &&
         !(copies && action.result() == Action::SKIPPED);
}

}  // namespace

void OutcomeBuilder::Add(Action action) {
  std::vector<Action> ahead;
  proto::Counts counts;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    CountLocked(action);
    if (context_.settings->details() || ChangesOrFails(action))
      actions_.push_back(std::move(action));
    if (actions_.size() >= kActionsInResult) ahead.swap(actions_);
    counts = counts_;
  }
  context_.scope->Progress();
  context_.report(counts);
  if (!ahead.empty()) context_.send_actions(ahead);
}

void OutcomeBuilder::CountLocked(const Action& action) {
  if (action.verb() == Action::KEEP) {
    counts_.set_kept(counts_.kept() + 1);
    return;
  }
  if (action.verb() == Action::NOT_SELECTED) {
    counts_.set_not_selected(counts_.not_selected() + 1);
    return;
  }
  if (action.result() == Action::SKIPPED) {
    counts_.set_skipped(counts_.skipped() + 1);
    const bool deletes = action.verb() == Action::DELETE_TAG ||
                         action.verb() == Action::UNTAG ||
                         action.verb() == Action::DELETE_MANIFEST;
    if (deletes) counts_.set_passed_over(counts_.passed_over() + 1);
    return;
  }
  if (action.result() == Action::FAILED) {
    counts_.set_failed(counts_.failed() + 1);
    return;
  }
  const bool planned = action.result() == Action::PLANNED;
  switch (action.verb()) {
    case Action::DELETE_TAG:
      planned ? counts_.set_to_delete(counts_.to_delete() + 1)
              : counts_.set_deleted(counts_.deleted() + 1);
      break;
    case Action::UNTAG:
      planned ? counts_.set_to_untag(counts_.to_untag() + 1)
              : counts_.set_untagged(counts_.untagged() + 1);
      break;
    case Action::DELETE_MANIFEST:
      planned
          ? counts_.set_manifests_to_delete(counts_.manifests_to_delete() + 1)
          : counts_.set_manifests_deleted(counts_.manifests_deleted() + 1);
      break;
    case Action::COPY_TAG:
    case Action::COPY_REFERRER:
      planned ? counts_.set_to_copy(counts_.to_copy() + 1)
              : counts_.set_copied(counts_.copied() + 1);
      break;
    default:
      break;
  }
}

void OutcomeBuilder::Note(std::string note) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (notes_.size() < kMaxNotes) notes_.push_back(std::move(note));
}

void OutcomeBuilder::SetTags(uint64_t tags) {
  const std::lock_guard<std::mutex> lock(mutex_);
  counts_.set_tags(tags);
}

void OutcomeBuilder::SetBytesToFree(uint64_t bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  counts_.set_bytes_to_free(bytes);
}

void OutcomeBuilder::SetTransfers(const CopyTally& tally) {
  const std::lock_guard<std::mutex> lock(mutex_);
  counts_.set_bytes_copied(tally.bytes_copied);
  counts_.set_blobs_copied(tally.blobs_copied);
  counts_.set_blobs_mounted(tally.blobs_mounted);
  counts_.set_blobs_present(tally.blobs_present);
}

proto::TaskResult OutcomeBuilder::Finish(proto::TaskResult::Outcome outcome) {
  const std::lock_guard<std::mutex> lock(mutex_);
  counts_.set_requests(context_.scope->requests());
  counts_.set_throttled_ms(
      absl::ToInt64Milliseconds(context_.scope->throttled()));
  proto::TaskResult result;
  result.set_outcome(outcome);
  *result.mutable_counts() = counts_;
  for (Action& action : actions_) {
    *result.add_actions() = std::move(action);
  }
  for (std::string& note : notes_) *result.add_notes() = std::move(note);
  for (std::string& note : context_.scope->TakeNotes()) {
    *result.add_notes() = std::move(note);
  }
  return result;
}

proto::TaskResult OutcomeBuilder::Fail(proto::Problem problem) {
  proto::TaskResult result = Finish(proto::TaskResult::FAILED);
  *result.mutable_problem() = std::move(problem);
  return result;
}

proto::Action MakeAction(Action::Verb verb, Action::Result result,
                         std::string reference, std::string digest,
                         std::string reason) {
  Action action;
  action.set_verb(verb);
  action.set_result(result);
  action.set_reference(std::move(reference));
  action.set_digest(std::move(digest));
  action.set_reason(std::move(reason));
  return action;
}

}  // namespace registry_manager
