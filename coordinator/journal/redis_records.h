// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_JOURNAL_REDIS_RECORDS_H_
#define REGISTRY_MANAGER_COORDINATOR_JOURNAL_REDIS_RECORDS_H_

#include <google/protobuf/message.h>

#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coordinator/journal/journal.h"
#include "coordinator/journal/redis_connection.h"

namespace registry_manager {

// The middle of the name of the bitmap that holds tasks in that state, which is
// not kPending.
const char* BitmapOf(TaskState state);

// Appends the lists that the script `commit` takes, for some outcomes of a
// commit, by their indices, and for its shards and listings or none of them.
void EncodeStep(const Commit& commit, bool with_records,
                const std::vector<size_t>& outcomes,
                std::vector<std::string>* arguments);

// Reads what Redis holds, of which nothing is trusted: DataLoss names the key,
// and the field in it, of what the journal cannot have written.

// `field` of the hash `key`.
absl::Status DecodeRecord(absl::string_view key, absl::string_view field,
                          const std::string& bytes,
                          google::protobuf::Message* message);

// A shard, with the number of its tasks before them. DataLoss for another
// number; a record of an earlier version has none.
std::string EncodeShard(const proto::Shard& shard);
absl::StatusOr<proto::Shard> DecodeShard(absl::string_view key,
                                         absl::string_view field,
                                         const std::string& bytes);

// The replies to: HGET meta record, HGETALL counters, HKEYS shards, HGETALL
// listings, HGETALL attempts.
absl::StatusOr<RunState> DecodeRunState(absl::string_view run,
                                        const std::vector<RedisReply>& replies);

// The runs that the replies to HVALS rm:identity and HGETALL rm:intents name.
absl::StatusOr<std::set<std::string>> DecodeRunsInUse(
    const std::vector<RedisReply>& replies);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_JOURNAL_REDIS_RECORDS_H_
