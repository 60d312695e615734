// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/reference/printable.h"
#include "coordinator/journal/commit_check.h"
#include "coordinator/journal/journal.h"
#include "coordinator/journal/owner.h"
#include "coordinator/journal/redis_connection.h"
#include "coordinator/journal/redis_records.h"
#include "coordinator/journal/redis_scripts.h"

namespace registry_manager {
namespace {

using Command = RedisConnection::Command;
using Type = RedisReply::Type;

constexpr char kFormatVersion[] = "1";
const int64_t kOwnershipMilliseconds = absl::ToInt64Milliseconds(kOwnership);
// The most work that one script does, so that it ends within some 2 ms.
constexpr size_t kOutcomesAStep = 512;
constexpr size_t kShardsASweep = 256;

constexpr char kIdentities[] = "rm:identity";
constexpr char kIntents[] = "rm:intents";
constexpr char kEpoch[] = "rm:epoch";
constexpr char kFinished[] = "rm:finished";

constexpr const char* kBitmaps[] = {"done", "skip", "dead", "split"};

std::string Prefix(absl::string_view run) {
  return absl::StrCat("rm:{", run, "}:");
}

std::string TaskField(uint32_t shard, uint32_t index) {
  return absl::StrCat(shard, ":", index);
}

std::string IntentField(absl::string_view registry,
                        absl::string_view repository) {
  return absl::StrCat(registry, "\n", repository);
}

absl::Status HeldError(absl::string_view name,
                       const std::optional<Owner>& holder, const Owner& self) {
  if (!holder.has_value()) {
    return absl::FailedPreconditionError(absl::StrCat(
        name, " is held by somebody who cannot be told; that lapses within ",
        kOwnershipMilliseconds / 1000, " s unless it is renewed"));
  }
  std::string message = absl::StrCat(
      name, " is held by process ", holder->pid, " on ",
      Printable(holder->host),
      ": it is under way there, and `coordinator status` shows how it stands");
  if (holder->host != self.host || holder->place != self.place) {
    absl::StrAppend(&message,
                    "; should that have ended, its hold lapses within ",
                    kOwnershipMilliseconds / 1000, " s: submit again then");
  }
  return absl::FailedPreconditionError(message);
}

absl::Status RefusedError(absl::string_view name,
                          const proto::RunRecord& record,
                          absl::string_view what, absl::string_view by) {
  if (what == "version") {
    return absl::FailedPreconditionError(
        absl::StrCat(name, " has a journal of format ", Printable(by),
                     ", and this program knows ", kFormatVersion,
                     ": use the version of registry-manager that began it"));
  }
  if (what == "epoch") {
    return absl::DataLossError(absl::StrCat(
        "Redis key ", kEpoch, " is damaged: it holds '", Printable(by),
        "', which is no number; set it to one above the `epoch` of every "
        "rm:{RUN}:meta, or remove all keys rm:* to begin every run anew"));
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "run ", Printable(by), " of ", Printable(record.config()),
      " is unfinished, perhaps begun at the same time: submit again to go on "
      "with that"));
}

// `lapsed`: whose hold ended without being given up; empty: nobody's.
bool MayAct(const std::string& lapsed) {
  if (lapsed.empty()) return false;
  const std::optional<Owner> owner = Owner::Parse(lapsed);
  return !owner || !owner->IsKnownDead();
}

class RedisJournal : public Journal {
 public:
  explicit RedisJournal(RedisEndpoint endpoint)
      : redis_(std::move(endpoint)), owner_(Owner::Here()) {}

  absl::StatusOr<std::optional<std::string>> FindUnfinished(
      absl::string_view identity) override;
  absl::StatusOr<uint64_t> Own(const proto::RunRecord& record) override;
  bool PreviousOwnerMayAct() const override { return previous_may_act_; }
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
  absl::StatusOr<std::set<std::string>> RunsInUse() override;
  absl::Status Finish() override;
  absl::Status Release() override;

