// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/journal/redis_durability.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "coordinator/journal/redis_connection.h"

namespace registry_manager {
namespace {

std::string VersionIn(absl::string_view info) {
  for (absl::string_view line : absl::StrSplit(info, '\n')) {
    if (absl::ConsumePrefix(&line, "redis_version:")) {
      return std::string(absl::StripAsciiWhitespace(line));
    }
  }
  return "";
}

// Names and values in turns, as CONFIG GET answers.
std::map<std::string, std::string> Settings(const RedisReply& reply) {
  std::map<std::string, std::string> settings;
  for (size_t i = 0; i + 1 < reply.elements.size(); i += 2) {
    settings[reply.elements[i].text] = reply.elements[i + 1].text;
  }
  return settings;
}

std::vector<std::string> WeaknessesIn(
    std::map<std::string, std::string> settings) {
  std::vector<std::string> weaknesses;
  if (settings["appendonly"] == "no") {
    weaknesses.emplace_back(
        "keeps no append-only file: a restart loses what a run has done since "
        "the last snapshot; set appendonly yes");
  } else if (settings["appendfsync"] == "no") {
    weaknesses.emplace_back(
        "leaves it to the system when to write its append-only file; set "
        "appendfsync everysec");
  }
  const std::string& eviction = settings["maxmemory-policy"];
  if (settings["maxmemory"] != "0" && !eviction.empty() &&
      eviction != "noeviction") {
    weaknesses.push_back(absl::StrCat(
        "throws keys away where its memory is full (maxmemory-policy ",
        eviction, "), journals among them; set maxmemory-policy noeviction"));
  }
  return weaknesses;
}

}  // namespace

absl::StatusOr<RedisDurability> InspectRedis(const RedisEndpoint& endpoint) {
  RedisConnection connection(endpoint);
  ASSIGN_OR_RETURN(const RedisReply info, connection.Run({"INFO", "server"}));
  RedisDurability found;
  found.version = VersionIn(info.text);
  std::map<std::string, std::string> settings;
  for (const char* name :
       {"appendonly", "appendfsync", "maxmemory", "maxmemory-policy"}) {
    const absl::StatusOr<RedisReply> reply =
        connection.Run({"CONFIG", "GET", name});
    if (!reply.ok()) {
      found.weaknesses.push_back(absl::StrCat(
          "does not tell how it keeps its data (", reply.status().message(),
          "); see that it has appendonly yes and maxmemory-policy noeviction"));
      return found;
    }
    settings.merge(Settings(*reply));
  }
  found.weaknesses = WeaknessesIn(std::move(settings));
  return found;
}

}  // namespace registry_manager
