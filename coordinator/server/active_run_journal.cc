// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// This file holds what a run writes to its journal, which happens on a
// side thread.

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/os/boot_time.h"
#include "common/reference/printable.h"
#include "coordinator/server/active_run.h"
#include "coordinator/server/task_ids.h"

namespace registry_manager {
namespace {

constexpr absl::Duration kJournalRetry = absl::Milliseconds(200);

}  // namespace

void ActiveRun::NoteJournalAway(const absl::Status& status, absl::Time now) {
  if (!journal_away_) {
    parts_.listener->OnChange(absl::StrCat(
        "the journal cannot be reached or written, nothing new is begun until "
        "it is back: ",
        status.message()));
  }
  journal_away_ = true;
  is_away_ = true;
  next_flush_ = now + kJournalRetry;
}

void ActiveRun::NoteJournalBack() {
  if (journal_away_) parts_.listener->OnChange("the journal is back");
  journal_away_ = false;
  is_away_ = false;
}

void ActiveRun::Post(SideThread& thread, SideThread::Work work,
                     SideThread::Done done) {
  thread.Post(std::move(work),
              [is_here = std::weak_ptr(is_here_), done = std::move(done)](
                  const absl::Status& status, absl::Time now) {
                if (!is_here.expired()) done(status, now);
              });
}

bool ActiveRun::HasWritten(const absl::Status& status, absl::Time now) {
  if (absl::IsUnavailable(status)) {
    NoteJournalAway(status, now);
  } else if (!status.ok()) {
    failure_ = status;
  }
  return status.ok();
}

absl::Status ActiveRun::Flush(absl::Time now) {
  if (is_writing_ || (!journal_away_ && IsFlushed())) return absl::OkStatus();
  if (journal_away_ && (is_renewing_ || now < next_flush_)) {
    return absl::OkStatus();
  }
  // An outcome that is journalled is not told again after a crash.
  // Guard: recorded-before-journalled
  const absl::Status recorded = parts_.listener->OnCommit();
  if (!recorded.ok()) {
    // The run stays ours while its outcomes cannot be told.
    Renew(/*is_probe=*/false, now);
    if (!absl::IsUnavailable(recorded)) return recorded;
    NoteJournalAway(recorded, now);
    return absl::OkStatus();
  }
  if (written_.empty()) std::swap(written_, next_);
  if (written_.empty()) {
    Renew(/*is_probe=*/true, now);
  } else {
    WriteBatch();
  }
  return absl::OkStatus();
}

void ActiveRun::WriteBatch() {
  is_writing_ = true;
  Post(
      *shared_.journal_thread,
      [this] { return parts_.journal->Write(written_.commit); },
      [this](const absl::Status& status, absl::Time now) {
        is_writing_ = false;
        if (!HasWritten(status, now)) return;
        NoteJournalBack();
        const Batch written = std::exchange(written_, Batch());
        for (const PendingAck& pending : written.acks) {
          shared_.desk->Acknowledge(pending.session, pending.number);
        }
      });
}

void ActiveRun::Renew(bool is_probe, absl::Time now) {
  if (is_renewing_) return;
  is_renewing_ = true;
  auto asked = std::make_shared<absl::Time>(now);
  Post(
      *shared_.journal_thread,
      [this, asked] {
        // The hold counts from when it is asked for.
        *asked = BootTime();
        return parts_.journal->Renew();
      },
      [this, is_probe, asked](const absl::Status& status, absl::Time now) {
        is_renewing_ = false;
        if (!HasWritten(status, now)) return;
        owned_until_ = *asked + parts_.ownership;
        if (is_probe) NoteJournalBack();
      });
}

void ActiveRun::JournalFailures(const RecordFailures& count) {
  // Pages of a catalogue are not in the journal.
  if (journal_away_ || parts_.run->Describe(count.task).is_listing) return;
  ++setbacks_;
  Post(
      *shared_.journal_thread,
      [this, attempts = Attempts{count.task.shard, count.task.index,
                                 count.attempts, count.losses}] {
        return parts_.journal->WriteAttempts(attempts);
      },
      [this](const absl::Status& status, absl::Time now) {
        --setbacks_;
        if (absl::IsUnavailable(status)) NoteJournalAway(status, now);
      });
}

void ActiveRun::HandleIntent(const std::string& session,
                             const proto::IntentWrite& write, absl::Time now) {
  const auto holds = [this, session, id = KeyOf(write.id()),
                      attempt = write.attempt()](absl::Time now) {
    return shared_.scheduler->HoldsLease(session, id, attempt, now);
  };
  if (!holds(now)) {
    AnswerIntent(session, write.number(), /*accepted=*/false);
    return;
  }
  // Without an answer the worker asks again.
  if (journal_away_) return;
  const std::pair<std::string, uint64_t> question(session, write.number());
  if (!intents_under_way_.insert(question).second) return;
  auto intent = std::make_shared<proto::IntentWrite>(write);
  if (intent->has_intent()) intent->mutable_intent()->set_run(id());
  Post(
      *shared_.journal_thread,
      [this, intent]() -> absl::Status {
        // An intent that was posted before the journal went away fails at once.
        if (is_away_) return absl::UnavailableError("the journal is away");
        return parts_.journal->WriteIntent(
            intent->registry(), intent->repository(),
            intent->has_intent() ? &intent->intent() : nullptr);
      },
      [this, question, intent, holds](const absl::Status& status,
                                      absl::Time now) {
        intents_under_way_.erase(question);
        if (absl::IsUnavailable(status)) {
          NoteJournalAway(status, now);
        } else if (status.ok()) {
          AnswerIntent(question.first, question.second, holds(now));
        } else {
          parts_.listener->OnNotice(
              absl::StrCat("the intent of deleting from ", intent->registry(),
                           "/", Printable(intent->repository()),
                           " cannot be journalled, nothing is deleted there: ",
                           status.message()));
        }
      });
}

void ActiveRun::AnswerIntent(const std::string& session, uint64_t number,
                             bool accepted) {
  proto::Envelope reply;
  reply.mutable_intent_ack()->set_number(number);
  reply.mutable_intent_ack()->set_accepted(accepted);
  shared_.desk->Send(session, std::move(reply));
}

}  // namespace registry_manager