 private:
  std::string Key(absl::string_view name) const {
    return absl::StrCat(Prefix(run_), name);
  }
  absl::Status CheckOwned() const {
    return epoch_.empty() ? NotOwnedError() : absl::OkStatus();
  }
  // Adds to an error which run it is about, and what helps.
  absl::Status Explain(const absl::Status& status) const;
  absl::StatusOr<RedisReply> RunScript(
      const RedisScript& script, const std::vector<std::string>& keys,
      const std::vector<std::string>& arguments);

  absl::StatusOr<RedisReply> TryOwn(const proto::RunRecord& record,
                                    const std::string& dead_owner);
  absl::Status WriteStep(const Commit& commit, bool with_records,
                         const std::vector<size_t>& outcomes);
  absl::Status SweepFinished();
  absl::Status Sweep(const std::string& run);

  RedisConnection redis_;
  const RedisScripts scripts_;
  const Owner owner_;
  // Empty while no run is owned.
  std::string run_;
  std::string identity_;
  std::string epoch_;
  bool previous_may_act_ = false;
};

absl::Status RedisJournal::Explain(const absl::Status& status) const {
  if (absl::IsAborted(status)) {
    return absl::AbortedError(
        absl::StrCat("run ", run_, ": ", status.message()));
  }
  if (absl::IsDataLoss(status)) {
    return absl::DataLossError(absl::StrCat("the journal of run ", run_,
                                            " is damaged: ", status.message(),
                                            "; plan anew with --fresh"));
  }
  return status;
}

absl::StatusOr<RedisReply> RedisJournal::RunScript(
    const RedisScript& script, const std::vector<std::string>& keys,
    const std::vector<std::string>& arguments) {
  auto reply = redis_.Eval(script, keys, arguments);
  if (!reply.ok()) return Explain(reply.status());
  return reply;
}

absl::StatusOr<std::optional<std::string>> RedisJournal::FindUnfinished(
    absl::string_view identity) {
  auto run = redis_.Run({"HGET", kIdentities, std::string(identity)});
  if (absl::IsDataLoss(run.status())) {
    return absl::DataLossError(
        absl::StrCat("Redis key ", kIdentities, ": ", run.status().message(),
                     "; remove it (DEL ", kIdentities,
                     "), and what was not finished is begun anew"));
  }
  if (!run.ok()) return run.status();
  if (run->type != Type::kString) return std::nullopt;
  auto exists = redis_.Run({"EXISTS", Prefix(run->text) + "meta"});
  if (!exists.ok()) return exists.status();
  if (exists->integer == 0) return std::nullopt;
  return std::move(run->text);
}

absl::StatusOr<RedisReply> RedisJournal::TryOwn(const proto::RunRecord& record,
                                                const std::string& dead_owner) {
  const std::string prefix = Prefix(record.run());
  auto reply = redis_.Eval(
      scripts_.own,
      {prefix + "owner", prefix + "meta", kEpoch, kIdentities, kFinished},
      {owner_.str(), dead_owner, absl::StrCat(kOwnershipMilliseconds),
       record.run(), record.identity(), record.SerializeAsString(),
       kFormatVersion});
  if (!reply.ok()) return reply;
  if (reply->type != Type::kArray || reply->elements.size() < 2) {
    return absl::InternalError(absl::StrCat(
        "Redis at ", redis_.display(), " answers a script with another type"));
  }
  return reply;
}

absl::StatusOr<uint64_t> RedisJournal::Own(const proto::RunRecord& record) {
  if (absl::Status status = SweepFinished(); !status.ok()) return status;
  const std::string name = absl::StrCat("run ", Printable(record.run()), " of ",
                                        Printable(record.config()));
  std::string dead_owner;
  for (int i = 0; i < 5; ++i) {
    auto reply = TryOwn(record, dead_owner);
    if (!reply.ok()) return reply.status();
    const std::string& what = reply->elements[0].text;
    const std::string& by = reply->elements[1].text;
    if (what == "owned") {
      const auto epoch = static_cast<uint64_t>(reply->elements[1].integer);
      run_ = record.run();
      identity_ = record.identity();
      epoch_ = absl::StrCat(epoch);
      previous_may_act_ =
          reply->elements.size() > 2 && MayAct(reply->elements[2].text);
      return epoch;
    }
    if (what == "version" || what == "other" || what == "epoch") {
      return RefusedError(name, record, what, by);
    }
    if (what == "finished") {
      if (absl::Status status = SweepFinished(); !status.ok()) return status;
      continue;
    }
    const std::optional<Owner> holder = Owner::Parse(by);
    if (!holder.has_value() || !holder->IsKnownDead()) {
      return HeldError(name, holder, owner_);
    }
    dead_owner = by;
  }
  return absl::UnavailableError(
      absl::StrCat(name, " changes its owner again and again: try again"));
}

absl::Status RedisJournal::Renew() {
  if (absl::Status status = CheckOwned(); !status.ok()) return status;
  return RunScript(scripts_.renew, {Key("meta"), Key("owner")},
                   {epoch_, owner_.str(), absl::StrCat(kOwnershipMilliseconds)})
      .status();
}

absl::StatusOr<RunState> RedisJournal::Read() {
  if (absl::Status status = CheckOwned(); !status.ok()) return status;
  auto replies = redis_.RunAll({{"HGET", Key("meta"), "record"},
                                {"HGETALL", Key("counters")},
                                {"HKEYS", Key("shards")},
                                {"HGETALL", Key("listings")},
                                {"HGETALL", Key("attempts")}});
  if (!replies.ok()) return Explain(replies.status());
  auto state = DecodeRunState(run_, *replies);
  if (!state.ok()) return Explain(state.status());
  return state;
}

absl::StatusOr<proto::Shard> RedisJournal::ReadShard(uint32_t shard) {
  if (absl::Status status = CheckOwned(); !status.ok()) return status;
  const std::string field = absl::StrCat(shard);
  auto reply = redis_.Run({"HGET", Key("shards"), field});
  if (!reply.ok()) return Explain(reply.status());
  if (reply->type == Type::kNil) {
    return absl::NotFoundError(absl::StrCat("run ", run_, " has no shard ",
                                            shard,
                                            ": its journal is damaged; plan "
                                            "anew with --fresh"));
  }
  absl::StatusOr<proto::Shard> result =
      DecodeShard(Key("shards"), field, reply->text);
  if (!result.ok()) return Explain(result.status());
  return result;
}

absl::StatusOr<std::vector<TaskState>> RedisJournal::ReadOutcomes(
    uint32_t shard, uint32_t tasks) {
  if (absl::Status status = CheckOwned(); !status.ok()) return status;
  std::vector<Command> commands;
  // An end wins over the split before it.
  const TaskState kOrder[] = {TaskState::kSplit, TaskState::kDead,
                              TaskState::kSkipped, TaskState::kDone};
  for (TaskState state : kOrder) {
    commands.push_back({"GET", absl::StrCat(Key(BitmapOf(state)), ":", shard)});
  }
  auto replies = redis_.RunAll(commands);
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

absl::Status RedisJournal::Write(const Commit& commit) {
  if (absl::Status status = CheckOwned(); !status.ok()) return status;
  if (absl::Status status = CheckCommit(commit); !status.ok()) return status;
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
      absl::Status status = WriteStep(commit, with_records, step);
      if (!status.ok()) return status;
      with_records = false;
      step.clear();
    }
    step.push_back(i);
  }
  return WriteStep(commit, with_records, step);
}

