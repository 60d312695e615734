// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/server/journal_waits.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "absl/time/clock.h"
#include "coordinator/journal/redis_error.h"

namespace registry_manager {
namespace {

// The time that Redis may take to read its data after a restart.
constexpr absl::Duration kLoadsWithin = absl::Minutes(10);
// The time that Redis may be away when a run has come to its end.
constexpr absl::Duration kFinishesWithin = absl::Minutes(1);
constexpr int kPollMilliseconds = 500;

// False: a signal came.
bool Pause() {
  const int signal_fd = SignalFd(/*children=*/false);
  pollfd signal = {signal_fd, POLLIN, 0};
  const bool came = poll(&signal, 1, kPollMilliseconds) > 0;
  close(signal_fd);
  return !came;
}

}  // namespace

int SignalFd(bool children) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    sigaddset(&signals, signal);
  }
  if (children) sigaddset(&signals, SIGCHLD);
  return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

absl::StatusOr<std::optional<std::string>> FindUnfinished(
    Journal& journal, const std::string& identity, RecordView& view) {
  const absl::Time patience_ends = absl::Now() + kLoadsWithin;
  while (true) {
    absl::StatusOr<std::optional<std::string>> run =
        journal.FindUnfinished(identity);
    if (!IsLoading(run.status()) || absl::Now() > patience_ends) return run;
    view.Notice(std::string(run.status().message()));
    if (!Pause()) {
      return absl::CancelledError("interrupted before anything was begun");
    }
  }
}

absl::Status FinishRun(RunJournal& journal) {
  const absl::Time patience_ends = absl::Now() + kFinishesWithin;
  while (true) {
    const absl::Status status = journal.Finish();
    if (!absl::IsUnavailable(status) || absl::Now() > patience_ends ||
        !Pause()) {
      return status;
    }
  }
}

}  // namespace registry_manager
