// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_RECORDS_RECALL_H_
#define REGISTRY_MANAGER_COORDINATOR_RECORDS_RECALL_H_

#include <string>

#include "absl/status/status.h"
#include "coordinator/records/failure_list.h"
#include "coordinator/run/run.h"

namespace registry_manager {

// Gives a resumed run the counts of each stream, and `failures` the failures,
// that earlier coordinators recorded. Only tasks whose outcome is journalled
// count; the others are carried out, and recorded, again. NotFound: the run was
// begun on another machine.
absl::Status Recall(const std::string& outcomes_file, Run& run,
                    FailureList& failures);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_RECORDS_RECALL_H_
