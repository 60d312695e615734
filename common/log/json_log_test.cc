// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/log/json_log.h"

#include <gtest/gtest.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <sstream>

namespace registry_manager {
namespace {

TEST(JsonLogTest, ALineSaysWhenWhoAndWhat) {
  const nlohmann::json line = nlohmann::json::parse(
      JsonLogLine(absl::FromUnixMillis(1120), "worker", "warning", "hm"));
  EXPECT_EQ(line, nlohmann::json({{"type", "log"},
                                  {"version", 1},
                                  {"time", "1970-01-01T00:00:01.120Z"},
                                  {"program", "worker"},
                                  {"pid", getpid()},
                                  {"level", "warning"},
                                  {"message", "hm"}}));
}

TEST(JsonLogTest, AMessageStaysOnItsLineWhateverItHolds) {
  const std::string line =
      JsonLogLine(absl::UnixEpoch(), "worker", "info", "a\n\"b\"\x1b[31m\xff");
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(line)["message"], "a\n\"b\"\x1b[31m\ufffd");
}

TEST(JsonLogTest, FormatsWhatSpdlogIsGiven) {
  std::ostringstream out;
  spdlog::logger logger("worker",
                        std::make_shared<spdlog::sinks::ostream_sink_mt>(out));
  logger.set_formatter(NewJsonLogFormatter());
  logger.error("no {}", "answer");
  ASSERT_FALSE(out.str().empty());
  EXPECT_EQ(out.str().back(), '\n');
  const nlohmann::json line = nlohmann::json::parse(out.str());
  EXPECT_EQ(line["program"], "worker");
  EXPECT_EQ(line["level"], "error");
  EXPECT_EQ(line["message"], "no answer");
}

}  // namespace
}  // namespace registry_manager
