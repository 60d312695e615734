// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// coordinator/journal: what Redis holds, field by field. The input's lines are
// the replies' elements.

#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "coordinator/journal/redis_records.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace registry_manager;  // NOLINT
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  proto::Shard shard;
  DecodeRecord("key", "0", bytes, &shard).IgnoreError();
  proto::Intent intent;
  DecodeRecord("key", "field", bytes, &intent).IgnoreError();
  const std::vector<std::string> lines = absl::StrSplit(bytes, '\n');
  std::vector<RedisReply> replies(5);
  replies[0].type = RedisReply::Type::kString;
  replies[0].text = lines[0];
  for (size_t i = 1; i < replies.size(); ++i) {
    replies[i].type = RedisReply::Type::kArray;
  }
  for (size_t i = 1; i < lines.size(); ++i) {
    RedisReply element;
    element.type = RedisReply::Type::kString;
    element.text = lines[i];
    replies[1 + i % 4].elements.push_back(element);
  }
  DecodeRunState("RUN1", replies).status().IgnoreError();
  return 0;
}
