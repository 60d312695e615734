// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/cli/journal_choice.h"

#include <cstdlib>
#include <fstream>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/reference/printable.h"

namespace registry_manager {

absl::StatusOr<std::optional<RedisEndpoint>> NamedRedis(
    const std::string& redis, const std::string& redis_file) {
  const char* variable = getenv("RM_REDIS_URL");
  std::string from_environment = variable == nullptr ? "" : variable;
  unsetenv("RM_REDIS_URL");
  std::string text = redis;
  bool allow_credentials = false;
  if (text.empty() && !redis_file.empty()) {
    std::ifstream stream(redis_file);
    std::getline(stream, text);
    if (text.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--redis-file ", Printable(redis_file),
                       " cannot be read; its first line is the server's "
                       "address, redis://USER:PASSWORD@HOST:PORT/DB"));
    }
    allow_credentials = true;
  } else if (text.empty()) {
    text = from_environment;
    allow_credentials = true;
  }
  if (text.empty()) return std::nullopt;
  ASSIGN_OR_RETURN(RedisEndpoint endpoint,
                   RedisEndpoint::Parse(absl::StripAsciiWhitespace(text),
                                        allow_credentials));
  return endpoint;
}

absl::StatusOr<OpenJournal> ChooseJournal(const std::string& redis,
                                          const std::string& redis_file,
                                          const StateFolder& folder) {
  ASSIGN_OR_RETURN(std::optional<RedisEndpoint> named,
                   NamedRedis(redis, redis_file));
  OpenJournal open;
  if (named) {
    open.journal = NewRedisJournal(*std::move(named));
    return open;
  }
  ASSIGN_OR_RETURN(std::unique_ptr<EmbeddedRedis> server,
                   EmbeddedRedis::Start(folder.redis()));
  open.server = std::move(server);
  open.journal = NewRedisJournal(open.server->endpoint());
  return open;
}

}  // namespace registry_manager
