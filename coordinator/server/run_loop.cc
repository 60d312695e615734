// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/server/run_loop.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace registry_manager {
namespace {

constexpr absl::Duration kRenewEvery = absl::Seconds(5);
constexpr absl::Duration kProgressEvery = absl::Milliseconds(250);
constexpr absl::Duration kJournalRetry = absl::Milliseconds(200);
constexpr int kMaxExitsWithoutHello = 10;
constexpr absl::Duration kDrainPatience = absl::Seconds(20);

// A clock that counts suspended time, as leases do.
absl::Time Now() {
  timespec time;
  clock_gettime(CLOCK_BOOTTIME, &time);
  return absl::TimeFromTimespec(time);
}

}  // namespace

absl::StatusOr<RunLoop::End> RunLoop::Run() {
  owned_until_ = Now() + parts_.ownership;
  begins_ = Now() + parts_.hold_off;
  if (parts_.hold_off > absl::ZeroDuration()) {
    parts_.listener->OnNotice(absl::StrCat(
        "the coordinator before this one may not have ended: waiting ",
        absl::FormatDuration(parts_.hold_off), " for its workers to stop"));
  }
  while (true) {
    absl::Time now = Now();
    pollfd fds[] = {{parts_.fleet->fd(), POLLIN, 0},
                    {parts_.signal_fd, POLLIN, 0}};
    poll(fds, 2, PollTimeout(now));
    now = Now();
    ReadSignals(now);
    ReapWorkers(now);
    ReadMessages(now);
    absl::Status status = FlushJournal();
    if (status.ok()) status = Feed();
    if (status.ok()) status = Housekeep(now);
    if (!status.ok()) return status;
    parts_.scheduler->Hold(!MayDispatch(now));
    for (const SchedulerEffect& effect : parts_.scheduler->Poll(now)) {
      Apply(effect, now);
    }
    // What Send left behind an edge of the socket's descriptor.
    ReadMessages(now);
    if (IsDone(now)) break;
  }
  absl::Status status = FlushJournal();
  if (!status.ok()) return status;
  return draining_ ? End::kInterrupted : End::kReachedEnd;
}

int RunLoop::PollTimeout(absl::Time now) const {
  absl::Time wake = std::min(parts_.scheduler->NextWake(), next_progress_);
  if (journal_away_) wake = std::min(wake, next_flush_);
  const bool feeds = feed_again_ && !draining_;
  if (!journal_away_ && (feeds || !IsFlushed())) return 0;
  const absl::Duration wait =
      std::clamp(wake - now, absl::ZeroDuration(), absl::Milliseconds(1000));
  return static_cast<int>(
      absl::ToInt64Milliseconds(absl::Ceil(wait, absl::Milliseconds(1))));
}

bool RunLoop::IsDone(absl::Time now) const {
  if (quick_) return true;
  if (draining_) {
    return (parts_.scheduler->running() == 0 && IsFlushed()) ||
           now > drain_deadline_;
  }
  return IsFlushed() && parts_.run->Finished() && locked_out_.empty() &&
         parts_.scheduler->tasks() == 0;
}

void RunLoop::ReadSignals(absl::Time now) {
  signalfd_siginfo info;
  while (read(parts_.signal_fd, &info, sizeof info) == sizeof info) {
    if (info.ssi_signo == SIGCHLD) continue;
    if (draining_) {
      quick_ = true;
      parts_.workers->EndAtOnce();
    } else {
      BeginDrain(now);
    }
  }
}

void RunLoop::BeginDrain(absl::Time now) {
  draining_ = true;
  drain_deadline_ = now + kDrainPatience;
  parts_.scheduler->DropWaiting();
  parts_.workers->StopRestarting();
  parts_.listener->OnNotice(
      absl::StrCat("interrupted: waiting for ", parts_.scheduler->running(),
                   " tasks under way (again to stop at once)"));
  for (const auto& [session, state] : sessions_) {
    proto::Envelope drain;
    drain.mutable_drain();
    parts_.fleet->Send(session, std::move(drain));
  }
}

void RunLoop::ReapWorkers(absl::Time now) {
  for (const LocalWorkers::Exit& exit : parts_.workers->Poll(now)) {
    if (!draining_) {
      parts_.listener->OnChange(
          absl::StrCat("worker process ", exit.pid, " ended: ", exit.how));
    }
    bool was_ready = draining_;
    for (auto session = sessions_.begin(); session != sessions_.end();) {
      if (session->second.pid != static_cast<uint32_t>(exit.pid)) {
        ++session;
        continue;
      }
      was_ready = true;
      parts_.scheduler->Leave(session->first, /*lost=*/!draining_, now);
      parts_.fleet->Drop(session->first);
      session = sessions_.erase(session);
    }
    if (!was_ready) ++exits_without_hello_;
  }
}

