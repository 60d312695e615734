// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/journal/redis_run_journal.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/reference/printable.h"
#include "coordinator/journal/commit_check.h"
#include "coordinator/journal/redis_records.h"

namespace registry_manager {
namespace {

using Command = RedisConnection::Command;
using Type = RedisReply::Type;

const int64_t kOwnershipMilliseconds = absl::ToInt64Milliseconds(kOwnership);
// The most work that one script does, so that it ends within some 2 ms.
constexpr size_t kOutcomesAStep = 512;

std::string TaskField(uint32_t shard, uint32_t index) {
  return absl::StrCat(shard, ":", index);
}

std::string IntentField(absl::string_view registry,
                        absl::string_view repository) {
  return absl::StrCat(registry, "\n", repository);
}

class RedisRunJournal : public RunJournal {
 public:
  RedisRunJournal(RedisCore* core, OwnedRun run)
      : core_(*core), run_(std::move(run)), epoch_(absl::StrCat(run_.epoch)) {}

  bool previous_owner_may_act() const override {
    return run_.previous_owner_may_act;
  }
  absl::Status Renew() override;
  absl::StatusOr<RunState> Read() override;
  absl::StatusOr<proto::Shard> ReadShard(uint32_t shard) override;
  absl::StatusOr<std::vector<TaskState>> ReadOutcomes(uint32_t shard,
                                                      uint32_t tasks) override;
  absl::Status Write(const Commit& commit) override;
  absl::Status WriteAttempts(const Attempts& attempts) override;
  absl::StatusOr<std::optional<proto::Intent>> ReadIntent(
      absl::string_view registry, absl::string_view repository) override;
  absl::Status WriteIntent(absl::string_view registry,
                           absl::string_view repository,
                           const proto::Intent* intent) override;
  absl::Status Finish() override;
  absl::Status Release() override;

 private:
  std::string Key(absl::string_view name) const {
    return absl::StrCat(KeyPrefix(run_.run), name);
  }
  absl::Status CheckOwned() const {
    return is_given_up_ ? NotOwnedError() : absl::OkStatus();
  }
  // Adds to an error which run it is about, and what helps.
  absl::Status Explain(const absl::Status& status) const;
  absl::StatusOr<RedisReply> RunScript(
      const RedisScript& script, const std::vector<std::string>& keys,
      const std::vector<std::string>& arguments);
  absl::Status WriteStep(const Commit& commit, bool with_records,
                         const std::vector<size_t>& outcomes);

