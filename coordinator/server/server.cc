// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/server/server.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <variant>

#include "common/os/boot_time.h"
#include "coordinator/server/task_ids.h"

namespace registry_manager {
namespace {

constexpr int kMaxExitsWithoutHello = 10;
constexpr absl::Duration kReleaseEvery = absl::Milliseconds(250);
// A commit must be small, and leases depend on heartbeats.
constexpr int kMaxBatch = 512;

}  // namespace

Server::Server(ServerParts parts)
    : parts_(parts),
      desk_(parts.scheduler, parts.scheduler_options.lease, parts.fleet,
            parts.workers) {}

void Server::Add(ActiveRunParts run) {
  const std::string id = run.run->id();
  runs_[id] = std::make_unique<ActiveRun>(
      std::move(run),
      SharedParts{parts_.scheduler, &desk_, parts_.locks, &journal_thread_,
                  &access_thread_},
      BootTime());
}

bool Server::Interrupt(const std::string& run) {
  ActiveRun* const active = Find(run);
  if (active != nullptr) active->Interrupt(BootTime());
  return active != nullptr;
}

absl::Status Server::Run() {
  while (!runs_.empty()) {
    absl::Time now = BootTime();
    pollfd fds[] = {{parts_.fleet->fd(), POLLIN, 0},
                    {parts_.signal_fd, POLLIN, 0},
                    {journal_thread_.fd(), POLLIN, 0},
                    {access_thread_.fd(), POLLIN, 0}};
    poll(fds, std::size(fds), PollTimeout(now));
    now = BootTime();
    ReadSignals(now);
    ReapWorkers(now);
    ReadMessages(now);
    journal_thread_.Deliver(now);
    access_thread_.Deliver(now);
    AdvanceRuns(now);
    if (now >= next_release_) {
      next_release_ = now + kReleaseEvery;
      desk_.ReleaseBlobClaims(now);
    }
    if (parts_.locks != nullptr) parts_.locks->UnlockDue(now);
    for (const SchedulerEffect& effect : parts_.scheduler->Poll(now)) {
      Apply(effect, now);
    }
    // Send may have used up the wake-up of the socket's descriptor: messages
    // may wait although the descriptor does not say so.
    ReadMessages(now);
    if (desk_.exits_without_hello() >= kMaxExitsWithoutHello) {
      const absl::Status status = absl::InternalError(
          "worker processes end again and again before they are ready; run "
          "`worker --help` to see whether the program starts at all");
      while (!runs_.empty()) EndRun(runs_.begin()->first, status, now);
      return status;
    }
    EndRuns(now);
  }
  return absl::OkStatus();
}

int Server::PollTimeout(absl::Time now) const {
  if (more_messages_) return 0;
  absl::Time wake = parts_.scheduler->NextWake();
  for (const auto& [id, run] : runs_) wake = std::min(wake, run->NextWake(now));
  const absl::Duration wait =
      std::clamp(wake - now, absl::ZeroDuration(), absl::Milliseconds(1000));
  return static_cast<int>(
      absl::ToInt64Milliseconds(absl::Ceil(wait, absl::Milliseconds(1))));
}

void Server::ReadSignals(absl::Time now) {
  signalfd_siginfo info;
  while (read(parts_.signal_fd, &info, sizeof info) == sizeof info) {
    if (info.ssi_signo == SIGCHLD) continue;
    if (draining_) {
      for (const auto& [id, run] : runs_) run->StopWaiting();
      desk_.EndAtOnce();
    } else {
      draining_ = true;
      for (const auto& [id, run] : runs_) run->Interrupt(now);
      desk_.Drain();
    }
  }
}

void Server::ReapWorkers(absl::Time now) {
  for (const std::string& sentence : desk_.ReapWorkers(now)) {
    if (draining_) continue;
    for (const auto& [id, run] : runs_) run->listener().OnChange(sentence);
  }
}

void Server::ReadMessages(absl::Time now) {
  more_messages_ = true;
  for (int count = 0; count < kMaxBatch; ++count) {
    const std::optional<proto::Envelope> message = parts_.fleet->Receive();
    if (!message) {
      more_messages_ = false;
      return;
    }
    Handle(*message, now);
  }
}

void Server::Handle(const proto::Envelope& message, absl::Time now) {
  const auto may_renew = [&](const std::string& run) {
    const ActiveRun* const active = Find(run);
    return active != nullptr && active->IsOurs(now);
  };
  if (!desk_.Handle(message, may_renew, now)) HandleOfRun(message, now);
}

void Server::HandleOfRun(const proto::Envelope& message, absl::Time now) {
  const std::string& session = message.session();
  switch (message.body_case()) {
    case proto::Envelope::kProgress:
      if (ActiveRun* const run = Find(message.progress().id().run())) {
        run->HandleProgress(message.progress());
      }
      break;
    case proto::Envelope::kResult: {
      const proto::TaskResult& result = message.result().result();
      if (ActiveRun* const run = Find(result.id().run())) {
        run->HandleResult(session, message.result(), now);
      } else {
        // The result belongs to a run that is over: it is of no use to anybody.
        parts_.scheduler->Result(session, KeyOf(result.id()), result.attempt(),
                                 Scheduler::Ended{}, now);
        desk_.Acknowledge(session, message.result().number());
      }
      break;
    }
    case proto::Envelope::kSettingsRequest:
      if (ActiveRun* const run = Find(message.settings_request().run())) {
        run->HandleSettingsRequest(session);
      }
      break;
    case proto::Envelope::kCredentialsRequest:
      if (ActiveRun* const run = Find(message.credentials_request().run())) {
        run->HandleCredentialsRequest(session, message.credentials_request());
      } else {
        desk_.RefuseCredentials(session,
                                message.credentials_request().number());
      }
      break;
    case proto::Envelope::kIntentWrite: {
      const proto::IntentWrite& write = message.intent_write();
      if (ActiveRun* const run = Find(write.id().run())) {
        run->HandleIntent(session, write, now);
      } else {
        proto::Envelope reply;
        reply.mutable_intent_ack()->set_number(write.number());
        desk_.Send(session, std::move(reply));
      }
      break;
    }
    default:
      break;
  }
}

void Server::AdvanceRuns(absl::Time now) {
  std::map<std::string, absl::Status> failed;
  for (const auto& [id, run] : runs_) {
    const absl::Status status = run->Advance(now);
    if (!status.ok()) failed[id] = status;
  }
  for (const auto& [id, status] : failed) EndRun(id, status, now);
}

void Server::Apply(const SchedulerEffect& effect, absl::Time now) {
  if (const auto* dispatch = std::get_if<DispatchTask>(&effect)) {
    if (ActiveRun* const run = Find(dispatch->task.run)) {
      run->Dispatch(*dispatch, now);
    }
  } else if (const auto* cancel = std::get_if<CancelTask>(&effect)) {
    desk_.Cancel(cancel->worker, cancel->task, cancel->attempt, cancel->reason);
  } else if (const auto* grant = std::get_if<GrantConnections>(&effect)) {
    desk_.Send(*grant);
  } else if (const auto* give_up = std::get_if<GiveUpTask>(&effect)) {
    if (ActiveRun* const run = Find(give_up->task.run)) {
      run->GiveUp(*give_up, now);
    }
  } else if (const auto* aside = std::get_if<SetRegistryAside>(&effect)) {
    for (const auto& [id, run] : runs_) run->SetAside(*aside, now);
  } else if (const auto* count = std::get_if<RecordFailures>(&effect)) {
    if (ActiveRun* const run = Find(count->task.run)) {
      // Guard: losses-are-journalled
      run->JournalFailures(*count);
    }
  }
}

void Server::EndRuns(absl::Time now) {
  std::vector<std::string> done;
  for (const auto& [id, run] : runs_) {
    if (run->IsDone(now)) done.push_back(id);
  }
  for (const std::string& id : done)
    EndRun(id, runs_.at(id)->HowItEnded(), now);
}

void Server::EndRun(const std::string& run, const absl::StatusOr<RunEnd>& end,
                    absl::Time now) {
  // Taken out first: `on_end` may add a run of the same id.
  const auto ended = runs_.extract(run);
  ended.mapped()->End(end, now);
}

ActiveRun* Server::Find(const std::string& run) {
  const auto found = runs_.find(run);
  return found == runs_.end() ? nullptr : found->second.get();
}

}  // namespace registry_manager
