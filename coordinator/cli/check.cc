// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/cli/check.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/config/parse.h"
#include "common/reference/printable.h"
#include "coordinator/check/check.h"
#include "coordinator/cli/complain.h"
#include "coordinator/cli/journal_choice.h"
#include "coordinator/cli/load_config.h"
#include "coordinator/records/message_json.h"
#include "coordinator/records/retention.h"
#include "coordinator/records/state_folder.h"
#include "coordinator/records/stored_runs.h"
#include "coordinator/run/exit_status.h"
#include "coordinator/run/work_stream.h"
#include "coordinator/words/text.h"

namespace registry_manager {
namespace {

using Level = Finding::Level;

// The longest path that is shown.
constexpr size_t kMaxPath = 4096;

// Checks the config file itself.
CheckedPart CheckFile(const std::string& file, const Config& config) {
  CheckedPart part{absl::StrCat("config ", Printable(file)), {}};
  std::vector<std::string> notes;
  StreamsOf(config, {}, notes);
  for (std::string& note : notes) {
    part.findings.push_back({Level::kNote, std::move(note)});
  }
  const std::string exposure = ExposureOf(file, config);
  if (!exposure.empty()) part.findings.push_back({Level::kWarning, exposure});
  if (part.findings.empty()) {
    part.findings.push_back({Level::kOk, "is valid"});
  }
  return part;
}

// Reports the disk space that earlier runs take, and that of data that is kept
// for later runs.
CheckedPart CheckStateFolder(const RunLimits& limits) {
  const absl::StatusOr<StateFolder> folder = StateFolder::Open();
  if (!folder.ok()) {
    return {"state folder",
            {{Level::kUnreachable, std::string(folder.status().message())}}};
  }
  const std::vector<StoredRun> runs = FindStoredRuns(*folder, {});
  uint64_t bytes = 0;
  for (const StoredRun& run : runs) bytes += run.bytes;
  return {absl::StrCat("state folder ", Printable(folder->path(), kMaxPath)),
          {{Level::kOk,
            absl::StrCat(Plural(runs.size(), "run", "runs"), ", ", Bytes(bytes),
                         "; ", LimitsText(limits), " are kept")},
           {Level::kOk, absl::StrCat("manifests that were read: ",
                                     Bytes(BytesBelow(folder->manifests())),
                                     ", at most 256 MiB are kept")},
           {Level::kOk, absl::StrCat("the private journal: ",
                                     Bytes(BytesBelow(folder->redis())))}}};
}

int ExitStatusOf(const std::vector<CheckedPart>& parts) {
  Level worst = Level::kOk;
  for (const CheckedPart& part : parts) {
    for (const Finding& finding : part.findings) {
      worst = std::max(worst, finding.level);
    }
  }
  if (worst == Level::kUnreachable) return kUnreachable;
  return worst == Level::kError ? kFailures : kAllDone;
}

void PrintText(const std::vector<CheckedPart>& parts) {
  for (const CheckedPart& part : parts) {
    printf("%s\n", part.name.c_str());
    for (const Finding& finding : part.findings) {
      printf("  %-11s  %s\n", LevelName(finding.level), finding.text.c_str());
    }
  }
}

void PrintJson(const std::vector<CheckedPart>& parts) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const CheckedPart& part : parts) {
    for (const Finding& finding : part.findings) {
      list.push_back({{"subject", part.name},
                      {"level", LevelName(finding.level)},
                      {"text", finding.text}});
    }
  }
  const nlohmann::ordered_json all = {{"type", "check"},
                                      {"version", kJsonVersion},
                                      {"findings", std::move(list)}};
  printf("%s\n",
         all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace)
             .c_str());
}

}  // namespace

int CheckConfig(const RunCommand& command) {
  const absl::StatusOr<Config> config = LoadConfigFile(command.config);
  if (!config.ok()) return Complain(config.status(), kUsage);
  const auto redis = NamedRedis(command.redis, command.redis_file);
  if (!redis.ok()) return Complain(redis.status(), kUsage);
  std::vector<CheckedPart> parts = {CheckFile(command.config, *config)};
  for (CheckedPart& part : Check(*config, *redis)) {
    parts.push_back(std::move(part));
  }
  parts.push_back(CheckStateFolder(command.keep));
  command.json ? PrintJson(parts) : PrintText(parts);
  return ExitStatusOf(parts);
}

}  // namespace registry_manager
