// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/reference/printable.h"
#include "coordinator/journal/journal.h"
#include "coordinator/journal/owner.h"
#include "coordinator/journal/redis_core.h"
#include "coordinator/journal/redis_records.h"
#include "coordinator/journal/redis_run_journal.h"

namespace registry_manager {
namespace {

using Type = RedisReply::Type;

constexpr char kFormatVersion[] = "2";
const int64_t kOwnershipMilliseconds = absl::ToInt64Milliseconds(kOwnership);

absl::Status HeldError(absl::string_view name,
                       const std::optional<Owner>& holder, const Owner& self) {
  if (!holder.has_value()) {
    return absl::FailedPreconditionError(absl::StrCat(
        name, " is locked by an unknown owner; the lock expires in ",
        kOwnershipMilliseconds / 1000, " s unless renewed"));
  }
  std::string message =
      absl::StrCat(name, " is held by process ", holder->pid, " on ",
                   Printable(holder->host),
                   ": it is being carried out there, and `coordinator status` "
                   "shows how it stands");
  if (holder->host != self.host || holder->place != self.place) {
    absl::StrAppend(&message,
                    "; if that process has ended, its lock expires within ",
                    kOwnershipMilliseconds / 1000, " s: submit again then");
  }
  return absl::FailedPreconditionError(message);
}

absl::Status DamagedEpochError(absl::string_view text) {
  return absl::DataLossError(absl::StrCat(
      "Redis key ", kEpochKey, " is damaged: it holds '", Printable(text),
      "', which is not a number; set it to one above the `epoch` of every "
      "rm:{RUN}:meta, or remove all keys rm:* to begin every run anew"));
}

absl::Status RefusedError(absl::string_view name,
                          const proto::RunRecord& record,
                          absl::string_view what, absl::string_view by) {
  if (what == "version") {
    return absl::FailedPreconditionError(
        absl::StrCat(name, " has a journal of format ", Printable(by),
                     ", and this program knows formats up to ", kFormatVersion,
                     ": use the version of registry-manager that began it"));
  }
  if (what == "epoch") return DamagedEpochError(by);
  return absl::FailedPreconditionError(absl::StrCat(
      "run ", Printable(by), " of ", Printable(record.config()),
      " is unfinished, perhaps begun at the same time: submit again to resume "
      "it"));
}

// `lapsed`: whose hold ended without being given up; empty: nobody's.
bool MayAct(const std::string& lapsed) {
  if (lapsed.empty()) return false;
  const std::optional<Owner> owner = Owner::Parse(lapsed);
  return !owner || !owner->IsKnownDead();
}

class RedisJournal : public Journal {
 public:
  explicit RedisJournal(RedisEndpoint endpoint) : core_(std::move(endpoint)) {}

  absl::StatusOr<std::optional<std::string>> FindUnfinished(
      absl::string_view identity) override;
  absl::StatusOr<std::unique_ptr<RunJournal>> Own(
      const proto::RunRecord& record) override;
  absl::StatusOr<uint64_t> NextEpoch() override;
  absl::StatusOr<std::set<std::string>> RunsInUse() override;

 private:
  absl::StatusOr<RedisReply> TryOwn(const proto::RunRecord& record,
                                    const std::string& dead_owner);
  // Removes what was left by a coordinator that ended in the middle of
  // RunJournal::Finish().
  absl::Status SweepFinished();

