// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/check/check.h"

#include <algorithm>
#include <memory>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/concurrency/parallel.h"
#include "common/http/transport.h"
#include "common/process/run.h"
#include "common/reference/printable.h"
#include "coordinator/check/registry_check.h"
#include "coordinator/journal/redis_durability.h"
#include "coordinator/run/settings.h"

namespace registry_manager {
namespace {

using Level = Finding::Level;

constexpr int kRegistriesAtOnce = 16;

bool Names(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<RegistryQuestion> QuestionsOf(const Config& config) {
  std::vector<RegistryQuestion> questions;
  for (const RegistryConfig& registry : config.registries) {
    if (!registry.address) continue;
    RegistryQuestion question;
    question.config = &registry;
    question.access = AccessConfigOf(config, RegistryId(registry));
    question.max_connections =
        BudgetOf(config, RegistryId(registry)).max_connections;
    question.deletes = config.delete_policy &&
                       Names(config.delete_policy->registries, registry.name);
    question.is_target =
        config.sync_policy && Names(config.sync_policy->to, registry.name);
    question.only_target = question.is_target && !question.deletes &&
                           config.sync_policy->from != registry.name;
    questions.push_back(question);
  }
  return questions;
}

CheckedPart CheckRedis(const std::optional<RedisEndpoint>& redis) {
  if (!redis) {
    const bool is_there = HasProgram("redis-server");
    return {"redis",
            {{is_there ? Level::kOk : Level::kUnreachable,
              is_there ? "redis-server is installed; a private one starts with "
                         "every run"
                       : "there is no redis-server on PATH; install it, or "
                         "name a server with --redis"}}};
  }
  CheckedPart part{absl::StrCat("redis (", redis->display(), ")"), {}};
  const absl::StatusOr<RedisDurability> found = InspectRedis(*redis);
  if (!found.ok()) {
    part.findings.push_back(
        {Level::kUnreachable, Printable(found.status().message(), 2000)});
    return part;
  }
  part.findings.push_back(
      {Level::kOk,
       absl::StrCat("answers; version ", Printable(found->version))});
  for (const std::string& weakness : found->weaknesses) {
    part.findings.push_back({Level::kWarning, weakness});
  }
  return part;
}

CheckedPart CheckSkopeo() {
  ProgramRun version;
  version.arguments = {"skopeo", "--version"};
  const absl::StatusOr<ProgramResult> ran = RunProgram(version);
  if (!ran.ok() || ran->status != 0) {
    return {"skopeo",
            {{Level::kError,
              "the config says engine: skopeo, and there is no skopeo that "
              "runs; install it, or say engine: native"}}};
  }
  const std::pair<std::string, std::string> lines =
      absl::StrSplit(ran->output, absl::MaxSplits('\n', 1));
  return {"skopeo", {{Level::kOk, Printable(lines.first)}}};
}

}  // namespace

std::vector<CheckedPart> Check(const Config& config,
                               const std::optional<RedisEndpoint>& redis) {
  const std::vector<RegistryQuestion> questions = QuestionsOf(config);
  const std::unique_ptr<HttpTransport> transport =
      NewCurlTransport("registry-manager");
  std::vector<CheckedPart> parts(questions.size());
  ThreadPool pool(std::min<int>(kRegistriesAtOnce, questions.size()));
  pool.ParallelFor(questions.size(), kRegistriesAtOnce, [&](size_t i) {
    parts[i] = CheckRegistry(questions[i], transport.get());
  });
  parts.push_back(CheckRedis(redis));
  if (config.sync_policy && config.sync_policy->engine == SyncEngine::kSkopeo) {
    parts.push_back(CheckSkopeo());
  }
  return parts;
}

}  // namespace registry_manager
