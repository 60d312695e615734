// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include <nlohmann/json.hpp>

#include "coordinator/records/message_json.h"
#include "coordinator/report/report.h"

namespace registry_manager {
namespace {

using nlohmann::ordered_json;

ordered_json WorkJson(const Report::RepositoryWork& work) {
  return {{"policy", work.policy},
          {"registry", work.registry},
          {"target", work.target},
          {"repository", work.repository},
          {"target_repository", work.target_repository},
          {"seconds", work.seconds},
          {"counts", ToJson(work.counts)}};
}

ordered_json NotCarriedOutJson(const Report::NotCarriedOut& group) {
  return {{"policy", group.policy}, {"registry", group.registry},
          {"target", group.target}, {"reason", group.reason},
          {"total", group.total},   {"repositories", group.repositories}};
}

}  // namespace

std::string JsonReport(const Report& report) {
  proto::RunSnapshot run = report.run;
  run.clear_failures();
  ordered_json slowest = ordered_json::array();
  for (const Report::RepositoryWork& work : report.slowest) {
    slowest.push_back(WorkJson(work));
  }
  ordered_json not_carried_out = ordered_json::array();
  for (const Report::NotCarriedOut& group : report.not_carried_out) {
    not_carried_out.push_back(NotCarriedOutJson(group));
  }
  ordered_json intervals = ordered_json::array();
  for (const Report::Interval& interval : report.timeline) {
    intervals.push_back({{"done", interval.done}, {"failed", interval.failed}});
  }
  ordered_json failures = ordered_json::array();
  for (const OutcomeRecord& failure : report.failures) {
    failures.push_back(ordered_json::parse(JsonLine(failure)));
  }
  const ordered_json whole = {{"type", "report"},
                              {"version", kJsonVersion},
                              {"run", RunJson(run)},
                              {"slowest", std::move(slowest)},
                              {"timeline",
                               {{"begun_unix", run.begun_unix()},
                                {"interval_seconds", report.interval_seconds},
                                {"intervals", std::move(intervals)}}},
                              {"not_carried_out", std::move(not_carried_out)},
                              {"failures", std::move(failures)},
                              {"failures_total", report.failures_total}};
  return whole.dump(2, ' ', false, ordered_json::error_handler_t::replace) +
         "\n";
}

}  // namespace registry_manager
