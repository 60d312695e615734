// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/problem.h"

#include <string>
#include <utility>

#include "common/registry/connection/errors.h"
#include "common/registry/drivers/removal.h"

namespace registry_manager {
namespace {

using proto::Problem;

Problem::Kind KindOf(const absl::Status& status) {
  if (absl::IsCancelled(status)) return Problem::CANCELLED;
  if (HarmsOthers(status)) return Problem::REGISTRY_HARMS_OTHERS;
  if (DoesNotDelete(status)) return Problem::REGISTRY_DOES_NOT_DELETE;
  if (IsNoAnswer(status)) return Problem::REGISTRY_UNREACHABLE;
  if (RefusesCredentials(status) || IsUnusable(status)) {
    return Problem::REGISTRY_REFUSES_CREDENTIALS;
  }
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
      return Problem::TRANSIENT;
    default:
      return Problem::PERMANENT;
  }
}

}  // namespace

Problem ProblemOf(const absl::Status& status, const std::string& registry) {
  Problem problem;
  problem.set_kind(KindOf(status));
  problem.set_registry(registry);
  problem.set_message(ReasonOf(status));
  return problem;
}

Problem ProblemOf(const absl::Status& status,
                  const RegistryConnection& connection) {
  return ProblemOf(status, connection.address().str());
}

proto::TaskResult FailedResult(Problem problem) {
  proto::TaskResult result;
  result.set_outcome(proto::TaskResult::FAILED);
  *result.mutable_problem() = std::move(problem);
  return result;
}

proto::TaskResult FailedResult(const absl::Status& status,
                               const RegistryConnection& connection) {
  return FailedResult(ProblemOf(status, connection));
}

std::string ReasonOf(const absl::Status& status) {
  return std::string(status.message());
}

}  // namespace registry_manager
