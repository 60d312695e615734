// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/run/exit_status.h"

namespace registry_manager {

int ExitStatusOf(const proto::RunSnapshot& snapshot) {
  switch (snapshot.state()) {
    case proto::RunSnapshot::INTERRUPTED:
      return kInterrupted;
    case proto::RunSnapshot::INCOMPLETE:
      return kUnreachable;
    default:
      return snapshot.totals().failed() > 0 ? kFailures : kAllDone;
  }
}

}  // namespace registry_manager
