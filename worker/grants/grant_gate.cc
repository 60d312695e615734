// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/grants/grant_gate.h"

#include <algorithm>
#include <condition_variable>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/reference/printable.h"

namespace registry_manager {
namespace {

// Many slots ask at about the same time: one message tells of all.
constexpr absl::Duration kTellMore = absl::Milliseconds(2);
// A task between two requests wants its connection back at once.
constexpr absl::Duration kTellLess = absl::Milliseconds(20);

proto::Throttled::Kind KindOf(ThrottleReason reason) {
  switch (reason) {
    case ThrottleReason::kTooManyRequests:
      return proto::Throttled::TOO_MANY_REQUESTS;
    case ThrottleReason::kUnavailable:
      return proto::Throttled::UNAVAILABLE;
    case ThrottleReason::kTimeout:
      return proto::Throttled::TIMEOUT;
  }
  return proto::Throttled::KIND_UNSPECIFIED;
}

uint32_t ToMilliseconds(absl::Duration duration) {
  const int64_t ms =
      absl::ToInt64Milliseconds(absl::Ceil(duration, absl::Milliseconds(1)));
  return static_cast<uint32_t>(
      std::clamp<int64_t>(ms, 0, std::numeric_limits<uint32_t>::max()));
}

}  // namespace

struct GrantGate::Waiter {
  int connections = 1;
  int permits = 1;
  bool unless_parked = false;
  bool admitted = false;
  std::condition_variable wake = {};
};

GrantGate::GrantGate(std::string registry, const Clock* clock,
                     std::function<void()> changed)
    : registry_(std::move(registry)),
      clock_(clock),
      changed_(std::move(changed)) {
  told_.set_registry(registry_);
}

absl::Status GrantGate::Acquire(int requests, Cancellation* cancellation) {
  Waiter waiter{.connections = requests, .permits = requests};
  return Await(waiter, cancellation);
}

absl::Status GrantGate::AcquireUnlessParked(Cancellation* cancellation) {
  Waiter waiter{.unless_parked = true};
  return Await(waiter, cancellation);
}

absl::Status GrantGate::AwaitRate(Cancellation* cancellation) {
  Waiter waiter{.connections = 0, .unless_parked = true};
  return Await(waiter, cancellation);
}

absl::Status GrantGate::Await(Waiter& waiter, Cancellation* cancellation) {
  const uint64_t ticket = cancellation->Subscribe([this, &waiter] {
    const std::lock_guard<std::mutex> lock(mutex_);
    waiter.wake.notify_one();
  });
  absl::Status status;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    const auto place = waiters_.insert(PlaceOf(waiter), &waiter);
    Settle();
    while (!waiter.admitted) {
      status = cancellation->status();
      if (status.ok()) status = CannotWait(waiter);
      if (!status.ok()) break;
      const absl::Duration parked = ParkedLocked();
      if (parked > absl::ZeroDuration()) {
        waiter.wake.wait_for(lock, absl::ToChronoNanoseconds(parked));
        Settle();
      } else {
        waiter.wake.wait(lock);
      }
    }
    if (!waiter.admitted) {
      waiters_.erase(place);
      Settle();
    }
  }
  cancellation->Unsubscribe(ticket);
  return status;
}

// A waiter that holds a connection goes before waiters that need one, because
// they may wait for that very connection.
std::list<GrantGate::Waiter*>::iterator GrantGate::PlaceOf(
    const Waiter& waiter) {
  if (waiter.connections > 0) return waiters_.end();
  return std::find_if(
      waiters_.begin(), waiters_.end(),
      [](const Waiter* other) { return other->connections > 0; });
}

absl::Status GrantGate::CannotWait(const Waiter& waiter) const {
  if (max_ > 0 && waiter.connections > max_) {
    return absl::FailedPreconditionError(
        absl::StrCat("max-connections of ", Printable(registry_), " is ", max_,
                     ": raise it to ", waiter.connections,
                     " or more, a copy from a registry to "
                     "itself reads and writes at once"));
  }
  if (waiter.unless_parked && ParkedLocked() > absl::ZeroDuration()) {
    return absl::ResourceExhaustedError(
        absl::StrCat(Printable(registry_), " asks for patience"));
  }
  return absl::OkStatus();
}

void GrantGate::Release() {
  const std::lock_guard<std::mutex> lock(mutex_);
  --in_use_;
  Settle();
}

absl::Duration GrantGate::ParkedFor() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return ParkedLocked();
}

