// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_PLAIN_SETTLING_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_PLAIN_SETTLING_H_

#include <atomic>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/status_macros.h"
#include "common/http/cancellation.h"

namespace registry_manager {

// Holds back the deletes of one repository while nobody knows what became of
// another one there. Thread-safe.
class Settling {
 public:
  // OK if every delete so far is settled: then another one may be sent.
  // Aborted otherwise. Does not block.
  absl::Status Now() const {
    return unsettled_ == 0 && !abandoned_
               ? absl::OkStatus()
               : absl::AbortedError(
                     "what became of another DELETE is not known");
  }

  // Must be called before each DELETE: waits until every other one is settled.
  // Aborted if one could not be settled: nothing more may begin. The
  // cancellation's status if that comes first.
  absl::Status Await(Cancellation& cancellation) const {
    constexpr absl::Duration kPause = absl::Milliseconds(50);
    while (unsettled_ > 0) {
      RETURN_IF_ERROR(cancellation.SleepFor(kPause));
    }
    return abandoned_ ? Now() : absl::OkStatus();
  }

  // Other deletes wait for as long as a Hold lives.
  class Hold {
   public:
    explicit Hold(Settling& settling) : settling_(settling) {
      ++settling_.unsettled_;
    }
    ~Hold() { --settling_.unsettled_; }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

    // Records that the outcome of the DELETE remains unknown.
    void Abandon() { settling_.abandoned_ = true; }

   private:
    Settling& settling_;
  };

  // Counts DELETEs in a row that failed in the registry and came to nothing,
  // each of which is watched for long with nothing beside it.
  void CountFailure() { ++failures_; }
  void CountSuccess() { failures_ = 0; }
  // Internal once there were too many: the rest need not be tried.
  absl::Status CheckFailures() const {
    constexpr int kMaxFailures = 5;
    if (failures_ < kMaxFailures) return absl::OkStatus();
    return absl::InternalError(absl::StrCat(
        "not tried, because ", kMaxFailures,
        " DELETEs before it failed in the registry, one after the other; see "
        "the registry's log"));
  }

 private:
  std::atomic<int> unsettled_ = 0;
  std::atomic<int> failures_ = 0;
  std::atomic<bool> abandoned_ = false;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_PLAIN_SETTLING_H_