  RedisCore core_;
};

absl::StatusOr<std::optional<std::string>> RedisJournal::FindUnfinished(
    absl::string_view identity) {
  const std::lock_guard lock(core_.mutex);
  auto run = core_.redis.Run({"HGET", kIdentitiesKey, std::string(identity)});
  if (absl::IsDataLoss(run.status())) {
    return absl::DataLossError(
        absl::StrCat("Redis key ", kIdentitiesKey, ": ", run.status().message(),
                     "; remove it (DEL ", kIdentitiesKey,
                     "), and what was not finished is begun anew"));
  }
  if (!run.ok()) return run.status();
  if (run->type != Type::kString) return std::nullopt;
  auto exists = core_.redis.Run({"EXISTS", KeyPrefix(run->text) + "meta"});
  if (!exists.ok()) return exists.status();
  if (exists->integer == 0) return std::nullopt;
  return std::move(run->text);
}

absl::StatusOr<RedisReply> RedisJournal::TryOwn(const proto::RunRecord& record,
                                                const std::string& dead_owner) {
  const std::string prefix = KeyPrefix(record.run());
  auto reply = core_.redis.Eval(
      core_.scripts.own,
      {prefix + "owner", prefix + "meta", kEpochKey, kIdentitiesKey,
       kFinishedKey},
      {core_.owner.str(), dead_owner, absl::StrCat(kOwnershipMilliseconds),
       record.run(), record.identity(), record.SerializeAsString(),
       kFormatVersion});
  if (!reply.ok()) return reply;
  if (reply->type != Type::kArray || reply->elements.size() < 2) {
    return absl::InternalError(
        absl::StrCat("Redis at ", core_.redis.display(),
                     " answers a script with another type"));
  }
  return reply;
}

absl::StatusOr<std::unique_ptr<RunJournal>> RedisJournal::Own(
    const proto::RunRecord& record) {
  const std::lock_guard lock(core_.mutex);
  RETURN_IF_ERROR(SweepFinished());
  const std::string name = absl::StrCat("run ", Printable(record.run()), " of ",
                                        Printable(record.config()));
  std::string dead_owner;
  for (int i = 0; i < 5; ++i) {
    auto reply = TryOwn(record, dead_owner);
    if (!reply.ok()) return reply.status();
    const std::string& what = reply->elements[0].text;
    const std::string& by = reply->elements[1].text;
    if (what == "owned") {
      return NewRedisRunJournal(
          &core_,
          {record.run(), record.identity(),
           static_cast<uint64_t>(reply->elements[1].integer),
           reply->elements.size() > 2 && MayAct(reply->elements[2].text)});
    }
    if (what == "version" || what == "other" || what == "epoch") {
      return RefusedError(name, record, what, by);
    }
    if (what == "finished") {
      RETURN_IF_ERROR(SweepFinished());
      continue;
    }
    const std::optional<Owner> holder = Owner::Parse(by);
    if (!holder.has_value() || !holder->IsKnownDead()) {
      return HeldError(name, holder, core_.owner);
    }
    dead_owner = by;
  }
  return absl::UnavailableError(
      absl::StrCat(name, " changes its owner again and again: try again"));
}

absl::StatusOr<uint64_t> RedisJournal::NextEpoch() {
  const std::lock_guard lock(core_.mutex);
  auto reply = core_.redis.Eval(core_.scripts.epoch, {kEpochKey}, {});
  if (!reply.ok()) return reply.status();
  if (reply->type != Type::kInteger) return DamagedEpochError(reply->text);
  return static_cast<uint64_t>(reply->integer);
}

absl::StatusOr<std::set<std::string>> RedisJournal::RunsInUse() {
  const std::lock_guard lock(core_.mutex);
  auto replies =
      core_.redis.RunAll({{"HVALS", kIdentitiesKey}, {"HGETALL", kIntentsKey}});
  if (!replies.ok()) return replies.status();
  return DecodeRunsInUse(*replies);
}

absl::Status RedisJournal::SweepFinished() {
  auto runs = core_.redis.Run({"SMEMBERS", kFinishedKey});
  if (!runs.ok()) return runs.status();
  for (const RedisReply& run : runs->elements) {
    if (absl::Status status = SweepRun(core_, run.text); !status.ok())
      return status;
  }
  return absl::OkStatus();
}

}  // namespace

std::unique_ptr<Journal> NewRedisJournal(RedisEndpoint endpoint) {
  return std::make_unique<RedisJournal>(std::move(endpoint));
}

}  // namespace registry_manager
