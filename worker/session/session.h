// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_SESSION_SESSION_H_
#define REGISTRY_MANAGER_WORKER_SESSION_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/registry/connection/credentials.h"
#include "proto/fleet.pb.h"
#include "worker/grants/clock.h"
#include "worker/grants/grant_pool.h"
#include "worker/session/action_queue.h"
#include "worker/session/heartbeats.h"
#include "worker/session/settings_store.h"
#include "worker/session/unacknowledged.h"
#include "worker/slots/assignment.h"
#include "worker/slots/call.h"
#include "worker/slots/executor.h"
#include "worker/slots/task_port.h"

namespace registry_manager {

using IntentCall = Call<absl::Status>;
using BlobCall = Call<absl::StatusOr<BlobLedger::Turn>>;
using CredentialsCall = Call<absl::StatusOr<RegistryCredentials>>;

struct SessionOptions {
  // Random, so that nobody who does not know it can pretend to be this worker.
  std::string id;
  // The values that the Hello says.
  std::string worker;
  uint32_t slots = 1;
  uint64_t epoch_seen = 0;
  // The session sends no Hello before that time.
  absl::Duration begin;
};

// The worker's side of one session, from Hello to its end: docs/protocol.md.
// Told of messages, of what slots did, and that time has passed, it answers
// with messages, and with tasks for the executor. No I/O, no threads of its
// own; used from one thread.
class Session {
 public:
  enum class State {
    kJoining,
    kJoined,
    // The leases have ended; only a new session helps.
    kOver,
    // The coordinator does not take this worker.
    kRejected,
  };
  // The parts that a session needs; all must outlive it.
  struct Parts {
    const Clock* clock;
    GrantPool* grants;
    Executor* executor;
    ActionQueue* actions;
    // Sends to the coordinator; false: not now, try again.
    std::function<bool(const proto::Envelope& message)> send;
  };

  Session(SessionOptions options, Parts parts);
  // Cancels its tasks.
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void Receive(const proto::Envelope& message);
  // A message came that this program cannot read.
  void ReceiveUnreadable(const absl::Status& why);
  // Does what is due, and sends what waits. To be called after everything else.
  void Advance();
  // When Advance has something to do by itself.
  absl::Duration NextWake() const;

  // --- what slots did; ignored where the assignment is none of this session
  // ---

  void Finish(const std::shared_ptr<Assignment>& assignment,
              proto::TaskResult result);
  void WriteIntent(const std::shared_ptr<Assignment>& assignment,
                   proto::IntentWrite write, std::shared_ptr<IntentCall> call);
  void ClaimBlob(const std::shared_ptr<Assignment>& assignment,
                 const BlobPlace& place, std::shared_ptr<BlobCall> call);
  void EndBlob(const std::shared_ptr<Assignment>& assignment,
               const BlobPlace& place, proto::BlobEnd::Outcome outcome);
  // A registry refuses its credentials. The caller does not wait for ever: the
  // coordinator answers only while the run has a task here.
  void AskForCredentials(const std::string& run, const std::string& registry,
                         std::shared_ptr<CredentialsCall> call);

  // --- the end ---

  // Tasks that have not begun are handed back, as are new ones.
  void Drain();
  bool draining() const { return draining_; }
  // True when no task is here and every result is acknowledged.
  bool idle() const { return tasks_.empty(); }
  void CancelAll(const std::string& reason);
  // The last message: what has no acknowledged result is handed back by it.
  void SayGoodbye();

  State state() const { return state_; }
  const std::string& reason() const { return reason_; }
  const std::string& id() const { return options_.id; }
  // The highest epoch seen.
  uint64_t epoch() const { return epoch_; }

 private:
  // Run, shard, index, attempt.
  using Key = std::tuple<std::string, uint32_t, uint32_t, uint32_t>;
  struct Task {
    std::shared_ptr<Assignment> assignment;
    // Given to the executor: its settings are here.
    bool started = false;
    // Its result waits to be acknowledged.
    bool finished = false;
  };
  struct PendingIntent {
    Key task;
    std::shared_ptr<IntentCall> call;
  };
  struct PendingBlob {
    Key task;
    std::shared_ptr<BlobCall> call;
  };

  static Key KeyOf(const proto::TaskId& id, uint32_t attempt);
  Task* Find(const proto::TaskId& id, uint32_t attempt);
  Task* FindOwn(const Assignment& assignment);

  void ReceiveWelcome(const proto::Welcome& welcome);
  void ReceiveReject(const std::string& reason);
  void ReceiveDispatch(const proto::Dispatch& dispatch);
  void ReceiveHeartbeatAck(const proto::HeartbeatAck& ack);
  void ReceiveResultAck(const proto::ResultAck& ack);
  void ReceiveSettings(const proto::Settings& settings);
  void ReceiveIntentAck(const proto::IntentAck& ack);
  void ReceiveBlobTurn(const proto::BlobTurn& turn);
  void ReceiveCredentials(const proto::CredentialsReply& reply);
  void ReceiveCancel(const proto::Cancel& cancel);

  void StartTasksOf(const std::string& run);
  void Stop(Task& task, const std::string& reason);
  void AddResult(Task& task, proto::TaskResult result);
  std::set<std::string> RunsNeeded(bool started) const;

  void EndLeases(absl::Duration now);
  bool Send(proto::Envelope message);
  // Sends until nothing is due, or nothing more goes: then false.
  bool SendDue(absl::Duration now);
  bool SendHello(absl::Duration now);
  bool SendHeartbeat(absl::Duration now);
  bool SendThrottled();
  bool SendGrantRequests(absl::Duration now);
  bool SendSettingsRequests(absl::Duration now);
  bool SendActions();
  bool SendBlobEnds();
  absl::Duration NextSend() const;

  const SessionOptions options_;
  const Parts parts_;
  State state_ = State::kJoining;
  std::string reason_;
  uint64_t epoch_;
  bool draining_ = false;

  absl::Duration heartbeat_every_ = absl::Seconds(5);
  absl::Duration lease_ = absl::Seconds(30);
  Heartbeats heartbeats_;
  absl::Duration hello_due_;
  absl::Duration hello_back_off_ = absl::Seconds(1);
  absl::Duration heartbeat_due_ = absl::InfiniteDuration();

  std::map<Key, Task> tasks_;
  std::map<uint64_t, Key> task_of_result_;
  Unacknowledged results_;
  std::map<uint64_t, PendingIntent> pending_intents_;
  Unacknowledged intents_;
  std::map<uint64_t, PendingBlob> pending_blobs_;
  Unacknowledged blob_claims_;
  std::deque<proto::BlobEnd> blob_ends_;
  std::map<uint64_t, std::shared_ptr<CredentialsCall>> pending_credentials_;
  Unacknowledged credentials_requests_;
  SettingsStore settings_;
  std::deque<proto::Throttled> throttled_;

  // The last SendDue came to a message that did not go, at that time.
  std::optional<absl::Duration> blocked_since_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_SESSION_SESSION_H_