bool RunLoop::IsFlushed() const {
  return commit_.outcomes.empty() && commit_.shards.empty() &&
         commit_.listings.empty() && acks_.empty();
}

void RunLoop::NoteJournalAway(const absl::Status& status) {
  if (!journal_away_) {
    parts_.listener->OnChange(absl::StrCat(
        "the journal cannot be reached or written, nothing new is begun until "
        "it is back: ",
        status.message()));
  }
  journal_away_ = true;
  next_flush_ = Now() + kJournalRetry;
}

bool RunLoop::MayDispatch(absl::Time now) const {
  return !draining_ && !journal_away_ && now >= begins_ && now < owned_until_;
}

absl::Status RunLoop::Renew() {
  const absl::Time asked = Now();
  const absl::Status status = parts_.journal->Renew();
  if (status.ok()) owned_until_ = asked + parts_.ownership;
  return status;
}

absl::Status RunLoop::FlushJournal() {
  if (!journal_away_ && IsFlushed()) return absl::OkStatus();
  if (journal_away_ && Now() < next_flush_) return absl::OkStatus();
  // An outcome that is journalled is not told again after a crash.
  absl::Status status = parts_.listener->OnCommit();
  if (status.ok()) {
    status = IsFlushed() ? Renew() : parts_.journal->Write(commit_);
  } else if (const absl::Status renewed = Renew();
             !renewed.ok() && !absl::IsUnavailable(renewed)) {
    // The run stays ours while its outcomes cannot be told.
    return renewed;
  }
  if (absl::IsUnavailable(status)) {
    NoteJournalAway(status);
    return absl::OkStatus();
  }
  if (!status.ok()) return status;
  if (journal_away_) {
    parts_.listener->OnChange("the journal is back");
    journal_away_ = false;
  }
  commit_ = Commit();
  unflushed_.clear();
  for (const PendingAck& pending : acks_) {
    Acknowledge(pending.session, pending.number);
  }
  acks_.clear();
  return absl::OkStatus();
}

absl::Status RunLoop::Housekeep(absl::Time now) {
  if (exits_without_hello_ >= kMaxExitsWithoutHello) {
    return absl::InternalError(
        "worker processes end again and again before they are ready; run "
        "`worker --help` to see whether the program starts at all");
  }
  if (now >= next_renewal_ && !journal_away_) {
    next_renewal_ = now + kRenewEvery;
    const absl::Status status = Renew();
    if (absl::IsUnavailable(status)) {
      NoteJournalAway(status);
    } else if (!status.ok()) {
      return status;
    }
  }
  UnlockDue(now);
  if (now >= next_progress_) {
    next_progress_ = now + kProgressEvery;
    RetryLocked();
    ReleaseBlobClaims(now);
    parts_.listener->OnProgress(Snapshot());
  }
  return absl::OkStatus();
}

proto::RunSnapshot RunLoop::Snapshot() const {
  const absl::Time now = Now();
  // People and programs read the wall's clock.
  const auto unix_ms = [offset = absl::Now() - now](absl::Time time) {
    return time == absl::InfiniteFuture() ? 0
                                          : absl::ToUnixMillis(time + offset);
  };
  proto::RunSnapshot snapshot = parts_.run->Snapshot();
  snapshot.set_workers(sessions_.size());
  snapshot.set_slots(parts_.scheduler->slots());
  snapshot.set_slots_in_use(parts_.scheduler->running());
  for (const Scheduler::RegistryUse& use : parts_.scheduler->Registries()) {
    proto::RegistrySnapshot& registry = *snapshot.add_registries();
    registry.set_registry(use.registry);
    registry.set_connections(use.connections);
    registry.set_limit(use.limit);
    if (use.parked_until > now) {
      registry.set_parked_until_unix_ms(unix_ms(use.parked_until));
    }
    registry.set_silent_since_unix_ms(unix_ms(use.silent_since));
    registry.set_set_aside_at_unix_ms(unix_ms(use.set_aside_at));
    registry.set_set_aside(use.set_aside);
    registry.set_waiting_for_rate(use.waiting_for_rate);
  }
  snapshot.set_journal_away(journal_away_);
  snapshot.set_state(proto::RunSnapshot::RUNNING);
  snapshot.set_pid(getpid());
  return snapshot;
}

}  // namespace registry_manager
