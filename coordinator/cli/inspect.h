// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_CLI_INSPECT_H_
#define REGISTRY_MANAGER_COORDINATOR_CLI_INSPECT_H_

#include <string>

namespace registry_manager {

// The verbs that look at runs of this state folder. They read files only, and
// return the exit status. `run` empty: the latest. `json`: docs/json.md.

// How a run stands.
int ShowStatus(const std::string& run, bool json);
// Every run, the latest first, a line each.
int ShowRuns(bool json);

struct ReportRequest {
  std::string run;
  // Every action, not only those that failed.
  bool details = false;
  bool json = false;
  // Where the page is written, "-" is standard output; empty: nowhere. The
  // text is then printed where details or json are asked for.
  std::string html_file;
};
// What a run did.
int ShowReport(const ReportRequest& request);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_CLI_INSPECT_H_
