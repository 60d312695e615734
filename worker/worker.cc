// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/worker.h"

#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/reference/printable.h"
#include "common/wire/envelope.h"

namespace registry_manager {
namespace {

// After tasks were cancelled: for their results to be acknowledged.
constexpr absl::Duration kFlush = absl::Seconds(1);
constexpr absl::Duration kQuickFlush = absl::Milliseconds(300);
constexpr absl::Duration kLinger = absl::Seconds(1);
// A credential helper is asked up to five times, ten seconds each, and another
// registry's may be before it. Too short a patience counts as a refusal.
constexpr absl::Duration kCredentialsPatience = absl::Minutes(3);

// Nobody can guess it.
std::string RandomSessionId() {
  std::random_device random;
  std::string id;
  for (int i = 0; i < 4; ++i) {
    absl::StrAppend(&id, absl::Hex(random(), absl::kZeroPad8));
  }
  return id;
}

// So that a fleet does not come back all at once.
absl::Duration RandomDelay() {
  return absl::Milliseconds(std::random_device()() % 500);
}

}  // namespace

Worker::Worker(WorkerOptions options, const Clock* clock, Mailbox* mailbox,
               GrantPool* grants, WorkerServices* services,
               Executor::Handler handler)
    : options_(std::move(options)),
      clock_(clock),
      mailbox_(mailbox),
      grants_(grants),
      actions_([mailbox] { mailbox->Wake(); }),
      executor_(options_.slots, std::move(handler), services, this) {
  services->AskForCredentials(
      [this](const std::string& run, const std::string& registry) {
        return AskForCredentials(run, registry);
      });
}

Worker::~Worker() = default;

// --- the session's thread ---

absl::Status Worker::Run() {
  absl::Duration begin = clock_->Now();
  while (true) {
    RETURN_IF_ERROR(BeginSession(begin));
    const End end = Serve();
    epoch_ = session_->epoch();
    const std::string reason = session_->reason();
    session_.reset();
    socket_.reset();
    if (end == End::kStopped) return absl::OkStatus();
    if (end == End::kRejected) {
      return absl::FailedPreconditionError(
          absl::StrCat("the coordinator at ", Printable(options_.endpoint),
                       " does not take this worker: ", reason));
    }
    spdlog::warn("{}; beginning a new session", reason);
    begin = clock_->Now() + RandomDelay();
  }
}

absl::Status Worker::BeginSession(absl::Duration begin) {
  ASSIGN_OR_RETURN(socket_, DealerSocket::Connect(options_.endpoint));
  SessionOptions session;
  session.id = RandomSessionId();
  session.worker = options_.name;
  session.slots = static_cast<uint32_t>(options_.slots);
  session.epoch_seen = epoch_;
  session.begin = begin;
  const auto send = [this](const proto::Envelope& message) {
    const absl::StatusOr<std::string> bytes = SerializeEnvelope(message);
    if (!bytes.ok()) {
      // Never the case: what can grow is bounded. Again would not help.
      spdlog::error("{}", std::string(bytes.status().message()));
      return true;
    }
    return socket_->Send(*bytes);
  };
  session_ = std::make_unique<Session>(
      std::move(session),
      Session::Parts{clock_, grants_, &executor_, &actions_, send});
  return absl::OkStatus();
}

Worker::End Worker::Serve() {
  bool joined = false;
  while (true) {
    mailbox_->RunAll();
    ReceiveAll();
    ReadSignals();
    session_->Advance();
    if (!joined && session_->state() == Session::State::kJoined) {
      joined = true;
      spdlog::info("joined the fleet of {} as session {}, epoch {}",
                   options_.endpoint, session_->id(), session_->epoch());
    }
    if (HasStopped()) return End::kStopped;
    if (session_->state() == Session::State::kRejected) return End::kRejected;
    if (session_->state() == Session::State::kOver) return End::kOver;
    // Sending may have swallowed the socket's wake-up.
    if (socket_->Readable()) continue;
    absl::Duration wake = session_->NextWake();
    if (cancel_at_) wake = std::min(wake, *cancel_at_);
    if (give_up_at_) wake = std::min(wake, *give_up_at_);
    Wait(wake);
  }
}

void Worker::ReceiveAll() {
  while (const std::optional<std::string> bytes = socket_->Receive()) {
    const absl::StatusOr<proto::Envelope> message = ParseEnvelope(*bytes);
    if (message.ok()) {
      session_->Receive(*message);
    } else {
      session_->ReceiveUnreadable(message.status());
    }
  }
}

void Worker::ReadSignals() {
  signalfd_siginfo info;
  while (options_.signal_fd >= 0 &&
         read(options_.signal_fd, &info, sizeof info) == sizeof info) {
    HandleStop();
  }
}

void Worker::HandleStop() {
  const absl::Duration now = clock_->Now();
  if (!give_up_at_) {
    spdlog::info("stopping: running tasks have {} to end",
                 absl::FormatDuration(options_.drain));
    cancel_at_ = now + options_.drain;
    give_up_at_ = *cancel_at_ + kFlush;
  } else {
    cancel_at_ = now;
    give_up_at_ = std::min(*give_up_at_, now + kQuickFlush);
  }
  session_->Drain();
}

bool Worker::HasStopped() {
  if (!session_->draining()) return false;
  // There is nobody to hand anything to.
  if (session_->state() != Session::State::kJoined) return true;
  const absl::Duration now = clock_->Now();
  if (cancel_at_ && now >= *cancel_at_) {
    cancel_at_.reset();
    session_->CancelAll("the worker is stopping");
    session_->Advance();
  }
  const bool out_of_time = give_up_at_ && now >= *give_up_at_;
  if (!session_->idle() && !out_of_time) return false;
  // A Goodbye promises that nothing is done any more. A slot whose result is
  // acknowledged may be a moment away from being free.
  const absl::Duration patience =
      session_->idle() ? kQuickFlush : absl::ZeroDuration();
  if (executor_.WaitUntilIdle(patience)) session_->SayGoodbye();
  socket_->Close(kLinger);
  return true;
}

void Worker::Wait(absl::Duration until) const {
  const absl::Duration wait =
      std::clamp(until - clock_->Now(), absl::ZeroDuration(), absl::Minutes(1));
  const timespec timeout = absl::ToTimespec(wait);
  pollfd fds[] = {{socket_->fd(), POLLIN, 0},
                  {mailbox_->fd(), POLLIN, 0},
                  {options_.signal_fd, POLLIN, 0}};
  ppoll(fds, std::size(fds), &timeout, nullptr);
}

// --- other threads ---

void Worker::Stop() {
  mailbox_->Post([this] {
    if (session_ != nullptr) HandleStop();
  });
}

absl::Status Worker::WriteIntent(const std::shared_ptr<Assignment>& assignment,
                                 const std::string& registry,
                                 const std::string& repository,
                                 const proto::Intent* intent) {
  proto::IntentWrite write;
  write.set_registry(registry);
  write.set_repository(repository);
  if (intent != nullptr) *write.mutable_intent() = *intent;
  auto call = std::make_shared<IntentCall>();
  mailbox_->Post([this, assignment, write = std::move(write), call]() mutable {
    if (session_ == nullptr) {
      call->Answer(absl::CancelledError("the worker has stopped"));
      return;
    }
    session_->WriteIntent(assignment, std::move(write), std::move(call));
  });
  return call->Wait(assignment->cancellation());
}

absl::StatusOr<RegistryCredentials> Worker::AskForCredentials(
    const std::string& run, const std::string& registry) {
  auto call = std::make_shared<CredentialsCall>();
  mailbox_->Post([this, run, registry, call] {
    if (session_ == nullptr) {
      call->Answer(absl::CancelledError("the worker has stopped"));
    } else {
      session_->AskForCredentials(run, registry, call);
    }
  });
  std::optional<absl::StatusOr<RegistryCredentials>> answer =
      call->WaitFor(kCredentialsPatience);
  if (answer) return *std::move(answer);
  return absl::DeadlineExceededError(
      "the coordinator does not say whether there are other credentials");
}

absl::StatusOr<BlobLedger::Turn> Worker::ClaimBlob(
    const std::shared_ptr<Assignment>& assignment, const BlobPlace& place) {
  auto call = std::make_shared<BlobCall>();
  mailbox_->Post([this, assignment, place, call] {
    if (session_ == nullptr) {
      call->Answer(absl::CancelledError("the worker has stopped"));
    } else {
      session_->ClaimBlob(assignment, place, call);
    }
  });
  return call->Wait(assignment->cancellation());
}

void Worker::EndBlob(const std::shared_ptr<Assignment>& assignment,
                     const BlobPlace& place, proto::BlobEnd::Outcome outcome) {
  mailbox_->Post([this, assignment, place, outcome] {
    if (session_ != nullptr) session_->EndBlob(assignment, place, outcome);
  });
}

void Worker::SendActions(const std::shared_ptr<Assignment>& assignment,
                         const std::vector<proto::Action>& actions) {
  actions_.Push(assignment, actions);
}

void Worker::Finished(const std::shared_ptr<Assignment>& assignment,
                      proto::TaskResult result) {
  mailbox_->Post([this, assignment, result = std::move(result)]() mutable {
    if (session_ != nullptr) session_->Finish(assignment, std::move(result));
  });
}

}  // namespace registry_manager
