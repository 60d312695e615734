// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_SCHEDULER_RATE_SHARES_H_
#define REGISTRY_MANAGER_COORDINATOR_SCHEDULER_RATE_SHARES_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/time/time.h"

namespace registry_manager {

// Shares a rate of requests among sessions. A token bucket that holds what a
// tenth of a second brings (at least one) yields permits; they go only to who
// waits for one, in turn. Permits are absolute counters, so that a message that
// comes twice does no harm. Permits of a session that has left are void.
// Not thread-safe.
class RateShares {
 public:
  // `rate`: requests a second, above zero.
  explicit RateShares(double rate);

  void SetRate(double rate);

  // `total`: how many permits the session can use, those it has had included.
  void Want(const std::string& session, uint64_t total);
  void Forget(const std::string& session);

  // Hands out what there is. True: somebody got something.
  bool Distribute(absl::Time now);
  // The number of permits that the session has had.
  uint64_t Permits(const std::string& session) const;

  // Permits that are waited for.
  uint64_t waiting() const { return waiting_; }

  // When Distribute has something to hand out; the infinite future while nobody
  // waits. High rates are handed out in portions, so that the caller is not
  // woken for every single permit.
  absl::Time NextPermit() const;

 private:
  struct Share {
    uint64_t given = 0;
    uint64_t wanted = 0;
  };

  double rate_;
  double capacity_;
  double tokens_;
  absl::Time filled_ = absl::InfinitePast();
  uint64_t waiting_ = 0;
  std::map<std::string, Share> shares_;
  // Whose turn was last.
  std::string last_served_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_SCHEDULER_RATE_SHARES_H_
