// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/journal/redis_records.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"
#include "common/reference/printable.h"
#include "coordinator/journal/commit_check.h"
#include "coordinator/journal/counts.h"

namespace registry_manager {
namespace {

absl::Status Damaged(absl::string_view key, absl::string_view field) {
  return absl::DataLossError(absl::StrCat("Redis key ", Printable(key),
                                          ", field ", Printable(field),
                                          ", is not what was written there"));
}

uint32_t TasksOf(const proto::Shard& shard) {
  return shard.has_parent() ? shard.batches_size() : shard.entries_size();
}

// The pairs of a HGETALL.
size_t Pairs(const RedisReply& reply) { return reply.elements.size() / 2; }
const std::string& Field(const RedisReply& reply, size_t pair) {
  return reply.elements[2 * pair].text;
}
const std::string& Value(const RedisReply& reply, size_t pair) {
  return reply.elements[2 * pair + 1].text;
}

absl::Status DecodeTotals(const std::string& key, const RedisReply& reply,
                          proto::Counts* totals) {
  for (size_t i = 0; i < Pairs(reply); ++i) {
    uint64_t count = 0;
    if (!absl::SimpleAtoi(Value(reply, i), &count)) {
      return Damaged(key, Field(reply, i));
    }
    // A count that a later version has added is none of ours.
    AddToCount(Field(reply, i), count, totals);
  }
  return absl::OkStatus();
}

absl::Status DecodeShardNumbers(const std::string& key, const RedisReply& reply,
                                uint32_t* shards) {
  for (const RedisReply& field : reply.elements) {
    uint32_t number = 0;
    if (!absl::SimpleAtoi(field.text, &number) ||
        number == std::numeric_limits<uint32_t>::max()) {
      return Damaged(key, field.text);
    }
    *shards = std::max(*shards, number + 1);
  }
  return absl::OkStatus();
}

absl::Status DecodeListings(const std::string& key, const RedisReply& reply,
                            RunState* state) {
  for (size_t i = 0; i < Pairs(reply); ++i) {
    uint32_t stream = 0;
    if (!absl::SimpleAtoi(Field(reply, i), &stream)) {
      return Damaged(key, Field(reply, i));
    }
    proto::Listing listing;
    RETURN_IF_ERROR(
        DecodeRecord(key, Field(reply, i), Value(reply, i), &listing));
    state->listings.emplace_back(stream, std::move(listing));
  }
  std::sort(state->listings.begin(), state->listings.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  return absl::OkStatus();
}

absl::Status DecodeAttempts(const std::string& key, const RedisReply& reply,
                            std::vector<Attempts>* attempts) {
  for (size_t i = 0; i < Pairs(reply); ++i) {
    const std::vector<std::string> task = absl::StrSplit(Field(reply, i), ':');
    const std::vector<std::string> value = absl::StrSplit(Value(reply, i), ':');
    Attempts entry;
    if (task.size() != 2 || value.size() != 2 ||
        !absl::SimpleAtoi(task[0], &entry.shard) ||
        !absl::SimpleAtoi(task[1], &entry.index) ||
        !absl::SimpleAtoi(value[0], &entry.attempts) ||
        !absl::SimpleAtoi(value[1], &entry.losses)) {
      return Damaged(key, Field(reply, i));
    }
    attempts->push_back(entry);
  }
  return absl::OkStatus();
}

}  // namespace

const char* BitmapOf(TaskState state) {
  switch (state) {
    case TaskState::kSkipped:
      return "skip";
    case TaskState::kDead:
      return "dead";
    case TaskState::kSplit:
      return "split";
    default:
      return "done";
  }
}

void EncodeStep(const Commit& commit, bool with_records,
                const std::vector<size_t>& outcomes,
                std::vector<std::string>* arguments) {
  // The first step refuses what any step would.
  std::set<uint32_t> needed;
  if (with_records) {
    for (const Outcome& outcome : commit.outcomes) needed.insert(outcome.shard);
    for (const auto& [number, shard] : commit.shards) needed.erase(number);
  }

  arguments->push_back(absl::StrCat(needed.size()));
  for (uint32_t shard : needed) arguments->push_back(absl::StrCat(shard));
  arguments->push_back(absl::StrCat(with_records ? commit.shards.size() : 0));
  if (with_records) {
    for (const auto& [number, shard] : commit.shards) {
      arguments->push_back(absl::StrCat(number));
      arguments->push_back(EncodeShard(shard));
    }
  }
  arguments->push_back(absl::StrCat(with_records ? commit.listings.size() : 0));
  if (with_records) {
    for (const auto& [stream, listing] : commit.listings) {
      arguments->push_back(absl::StrCat(stream));
      arguments->push_back(listing.SerializeAsString());
    }
  }
  arguments->push_back(absl::StrCat(outcomes.size()));
  for (size_t i : outcomes) {
    const Outcome& outcome = commit.outcomes[i];
    arguments->push_back(absl::StrCat(outcome.shard));
    arguments->push_back(absl::StrCat(outcome.index));
    arguments->emplace_back(BitmapOf(outcome.state));
    const auto counts =
        CountFields(commit.counts.empty() ? proto::Counts() : commit.counts[i]);
    arguments->push_back(absl::StrCat(counts.size()));
    for (const auto& [field, count] : counts) {
      arguments->push_back(field);
      arguments->push_back(absl::StrCat(count));
    }
  }
}

absl::Status DecodeRecord(absl::string_view key, absl::string_view field,
                          const std::string& bytes,
                          google::protobuf::Message* message) {
  if (bytes.size() > kMaxRecordBytes || !message->ParseFromString(bytes)) {
    return Damaged(key, field);
  }
  return absl::OkStatus();
}

std::string EncodeShard(const proto::Shard& shard) {
  // Serialized one after the other, messages are merged.
  proto::Shard size;
  size.set_tasks(TasksOf(shard));
  return absl::StrCat(size.SerializeAsString(), shard.SerializeAsString());
}

absl::StatusOr<proto::Shard> DecodeShard(absl::string_view key,
                                         absl::string_view field,
                                         const std::string& bytes) {
  proto::Shard shard;
  RETURN_IF_ERROR(DecodeRecord(key, field, bytes, &shard));
  if (shard.tasks() != 0 && shard.tasks() != TasksOf(shard)) {
    return Damaged(key, field);
  }
  shard.clear_tasks();
  return shard;
}

absl::StatusOr<RunState> DecodeRunState(
    absl::string_view run, const std::vector<RedisReply>& replies) {
  const std::string prefix = absl::StrCat("rm:{", run, "}:");
  RunState state;
  absl::Status status =
      DecodeRecord(prefix + "meta", "record", replies[0].text, &state.record);
  if (status.ok() && state.record.run() != run) {
    status = Damaged(prefix + "meta", "record");
  }
  if (status.ok()) {
    status = DecodeTotals(prefix + "counters", replies[1], &state.totals);
  }
  if (status.ok()) {
    status = DecodeShardNumbers(prefix + "shards", replies[2], &state.shards);
  }
  if (status.ok()) {
    status = DecodeListings(prefix + "listings", replies[3], &state);
  }
  if (status.ok()) {
    status = DecodeAttempts(prefix + "attempts", replies[4], &state.attempts);
  }
  if (!status.ok()) return status;
  return state;
}

absl::StatusOr<std::set<std::string>> DecodeRunsInUse(
    const std::vector<RedisReply>& replies) {
  std::set<std::string> runs;
  for (const RedisReply& run : replies[0].elements) runs.insert(run.text);
  const std::vector<RedisReply>& intents = replies[1].elements;
  for (size_t i = 0; i + 1 < intents.size(); i += 2) {
    proto::Intent intent;
    RETURN_IF_ERROR(DecodeRecord("rm:intents", intents[i].text,
                                 intents[i + 1].text, &intent));
    runs.insert(intent.run());
  }
  return runs;
}

}  // namespace registry_manager
