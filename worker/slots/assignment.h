// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_SLOTS_ASSIGNMENT_H_
#define REGISTRY_MANAGER_WORKER_SLOTS_ASSIGNMENT_H_

#include <atomic>
#include <cstdint>
#include <mutex>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/http/cancellation.h"
#include "common/registry/connection/task_scope.h"
#include "proto/fleet.pb.h"
#include "worker/grants/clock.h"

namespace registry_manager {

// One attempt at a task, from its dispatch until its result is acknowledged:
// the lease, the cancellation, and what it has done so far. Shared by the
// session's thread and a slot; thread-safe.
class Assignment {
 public:
  // `clock` outlives it. There is no lease yet.
  Assignment(proto::Task task, const Clock* clock);
  Assignment(const Assignment&) = delete;
  Assignment& operator=(const Assignment&) = delete;

  const proto::Task& task() const { return task_; }
  const proto::TaskId& id() const { return task_.lease().id(); }
  uint32_t attempt() const { return task_.lease().attempt(); }

  // True for the first caller: the slot that carries it out, or the session
  // that hands it back.
  bool Claim() { return !claimed_.exchange(true); }

  // The lease lasts `ttl` from `from`, unless it lasts longer already.
  void RenewLease(absl::Duration from, absl::Duration ttl);
  absl::Duration lease_end() const {
    return absl::Nanoseconds(lease_end_ns_.load());
  }
  // OK while the lease lasts for at least a fifth of its length more: what is
  // sent then has arrived when the lease ends.
  absl::Status MayWrite() const;

  // While one lives, the task waits for another: it is no less alive for that.
  class Waiting {
   public:
    explicit Waiting(Assignment& assignment) : assignment_(assignment) {
      ++assignment_.waiting_;
    }
    ~Waiting() { --assignment_.waiting_; }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

   private:
    Assignment& assignment_;
  };
  bool waits() const { return waiting_ > 0; }

  Cancellation& cancellation() { return cancellation_; }
  TaskScope& scope() { return scope_; }

  void Report(const proto::Counts& counts);
  proto::Counts counts() const;

 private:
  const proto::Task task_;
  const Clock* const clock_;
  std::atomic<bool> claimed_ = false;
  std::atomic<int> waiting_ = 0;
  std::atomic<int64_t> lease_end_ns_ = 0;
  std::atomic<int64_t> may_write_until_ns_ = 0;
  Cancellation cancellation_;
  TaskScope scope_;
  mutable std::mutex mutex_;
  proto::Counts counts_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_SLOTS_ASSIGNMENT_H_