void GrantGate::Throttled(ThrottleReason reason, absl::Duration retry_after) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const proto::Throttled::Kind kind = KindOf(reason);
  auto same = std::find_if(
      throttled_.begin(), throttled_.end(),
      [kind](const proto::Throttled& one) { return one.kind() == kind; });
  if (same == throttled_.end()) {
    same = throttled_.emplace(throttled_.end());
    same->set_registry(registry_);
    same->set_kind(kind);
  }
  same->set_retry_after_ms(
      std::max(same->retry_after_ms(), ToMilliseconds(retry_after)));
  // The coordinator tells the others; this worker knows already.
  if (retry_after > absl::ZeroDuration()) {
    ParkUntil(clock_->Now() + absl::Milliseconds(same->retry_after_ms()));
  }
  changed_();
}

void GrantGate::NoteSilent(bool silent) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (silent == silent_) return;
  silent_ = silent;
  Settle();
}

void GrantGate::SetMax(int max_connections) {
  const std::lock_guard<std::mutex> lock(mutex_);
  max_ = max_connections;
  for (Waiter* waiter : waiters_) waiter->wake.notify_one();
}

void GrantGate::Apply(const proto::Grant& grant) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (grant.version() <= version_) return;
  version_ = grant.version();
  granted_ = static_cast<int>(grant.connections());
  rate_limited_ = grant.rate_limited();
  permits_ = grant.permits();
  if (grant.parked_ms() > 0) {
    ParkUntil(clock_->Now() + absl::Milliseconds(grant.parked_ms()));
  }
  Settle();
}

void GrantGate::BeginSession() {
  const std::lock_guard<std::mutex> lock(mutex_);
  granted_ = 0;
  version_ = 0;
  complied_ = 0;
  rate_limited_ = false;
  permits_ = 0;
  permits_used_ = 0;
  told_ = proto::GrantRequest();
  told_.set_registry(registry_);
  untold_since_.reset();
  throttled_.clear();
  Settle();
}

std::optional<proto::GrantRequest> GrantGate::DueRequest(
    absl::Duration now) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (now < due_) return std::nullopt;
  return RequestLocked();
}

void GrantGate::NoteSent(const proto::GrantRequest& request) {
  const std::lock_guard<std::mutex> lock(mutex_);
  told_ = request;
  untold_since_.reset();
  Settle();
}

absl::Duration GrantGate::NextDue() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return due_;
}

std::vector<proto::Throttled> GrantGate::TakeThrottled() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::exchange(throttled_, {});
}

proto::GrantRequest GrantGate::RequestLocked() const {
  uint32_t connections = 0;
  uint32_t permits = 0;
  for (const Waiter* waiter : waiters_) {
    connections += waiter->connections;
    permits += waiter->permits;
  }
  proto::GrantRequest request;
  request.set_registry(registry_);
  request.set_version(complied_);
  request.set_in_use(in_use_);
  request.set_wanted(in_use_ + connections);
  if (rate_limited_) request.set_permits_wanted(permits_used_ + permits);
  request.set_silent(silent_);
  return request;
}

absl::Duration GrantGate::ParkedLocked() const {
  return std::max(parked_until_ - clock_->Now(), absl::ZeroDuration());
}

void GrantGate::Settle() {
  const bool parked = ParkedLocked() > absl::ZeroDuration();
  while (!parked && version_ > 0 && !waiters_.empty()) {
    Waiter& first = *waiters_.front();
    const bool fits = in_use_ + first.connections <= granted_;
    if (first.connections > 0 && !fits) break;
    if (rate_limited_) {
      if (permits_used_ + first.permits > permits_) break;
      permits_used_ += first.permits;
    }
    in_use_ += first.connections;
    first.admitted = true;
    first.wake.notify_one();
    waiters_.pop_front();
  }
  if (in_use_ <= granted_) complied_ = version_;
  const absl::Duration due = NewDue();
  // The session's thread sleeps no longer than until the old one.
  if (std::exchange(due_, due) > due) changed_();
}

absl::Duration GrantGate::NewDue() {
  const proto::GrantRequest request = RequestLocked();
  const bool comply = request.version() != told_.version();
  const bool more = request.wanted() > told_.wanted() ||
                    request.permits_wanted() > told_.permits_wanted();
  const bool less = request.wanted() < told_.wanted() ||
                    request.permits_wanted() < told_.permits_wanted() ||
                    request.silent() != told_.silent();
  if (!comply && !more && !less) {
    untold_since_.reset();
    return absl::InfiniteDuration();
  }
  if (!untold_since_) untold_since_ = clock_->Now();
  // Others may be waiting for what this worker holds beyond its grant.
  if (comply) return *untold_since_;
  return *untold_since_ + (more ? kTellMore : kTellLess);
}

void GrantGate::ParkUntil(absl::Duration time) {
  parked_until_ = std::max(parked_until_, time);
  // So that they wake when it ends.
  for (Waiter* waiter : waiters_) waiter->wake.notify_one();
}

}  // namespace registry_manager
