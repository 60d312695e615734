// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/records/message_json.h"

#include <gtest/gtest.h>

#include "proto/control.pb.h"

namespace registry_manager {
namespace {

TEST(MessageJsonTest, NumbersAreNumbersAndDefaultsAreThere) {
  proto::StreamSnapshot stream;
  stream.set_policy("delete");
  stream.set_repositories(uint64_t{1} << 40);
  const nlohmann::ordered_json json = ToJson(stream);
  EXPECT_EQ(json["policy"], "delete");
  EXPECT_EQ(json["repositories"], uint64_t{1} << 40);
  EXPECT_EQ(json["dry_run"], false);
  EXPECT_EQ(json["counts"]["deleted"], 0);
}

TEST(MessageJsonTest, EnumerationsAndLists) {
  proto::RunSnapshot run;
  run.set_state(proto::RunSnapshot::INCOMPLETE);
  run.add_notes("hm");
  run.add_failures()->set_reason("why");
  const nlohmann::ordered_json json = ToJson(run);
  EXPECT_EQ(json["state"], "incomplete");
  EXPECT_EQ(json["notes"], nlohmann::json({"hm"}));
  EXPECT_EQ(json["failures"][0]["reason"], "why");
  EXPECT_EQ(json["streams"], nlohmann::json::array());
}

TEST(MessageJsonTest, ReadsBackCounts) {
  proto::Counts counts;
  counts.set_deleted(3);
  counts.set_throttled_ms(uint64_t{1} << 33);
  proto::Counts read;
  ReadJson(nlohmann::json::parse(ToJson(counts).dump()), read);
  EXPECT_EQ(read.SerializeAsString(), counts.SerializeAsString());
}

TEST(MessageJsonTest, LeavesOutWhatIsNoCount) {
  for (const char* text :
       {R"([])", R"("x")", R"({"deleted":"3"})", R"({"deleted":-3})",
        R"({"deleted":1.5})", R"({"deleted":{}})"}) {
    proto::Counts counts;
    ReadJson(nlohmann::json::parse(text), counts);
    EXPECT_EQ(counts.deleted(), 0u) << text;
  }
}

}  // namespace
}  // namespace registry_manager
