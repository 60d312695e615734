// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_CLI_INSPECT_H_
#define REGISTRY_MANAGER_COORDINATOR_CLI_INSPECT_H_

#include <string>

namespace registry_manager {

// The verbs that look at runs of this state folder. They read files only, and
// return the exit status. If `run` is empty, the latest run is meant.
// docs/json.md describes what `json` prints.

// Shows the state of a run.
int ShowStatus(const std::string& run, bool json);
// Lists all runs, the latest first, one in each line.
int ShowRuns(bool json);

struct ReportRequest {
  std::string run;
  // Every action, not only those that failed.
  bool details = false;
  bool json = false;
  // The file that the page is written to; "-": standard output, empty: no page
  // is written. If a page is written, the text is printed only if details or
  // json are asked for.
  std::string html_file;
};
// Shows what a run did.
int ShowReport(const ReportRequest& request);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_CLI_INSPECT_H_
