// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_HTTP_EXCHANGE_CLOCK_H_
#define REGISTRY_MANAGER_COMMON_HTTP_EXCHANGE_CLOCK_H_

#include <chrono>

#include "absl/status/status.h"
#include "common/http/transport.h"

namespace registry_manager {

// The two ways that bytes of an exchange flow.
enum class Direction { kUpload, kDownload };

// When one exchange is overdue by its HttpDeadlines (all but `connect`, which
// libcurl keeps). Time is handed in, so that it can be tested. Not thread-safe.
class ExchangeClock {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  ExchangeClock(const HttpDeadlines& deadlines, TimePoint now);

  // The connection stands, the request is about to be sent. From here on
  // silence counts.
  void RequestBegins(TimePoint now);
  // The final response begins: `stall` applies instead of `first_byte`.
  void ResponseBegins(TimePoint now);
  // A byte passed.
  void Active(TimePoint now) { last_activity_ = now; }
  // Silence does not count while a direction is paused.
  void Pause(Direction direction);
  void Resume(Direction direction, TimePoint now);

  // When the exchange is overdue if nothing happens before; TimePoint::max()
  // for never.
  TimePoint Deadline() const;
  // DeadlineExceeded where `now` has reached it.
  absl::Status Check(TimePoint now) const;

 private:
  enum class Phase { kConnecting, kAwaitingResponse, kResponding };

  TimePoint SilenceDeadline() const;

  const HttpDeadlines deadlines_;
  const TimePoint total_deadline_;
  TimePoint last_activity_;
  Phase phase_ = Phase::kConnecting;
  bool upload_paused_ = false;
  bool download_paused_ = false;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_HTTP_EXCHANGE_CLOCK_H_
