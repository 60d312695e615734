// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_HANDLERS_TAG_RULES_OF_H_
#define REGISTRY_MANAGER_WORKER_HANDLERS_TAG_RULES_OF_H_

#include "absl/status/statusor.h"
#include "common/policy/tag_rules.h"
#include "proto/task.pb.h"

namespace registry_manager {

// The rules of a run's delete policy. InvalidArgument: a regular expression
// does not compile.
absl::StatusOr<TagRules> TagRulesOf(const proto::DeletePolicy& policy);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_HANDLERS_TAG_RULES_OF_H_
