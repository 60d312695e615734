// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/http/exchange_clock.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace registry_manager {
namespace {

using TimePoint = ExchangeClock::TimePoint;

TimePoint Later(TimePoint from, absl::Duration duration) {
  // Beyond this it is "never", and the clock's type could overflow.
  if (duration > absl::Hours(24 * 365)) return TimePoint::max();
  return from + absl::ToChronoNanoseconds(duration);
}

}  // namespace

ExchangeClock::ExchangeClock(const HttpDeadlines& deadlines, TimePoint now)
    : deadlines_(deadlines),
      total_deadline_(Later(now, deadlines.total)),
      last_activity_(now) {}

void ExchangeClock::RequestBegins(TimePoint now) {
  phase_ = Phase::kAwaitingResponse;
  upload_paused_ = false;
  download_paused_ = false;
  Active(now);
}

void ExchangeClock::ResponseBegins(TimePoint now) {
  phase_ = Phase::kResponding;
  Active(now);
}

void ExchangeClock::Pause(Direction direction) {
  (direction == Direction::kUpload ? upload_paused_ : download_paused_) = true;
}

void ExchangeClock::Resume(Direction direction, TimePoint now) {
  (direction == Direction::kUpload ? upload_paused_ : download_paused_) = false;
  Active(now);
}

TimePoint ExchangeClock::SilenceDeadline() const {
  if (upload_paused_ || download_paused_) return TimePoint::max();
  switch (phase_) {
    case Phase::kConnecting:
      break;
    case Phase::kAwaitingResponse:
      return Later(last_activity_, deadlines_.first_byte);
    case Phase::kResponding:
      return Later(last_activity_, deadlines_.stall);
  }
  return TimePoint::max();
}

TimePoint ExchangeClock::Deadline() const {
  return std::min(total_deadline_, SilenceDeadline());
}

absl::Status ExchangeClock::Check(TimePoint now) const {
  if (now >= total_deadline_) {
    return absl::DeadlineExceededError(absl::StrCat(
        "not finished within ", absl::FormatDuration(deadlines_.total)));
  }
  if (now >= SilenceDeadline()) {
    return absl::DeadlineExceededError(
        phase_ == Phase::kAwaitingResponse
            ? absl::StrCat("no answer within ",
                           absl::FormatDuration(deadlines_.first_byte))
            : absl::StrCat("the transfer stood still for ",
                           absl::FormatDuration(deadlines_.stall)));
  }
  return absl::OkStatus();
}

}  // namespace registry_manager
