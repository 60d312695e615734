// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include <string>

#include "absl/status/statusor.h"
#include "coordinator/journal/journal.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace registry_manager {
namespace {

using testing::HasSubstr;
using testing::Not;

RedisEndpoint Parsed(absl::string_view text) {
  auto endpoint = RedisEndpoint::Parse(text, true);
  EXPECT_TRUE(endpoint.ok()) << endpoint.status();
  return endpoint.value_or(RedisEndpoint());
}

std::string Refused(absl::string_view text, bool allow_credentials = true) {
  auto endpoint = RedisEndpoint::Parse(text, allow_credentials);
  EXPECT_EQ(endpoint.status().code(), absl::StatusCode::kInvalidArgument)
      << text;
  return std::string(endpoint.status().message());
}

TEST(RedisEndpointTest, PortAndDatabaseHaveDefaults) {
  EXPECT_EQ(Parsed("redis://host").display(), "redis://host:6379/0");
  EXPECT_EQ(Parsed("redis://host/").display(), "redis://host:6379/0");
  EXPECT_EQ(Parsed("redis://host:7/3").display(), "redis://host:7/3");
  EXPECT_EQ(Parsed("redis://[::1]").display(), "redis://[::1]:6379/0");
  EXPECT_EQ(Parsed("redis://[::1]:7/3").host, "::1");
}

TEST(RedisEndpointTest, SocketsAreNamedByTheirAbsolutePath) {
  EXPECT_EQ(Parsed("unix:///run/redis.sock").socket, "/run/redis.sock");
  EXPECT_EQ(Parsed("unix:///run/a@b.sock").socket, "/run/a@b.sock");
  EXPECT_EQ(Parsed("unix://:pw@/run/a.sock").password, "pw");
  EXPECT_EQ(Parsed("unix:///run/a.sock").display(), "unix:///run/a.sock");
  Refused("unix://run/redis.sock");
  Refused("unix://");
  EXPECT_THAT(Refused("unix:///" + std::string(107, 'x')),
              HasSubstr("longer than the path"));
}

TEST(RedisEndpointTest, CredentialsAreDecodedAndNeverShown) {
  const RedisEndpoint endpoint = Parsed("redis://me:p%40s%3As@host");
  EXPECT_EQ(endpoint.username, "me");
  EXPECT_EQ(endpoint.password, "p@s:s");
  EXPECT_EQ(endpoint.display(), "redis://host:6379/0");
  EXPECT_EQ(Parsed("redis://:a/b@c@host/1").password, "a/b@c");
}

TEST(RedisEndpointTest, CredentialsInAnArgumentAreRefusedWithAdvice) {
  const std::string message = Refused("redis://:hush@host", false);
  EXPECT_THAT(message, HasSubstr("RM_REDIS_URL"));
  EXPECT_THAT(message, HasSubstr("--redis-file"));
  EXPECT_THAT(message, Not(HasSubstr("hush")));
  EXPECT_THAT(Refused("redis:/:hush@host", false), Not(HasSubstr("hush")));
}

TEST(RedisEndpointTest, WhatMayBeASecretIsNotRepeated) {
  for (const char* text : {"hunter2", "rediss://hunter2", "redis://a/hunter2",
                           "redis://hunter2:x", "unix://hunter2"}) {
    const std::string message = Refused(text);
    EXPECT_THAT(message, Not(HasSubstr("hunter2")));
    EXPECT_THAT(message, HasSubstr("--redis-file"));
  }
  // What was typed is shown.
  EXPECT_THAT(Refused("http://host", false), HasSubstr("\"http://host\""));
}

TEST(RedisEndpointTest, TlsIsRefusedWithAdvice) {
  EXPECT_THAT(Refused("rediss://host"), HasSubstr("tunnel"));
}

TEST(RedisEndpointTest, EverythingElseIsRefused) {
  for (const char* text : {"",
                           "host",
                           "host:6379",
                           "redis://",
                           "redis://:6379",
                           "redis:///1",
                           "redis://host:",
                           "redis://host:0",
                           "redis://host:65536",
                           "redis://host:+1",
                           "redis://host/x",
                           "redis://host/-1",
                           "redis://host/1/2",
                           "redis://host?db=1",
                           "redis://[::1",
                           "redis://[::1]x",
                           "redis://::1",
                           "redis://user@host",
                           "redis://:@host",
                           "redis://:%4@host",
                           "redis://:%zz@host",
                           "http://host"}) {
    Refused(text);
  }
}

}  // namespace
}  // namespace registry_manager