absl::Status RedisJournal::WriteStep(const Commit& commit, bool with_records,
                                     const std::vector<size_t>& outcomes) {
  std::vector<std::string> arguments = {epoch_, Prefix(run_)};
  EncodeStep(commit, with_records, outcomes, &arguments);
  auto reply = RunScript(scripts_.commit,
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

absl::Status RedisJournal::WriteAttempts(const Attempts& attempts) {
  if (absl::Status status = CheckOwned(); !status.ok()) return status;
  return RunScript(scripts_.attempts, {Key("meta"), Key("attempts")},
                   {epoch_, TaskField(attempts.shard, attempts.index),
                    absl::StrCat(attempts.attempts, ":", attempts.losses)})
      .status();
}

absl::StatusOr<std::optional<proto::Intent>> RedisJournal::ReadIntent(
    absl::string_view registry, absl::string_view repository) {
  const std::string field = IntentField(registry, repository);
  auto reply = redis_.Run({"HGET", kIntents, field});
  if (!reply.ok()) return reply.status();
  if (reply->type == Type::kNil) return std::nullopt;
  proto::Intent intent;
  absl::Status status = DecodeRecord(kIntents, field, reply->text, &intent);
  if (!status.ok()) {
    return absl::DataLossError(absl::StrCat(
        status.message(), ": a deletion in ", Printable(repository),
        " was cut short and cannot be finished; look at the repository, then "
        "remove that field with HDEL"));
  }
  return intent;
}

absl::Status RedisJournal::WriteIntent(absl::string_view registry,
                                       absl::string_view repository,
                                       const proto::Intent* intent) {
  if (absl::Status status = CheckOwned(); !status.ok()) return status;
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
  return RunScript(scripts_.intent, {Key("meta"), kIntents}, arguments)
      .status();
}

absl::StatusOr<std::set<std::string>> RedisJournal::RunsInUse() {
  auto replies = redis_.RunAll({{"HVALS", kIdentities}, {"HGETALL", kIntents}});
  if (!replies.ok()) return replies.status();
  return DecodeRunsInUse(*replies);
}

absl::Status RedisJournal::Finish() {
  if (absl::Status status = CheckOwned(); !status.ok()) return status;
  auto reply = RunScript(scripts_.finish, {Key("meta"), kIdentities, kFinished},
                         {epoch_, run_, identity_});
  if (!reply.ok()) return reply.status();
  if (absl::Status status = Sweep(run_); !status.ok()) return status;
  epoch_.clear();
  return absl::OkStatus();
}

absl::Status RedisJournal::Release() {
  if (epoch_.empty()) return absl::OkStatus();
  auto reply =
      RunScript(scripts_.release, {Key("owner"), Key("meta")}, {owner_.str()});
  if (!reply.ok()) return reply.status();
  epoch_.clear();
  return absl::OkStatus();
}

// Removes what was left by a coordinator that ended in the middle of Finish().
absl::Status RedisJournal::SweepFinished() {
  auto runs = redis_.Run({"SMEMBERS", kFinished});
  if (!runs.ok()) return runs.status();
  for (const RedisReply& run : runs->elements) {
    if (absl::Status status = Sweep(run.text); !status.ok()) return status;
  }
  return absl::OkStatus();
}

// The shards, which name the bitmaps, go last.
absl::Status RedisJournal::Sweep(const std::string& run) {
  const std::string prefix = Prefix(run);
  auto shards = redis_.Run({"HKEYS", prefix + "shards"});
  if (!shards.ok() && !absl::IsDataLoss(shards.status())) {
    return shards.status();
  }
  const size_t count = shards.ok() ? shards->elements.size() : 0;
  for (size_t begin = 0; begin < count; begin += kShardsASweep) {
    std::vector<std::string> keys = {kFinished};
    for (size_t i = begin; i < std::min(count, begin + kShardsASweep); ++i) {
      for (const char* bitmap : kBitmaps) {
        keys.push_back(
            absl::StrCat(prefix, bitmap, ":", shards->elements[i].text));
      }
    }
    auto reply = redis_.Eval(scripts_.sweep, keys, {run, "more"});
    if (!reply.ok()) return reply.status();
  }
  return redis_
      .Eval(scripts_.sweep,
            {kFinished, prefix + "meta", prefix + "shards", prefix + "listings",
             prefix + "counters", prefix + "attempts", prefix + "owner"},
            {run, "last"})
      .status();
}

}  // namespace

std::unique_ptr<Journal> NewRedisJournal(RedisEndpoint endpoint) {
  return std::make_unique<RedisJournal>(std::move(endpoint));
}

}  // namespace registry_manager
