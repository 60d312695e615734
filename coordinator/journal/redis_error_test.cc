// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/journal/redis_error.h"

#include "gtest/gtest.h"

namespace registry_manager {
namespace {

using absl::StatusCode;

// The replies are those that Redis 7.0.15 gives.
TEST(RedisErrorTest, RepliesAreSortedByWhatCanBeDone) {
  const struct {
    const char* reply;
    StatusCode code;
  } kCases[] = {
      {"LOADING Redis is loading the dataset in memory",
       StatusCode::kUnavailable},
      {"MISCONF Redis is configured to save RDB snapshots, but it's currently "
       "unable to persist to disk.",
       StatusCode::kUnavailable},
      {"OOM command not allowed when used memory > 'maxmemory'.",
       StatusCode::kUnavailable},
      {"READONLY You can't write against a read only replica.",
       StatusCode::kUnavailable},
      {"ERR READONLY You can't write against a read only replica.",
       StatusCode::kUnavailable},
      {"BUSY Redis is busy running a script.", StatusCode::kUnavailable},
      {"CLUSTERDOWN The cluster is down", StatusCode::kUnavailable},
      {"NOREPLICAS Not enough good replicas to write.",
       StatusCode::kUnavailable},
      {"NOAUTH Authentication required.", StatusCode::kUnauthenticated},
      {"WRONGPASS invalid username-password pair or user is disabled.",
       StatusCode::kUnauthenticated},
      {"ERR AUTH <password> called without any password configured for the "
       "default user. Are you sure your configuration is correct?",
       StatusCode::kUnauthenticated},
      {"NOPERM this user has no permissions to run the 'hget' command",
       StatusCode::kUnauthenticated},
      {"ERR FENCED", StatusCode::kAborted},
      {"FENCED run 7F3K", StatusCode::kAborted},
      {"ERR GONE", StatusCode::kAborted},
      {"WRONGTYPE Operation against a key holding the wrong kind of value",
       StatusCode::kDataLoss},
      {"NOSCRIPT No matching script. Please use EVAL.", StatusCode::kNotFound},
      {"MOVED 3999 127.0.0.1:6381", StatusCode::kInternal},
      {"ERR DB index is out of range", StatusCode::kInternal},
      {"", StatusCode::kInternal},
  };
  for (const auto& [reply, code] : kCases) {
    EXPECT_EQ(RedisErrorStatus(reply, "redis://h:6379/0").code(), code)
        << reply;
  }
}

TEST(RedisErrorTest, ControlCharactersNeverReachTheMessage) {
  const absl::Status status =
      RedisErrorStatus("ERR \x1b[2Jboo", "redis://h:6379/0");
  EXPECT_EQ(status.message(),
            "Redis at redis://h:6379/0 refuses a command: ERR \\x1b[2Jboo");
}

TEST(RedisErrorTest, RefusedCredentialsSayWhereToGiveThem) {
  EXPECT_NE(RedisErrorStatus("NOAUTH Authentication required.", "h")
                .message()
                .find("RM_REDIS_URL"),
            absl::string_view::npos);
}

}  // namespace
}  // namespace registry_manager
