// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_RUN_RECALL_H_
#define REGISTRY_MANAGER_COORDINATOR_RUN_RECALL_H_

#include <string>

#include "absl/status/status.h"
#include "coordinator/run/reporter.h"
#include "coordinator/run/run.h"

namespace registry_manager {

// Gives a run that goes on, and its reporter, what earlier coordinators told of
// it: each stream's counts, and the failures. Of tasks alone whose outcome is
// journalled; the others are carried out again, and told again. NotFound: the
// run was begun elsewhere.
absl::Status Recall(const std::string& outcomes_file, Run& run,
                    Reporter& reporter);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_RUN_RECALL_H_
