// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_REPORT_REPORT_H_
#define REGISTRY_MANAGER_COORDINATOR_REPORT_REPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "coordinator/records/outcome_log.h"
#include "proto/control.pb.h"

namespace registry_manager {

// A report on what a run did, for people who read it afterwards or while the
// run is under way.
struct Report {
  // The state of the run. Its failures are those in `failures` below.
  proto::RunSnapshot run;

  // Everything that was done in one repository under one policy.
  struct RepositoryWork {
    std::string policy;
    std::string registry;
    std::string target;
    std::string repository;
    std::string target_repository;
    // The time that all tasks of the repository took, added up.
    double seconds = 0;
    proto::Counts counts;
  };
  // The slowest first; at most kMaxSlowest.
  std::vector<RepositoryWork> slowest;

  // Actions, repositories and pages of catalogues that failed, in their order;
  // at most kMaxFailures of `failures_total`.
  std::vector<OutcomeRecord> failures;
  uint64_t failures_total = 0;

  // Repositories that were not even looked at, by the reason; at most
  // kMaxReasons.
  struct NotCarriedOut {
    std::string policy;
    std::string registry;
    // Set for a sync only.
    std::string target;
    std::string reason;
    uint64_t total = 0;
    // The first kMaxNamed of them.
    std::vector<std::string> repositories;
  };
  std::vector<NotCarriedOut> not_carried_out;

  // Actions (deleted, copied, planned, …; not what was left as it was) by the
  // time at which they ended: intervals of equal length from the run's
  // beginning to its last update, at most kMaxIntervals.
  struct Interval {
    uint64_t done = 0;
    uint64_t failed = 0;
  };
  int64_t interval_seconds = 1;
  std::vector<Interval> timeline;

  // The file in which every action has a line.
  std::string outcomes_file;

  static constexpr size_t kMaxSlowest = 20;
  static constexpr size_t kMaxFailures = 10000;
  static constexpr size_t kMaxIntervals = 60;
  static constexpr size_t kMaxReasons = 100;
  static constexpr size_t kMaxNamed = 10;
};

// Reads a run's outcomes file into its report. NotFound: no such file. Memory
// does not grow with the file.
absl::StatusOr<Report> BuildReport(const proto::RunSnapshot& run,
                                   const std::string& outcomes_file);

// The report as lines of text (`is_colored`: as of Summary), and as one JSON
// object (docs/json.md).
std::string TextReport(const Report& report, bool is_colored = false);
std::string JsonReport(const Report& report);
// One failed record: "delete HOST/REPOSITORY:TAG: why".
std::string FailureLine(const OutcomeRecord& record);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_REPORT_REPORT_H_
