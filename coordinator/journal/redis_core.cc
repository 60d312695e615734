// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/journal/redis_core.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"

namespace registry_manager {
namespace {

constexpr size_t kShardsASweep = 256;

constexpr const char* kBitmaps[] = {"done", "skip", "dead", "split"};

}  // namespace

std::string KeyPrefix(absl::string_view run) {
  return absl::StrCat("rm:{", run, "}:");
}

// The shards, which name the bitmaps, go last.
absl::Status SweepRun(RedisCore& core, const std::string& run) {
  const std::string prefix = KeyPrefix(run);
  auto shards = core.redis.Run({"HKEYS", prefix + "shards"});
  if (!shards.ok() && !absl::IsDataLoss(shards.status())) {
    return shards.status();
  }
  const size_t count = shards.ok() ? shards->elements.size() : 0;
  for (size_t begin = 0; begin < count; begin += kShardsASweep) {
    std::vector<std::string> keys = {kFinishedKey};
    for (size_t i = begin; i < std::min(count, begin + kShardsASweep); ++i) {
      for (const char* bitmap : kBitmaps) {
        keys.push_back(
            absl::StrCat(prefix, bitmap, ":", shards->elements[i].text));
      }
    }
    auto reply = core.redis.Eval(core.scripts.sweep, keys, {run, "more"});
    if (!reply.ok()) return reply.status();
  }
  return core.redis
      .Eval(core.scripts.sweep,
            {kFinishedKey, prefix + "meta", prefix + "shards",
             prefix + "listings", prefix + "counters", prefix + "attempts",
             prefix + "owner"},
            {run, "last"})
      .status();
}

}  // namespace registry_manager
