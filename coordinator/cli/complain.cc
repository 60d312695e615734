// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/cli/complain.h"

#include <cstdio>
#include <string>

#include "absl/time/clock.h"
#include "common/log/json_log.h"

namespace registry_manager {

int Complain(const absl::Status& status, int exit_status, bool log_json) {
  const std::string text = log_json ? JsonLogLine(absl::Now(), "coordinator",
                                                  "error", status.message())
                                    : std::string(status.message());
  fprintf(stderr, "%s\n", text.c_str());
  return exit_status;
}

}  // namespace registry_manager
