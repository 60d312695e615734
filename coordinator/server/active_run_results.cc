// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// This file handles what workers say about the run's tasks.

#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "common/reference/printable.h"
#include "coordinator/server/active_run.h"
#include "coordinator/server/task_ids.h"

namespace registry_manager {
namespace {

Scheduler::Verdict VerdictOf(const proto::TaskResult& result) {
  using proto::Problem;
  const Problem& problem = result.problem();
  if (result.outcome() != proto::TaskResult::FAILED) return Scheduler::Ended{};
  switch (problem.kind()) {
    case Problem::REGISTRY_UNREACHABLE:
      return Scheduler::Unreachable{problem.registry(), problem.message()};
    case Problem::REGISTRY_REFUSES_CREDENTIALS:
      return Scheduler::Refused{problem.registry(), problem.message()};
    case Problem::TRANSIENT:
      return Scheduler::TryAgain{problem.message()};
    case Problem::CANCELLED:
      return Scheduler::HandedBack{};
    default:
      return Scheduler::Ended{};
  }
}

}  // namespace

void ActiveRun::HandleProgress(proto::Progress progress) {
  const TaskKey key = KeyOf(progress.id());
  const auto task = tasks_.find(key);
  if (task == tasks_.end()) return;
  task->second.account.TakeAhead(progress.attempt(),
                                 *progress.mutable_actions());
  const Run::About about = parts_.run->Describe(key);
  if (about.stream != nullptr) {
    parts_.listener->OnActions(about, progress.actions());
  }
}

void ActiveRun::HandleResult(const std::string& session,
                             const proto::Result& message, absl::Time now) {
  const proto::TaskResult& result = message.result();
  const TaskKey key = KeyOf(result.id());
  const auto task = tasks_.find(key);
  if (task != tasks_.end()) {
    NoteAnswers(task->second.spec, result);
    // A worker names all registries that it knows of.
    for (const std::string& registry : result.list_referrers()) {
      if (absl::c_linear_search(task->second.spec.registries, registry)) {
        shared_.desk->RememberReferrersApi(registry);
      }
    }
  }
  const Scheduler::Acceptance acceptance = shared_.scheduler->Result(
      session, key, result.attempt(), VerdictOf(result), now);
  if (acceptance == Scheduler::Acceptance::kEnded) {
    EndTask(key, result);
    next_.tasks.insert(key);
  } else {
    ReportPartialResult(key, result);
  }
  // Also one that was sent again: it is acknowledged once it is journalled.
  // Guard: acknowledged-once-journalled
  if (next_.tasks.contains(key)) {
    next_.acks.push_back({session, message.number()});
  } else if (written_.tasks.contains(key)) {
    written_.acks.push_back({session, message.number()});
  } else {
    shared_.desk->Acknowledge(session, message.number());
  }
}

void ActiveRun::NoteAnswers(const TaskSpec& spec,
                            const proto::TaskResult& result) {
  using proto::Problem;
  const Problem::Kind kind = result.problem().kind();
  if (kind == Problem::CANCELLED) return;
  // A sync that failed, or had nothing to do, may never have come to its
  // target.
  const bool all = result.outcome() == proto::TaskResult::DONE &&
                   result.counts().failed() == 0;
  for (const std::string& registry : spec.registries) {
    const bool answered = all || spec.registries.size() == 1 ||
                          registry == result.problem().registry();
    if (answered && kind != Problem::REGISTRY_UNREACHABLE) {
      shared_.scheduler->Answered(registry);
    }
  }
}

void ActiveRun::ReportPartialResult(const TaskKey& key,
                                    proto::TaskResult result) {
  const auto task = tasks_.find(key);
  if (task == tasks_.end()) return;
  task->second.account.AddUnfinishedResult(result);
  const Run::About about = parts_.run->Describe(key);
  if (about.stream == nullptr || result.actions_size() == 0) return;
  parts_.listener->OnActions(about, result.actions());
}

void ActiveRun::EndTask(const TaskKey& key, proto::TaskResult result) {
  // Told once for the registry, not by all tasks that were under way.
  if (result.problem().kind() == proto::Problem::REGISTRY_DOES_NOT_DELETE &&
      parts_.run->IsStopped(key)) {
    result = proto::TaskResult();
    result.set_outcome(proto::TaskResult::SKIPPED);
  }
  if (result.outcome() == proto::TaskResult::FAILED) {
    result.mutable_counts()->set_failed(result.counts().failed() + 1);
  }
  const auto task = tasks_.find(key);
  if (task != tasks_.end()) {
    task->second.account.Close(result);
    if (!task->second.spec.writes.empty()) {
      shared_.locks->Unlock(task->second.spec.writes);
    }
    tasks_.erase(task);
  }
  const Run::About about = parts_.run->Describe(key);
  if (!parts_.run->End(key, result, next_.commit)) return;
  const proto::Problem& problem = result.problem();
  if (problem.kind() == proto::Problem::REGISTRY_DOES_NOT_DELETE ||
      problem.kind() == proto::Problem::REGISTRY_HARMS_OTHERS) {
    parts_.run->StopDeletes(problem.registry(), problem.message(),
                            next_.commit);
  }
  if (problem.kind() == proto::Problem::REGISTRY_HARMS_OTHERS) {
    // Guard: harm-cancels-deletes
    CancelDeletes(problem.registry());
  }
  parts_.listener->OnEnded(about, result);
  parts_.run->Forget(key);
}

void ActiveRun::CancelDeletes(const std::string& registry) {
  for (const auto& [key, task] : tasks_) {
    if (task.operation.delete_repository().registry() != registry ||
        task.session.empty()) {
      continue;
    }
    shared_.desk->Cancel(task.session, key, task.attempt,
                         "deleting from this registry was stopped");
  }
}

}  // namespace registry_manager
