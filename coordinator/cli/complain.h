// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_CLI_COMPLAIN_H_
#define REGISTRY_MANAGER_COORDINATOR_CLI_COMPLAIN_H_

#include "absl/status/status.h"

namespace registry_manager {

// Says on standard error what is wrong, as text or as a line of JSON, and
// returns `exit_status` (exit_status.h).
int Complain(const absl::Status& status, int exit_status,
             bool log_json = false);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_CLI_COMPLAIN_H_
