// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/journal/redis_error.h"

#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/reference/printable.h"

namespace registry_manager {
namespace {

constexpr char kLoadingPayload[] = "registry-manager/redis-loading";

// Why Redis takes no command, or no write, for now; nullptr: not such a reply.
const char* TemporaryReason(absl::string_view reply) {
  static constexpr struct {
    absl::string_view code;
    const char* reason;
  } kTemporary[] = {
      {"LOADING", "it is still loading its data"},
      {"MISCONF", "it cannot write to its disk: look at the space there"},
      {"OOM", "it has reached its `maxmemory`: raise that"},
      {"BUSY", "a script of another client keeps it busy"},
      {"CLUSTERDOWN", "its cluster is down"},
      {"MASTERDOWN", "its replica has lost its master"},
      {"NOREPLICAS", "too few replicas are connected to it"},
      {"TRYAGAIN", "it is moving keys"},
  };
  for (const auto& [code, reason] : kTemporary) {
    if (absl::StartsWith(reply, code)) return reason;
  }
  // Proxies and scripts put words before this one.
  if (absl::StrContains(reply, "READONLY")) {
    return "it is a read-only replica: name its master";
  }
  return nullptr;
}

bool IsRefusedLogin(absl::string_view reply) {
  return absl::StartsWith(reply, "NOAUTH") ||
         absl::StartsWith(reply, "WRONGPASS") ||
         absl::StartsWith(reply, "ERR AUTH ") ||
         absl::StartsWith(reply, "ERR invalid password") ||
         absl::StartsWith(reply, "ERR Client sent AUTH");
}

}  // namespace

absl::Status RedisErrorStatus(absl::string_view reply,
                              absl::string_view server) {
  const std::string text = Printable(reply);
  if (const char* reason = TemporaryReason(reply)) {
    absl::Status status = absl::UnavailableError(
        absl::StrCat("Redis at ", server, " cannot be used for now, ", reason,
                     " (it said: ", text, ")"));
    if (absl::StartsWith(reply, "LOADING")) {
      status.SetPayload(kLoadingPayload, absl::Cord("1"));
    }
    return status;
  }
  if (IsRefusedLogin(reply)) {
    return absl::UnauthenticatedError(absl::StrCat(
        "Redis at ", server, " refuses the credentials (it said: ", text,
        "): give them in RM_REDIS_URL or --redis-file, as "
        "redis://USER:PASSWORD@HOST"));
  }
  if (absl::StartsWith(reply, "NOPERM")) {
    return absl::UnauthenticatedError(absl::StrCat(
        "Redis at ", server, " does not let this user do that (it said: ", text,
        "): its ACL must allow all commands on keys rm:*"));
  }
  if (absl::StartsWith(absl::StripPrefix(reply, "ERR "), "FENCED")) {
    return absl::AbortedError(
        "another coordinator has taken the run over: this one stops");
  }
  if (absl::StartsWith(absl::StripPrefix(reply, "ERR "), "GONE")) {
    return absl::AbortedError(absl::StrCat(
        "it is not in Redis at ", server,
        " any more: another coordinator has finished it, or somebody has "
        "emptied that Redis; this one stops, and the same command plans anew"));
  }
  if (absl::StartsWith(reply, "WRONGTYPE")) {
    return absl::DataLossError(absl::StrCat(
        "a key of the journal at ", server,
        " holds something else than the journal's (it said: ", text, ")"));
  }
  if (absl::StartsWith(reply, "NOSCRIPT")) {
    return absl::NotFoundError(
        absl::StrCat("Redis at ", server, " does not know a script"));
  }
  if (absl::StartsWith(reply, "MOVED")) {
    return absl::InternalError(absl::StrCat(
        "Redis at ", server, " is a cluster, which is not supported (it said: ",
        text, "): name a single server"));
  }
  return absl::InternalError(
      absl::StrCat("Redis at ", server, " refuses a command: ", text));
}

bool IsLoading(const absl::Status& status) {
  return status.GetPayload(kLoadingPayload).has_value();
}

}  // namespace registry_manager