  RedisCore& core_;
  const OwnedRun run_;
  const std::string epoch_;
  bool is_given_up_ = false;
};

absl::Status RedisRunJournal::Explain(const absl::Status& status) const {
  if (absl::IsAborted(status)) {
    return absl::AbortedError(
        absl::StrCat("run ", run_.run, ": ", status.message()));
  }
  if (absl::IsDataLoss(status)) {
    return absl::DataLossError(absl::StrCat("the journal of run ", run_.run,
                                            " is damaged: ", status.message(),
                                            "; plan anew with --fresh"));
  }
  return status;
}

absl::StatusOr<RedisReply> RedisRunJournal::RunScript(
    const RedisScript& script, const std::vector<std::string>& keys,
    const std::vector<std::string>& arguments) {
  auto reply = core_.redis.Eval(script, keys, arguments);
  if (!reply.ok()) return Explain(reply.status());
  return reply;
}

absl::Status RedisRunJournal::Renew() {
  const std::lock_guard lock(core_.mutex);
  RETURN_IF_ERROR(CheckOwned());
  return RunScript(
             core_.scripts.renew, {Key("meta"), Key("owner")},
             {epoch_, core_.owner.str(), absl::StrCat(kOwnershipMilliseconds)})
      .status();
}

absl::StatusOr<RunState> RedisRunJournal::Read() {
  const std::lock_guard lock(core_.mutex);
  RETURN_IF_ERROR(CheckOwned());
  auto replies = core_.redis.RunAll({{"HGET", Key("meta"), "record"},
                                     {"HGETALL", Key("counters")},
                                     {"HKEYS", Key("shards")},
                                     {"HGETALL", Key("listings")},
                                     {"HGETALL", Key("attempts")}});
  if (!replies.ok()) return Explain(replies.status());
  auto state = DecodeRunState(run_.run, *replies);
  if (!state.ok()) return Explain(state.status());
  return state;
}

absl::StatusOr<proto::Shard> RedisRunJournal::ReadShard(uint32_t shard) {
  const std::lock_guard lock(core_.mutex);
  RETURN_IF_ERROR(CheckOwned());
  const std::string field = absl::StrCat(shard);
  auto reply = core_.redis.Run({"HGET", Key("shards"), field});
  if (!reply.ok()) return Explain(reply.status());
  if (reply->type == Type::kNil) {
    return absl::NotFoundError(absl::StrCat("run ", run_.run, " has no shard ",
                                            shard,
                                            ": its journal is damaged; plan "
                                            "anew with --fresh"));
  }
  absl::StatusOr<proto::Shard> result =
      DecodeShard(Key("shards"), field, reply->text);
  if (!result.ok()) return Explain(result.status());
  return result;
}

absl::StatusOr<std::vector<TaskState>> RedisRunJournal::ReadOutcomes(
    uint32_t shard, uint32_t tasks) {
  const std::lock_guard lock(core_.mutex);
  RETURN_IF_ERROR(CheckOwned());
  std::vector<Command> commands;
  // An end wins over the split before it.
  const TaskState kOrder[] = {TaskState::kSplit, TaskState::kDead,
                              TaskState::kSkipped, TaskState::kDone};
  for (TaskState state : kOrder) {
    commands.push_back({"GET", absl::StrCat(Key(BitmapOf(state)), ":", shard)});
  }
  auto replies = core_.redis.RunAll(commands);
  if (!replies.ok()) return Explain(replies.status());
  std::vector<TaskState> result(tasks, TaskState::kPending);
  for (size_t i = 0; i < replies->size(); ++i) {
    const std::string& bits = (*replies)[i].text;
    // Redis counts the bits of a byte from its highest.
    for (size_t task = 0; task < std::min<size_t>(tasks, bits.size() * 8);
         ++task) {
      if ((bits[task / 8] >> (7 - task % 8)) & 1) result[task] = kOrder[i];
    }
  }
  return result;
}

absl::Status RedisRunJournal::Write(const Commit& commit) {
  const std::lock_guard lock(core_.mutex);
  RETURN_IF_ERROR(CheckOwned());
  RETURN_IF_ERROR(CheckCommit(commit));
  // The first step holds what belongs together: shards, listings, splits. The
  // other outcomes stand for themselves.
  std::vector<size_t> step;
  for (size_t i = 0; i < commit.outcomes.size(); ++i) {
    if (commit.outcomes[i].state == TaskState::kSplit) step.push_back(i);
  }
  bool with_records = true;
  for (size_t i = 0; i < commit.outcomes.size(); ++i) {
    if (commit.outcomes[i].state == TaskState::kSplit) continue;
    if (step.size() >= kOutcomesAStep) {
      RETURN_IF_ERROR(WriteStep(commit, with_records, step));
      with_records = false;
      step.clear();
    }
    step.push_back(i);
  }
  return WriteStep(commit, with_records, step);
}

absl::Status RedisRunJournal::WriteStep(const Commit& commit, bool with_records,
                                        const std::vector<size_t>& outcomes) {
  std::vector<std::string> arguments = {epoch_, KeyPrefix(run_.run)};
  EncodeStep(commit, with_records, outcomes, &arguments);
  auto reply = RunScript(core_.scripts.commit,
                         {Key("meta"), Key("shards"), Key("listings"),
                          Key("counters"), Key("attempts")},
                         arguments);
  if (!reply.ok()) return reply.status();
  uint32_t unknown = 0;
  if (reply->elements.size() == 2 &&
      absl::SimpleAtoi(reply->elements[1].text, &unknown)) {
    return UnknownShardError(unknown);
  }
  return absl::OkStatus();
}

absl::Status RedisRunJournal::WriteAttempts(const Attempts& attempts) {
  const std::lock_guard lock(core_.mutex);
  RETURN_IF_ERROR(CheckOwned());
  return RunScript(core_.scripts.attempts, {Key("meta"), Key("attempts")},
                   {epoch_, TaskField(attempts.shard, attempts.index),
                    absl::StrCat(attempts.attempts, ":", attempts.losses)})
      .status();
}

absl::StatusOr<std::optional<proto::Intent>> RedisRunJournal::ReadIntent(
    absl::string_view registry, absl::string_view repository) {
  const std::lock_guard lock(core_.mutex);
  const std::string field = IntentField(registry, repository);
  auto reply = core_.redis.Run({"HGET", kIntentsKey, field});
  if (!reply.ok()) return reply.status();
  if (reply->type == Type::kNil) return std::nullopt;
  proto::Intent intent;
  absl::Status status = DecodeRecord(kIntentsKey, field, reply->text, &intent);
  if (!status.ok()) {
    return absl::DataLossError(absl::StrCat(
        status.message(), ": a deletion in ", Printable(repository),
        " was cut short and cannot be finished; look at the repository, then "
        "remove that field with HDEL"));
  }
  return intent;
}

absl::Status RedisRunJournal::WriteIntent(absl::string_view registry,
                                          absl::string_view repository,
                                          const proto::Intent* intent) {
  const std::lock_guard lock(core_.mutex);
  RETURN_IF_ERROR(CheckOwned());
  std::vector<std::string> arguments = {epoch_,
                                        IntentField(registry, repository)};
  if (intent != nullptr) {
    if (intent->ByteSizeLong() > kMaxRecordBytes) {
      return absl::InvalidArgumentError(absl::StrCat(
          "what is to be deleted in ", Printable(repository),
          " takes more than ", kMaxRecordBytes, " bytes of the journal"));
    }
    arguments.push_back(intent->SerializeAsString());
  }
  return RunScript(core_.scripts.intent, {Key("meta"), kIntentsKey}, arguments)
      .status();
}

absl::Status RedisRunJournal::Finish() {
  const std::lock_guard lock(core_.mutex);
  RETURN_IF_ERROR(CheckOwned());
  auto reply = RunScript(core_.scripts.finish,
                         {Key("meta"), kIdentitiesKey, kFinishedKey},
                         {epoch_, run_.run, run_.identity});
  if (!reply.ok()) return reply.status();
  if (absl::Status status = SweepRun(core_, run_.run); !status.ok())
    return status;
  is_given_up_ = true;
  return absl::OkStatus();
}

absl::Status RedisRunJournal::Release() {
  const std::lock_guard lock(core_.mutex);
  if (is_given_up_) return absl::OkStatus();
  auto reply = RunScript(core_.scripts.release, {Key("owner"), Key("meta")},
                         {core_.owner.str()});
  if (!reply.ok()) return reply.status();
  is_given_up_ = true;
  return absl::OkStatus();
}

}  // namespace

std::unique_ptr<RunJournal> NewRedisRunJournal(RedisCore* core, OwnedRun run) {
  return std::make_unique<RedisRunJournal>(core, std::move(run));
}

}  // namespace registry_manager
