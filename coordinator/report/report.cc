// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/report/report.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "common/base/status_macros.h"
#include "coordinator/run/counts.h"

namespace registry_manager {
namespace {

// Repositories are summed up for so many; beyond, the fast ones are forgotten,
// which only loses what they would add to a later batch of theirs.
constexpr size_t kMaxRepositories = 100'000;

using RepositoryKey =
    std::tuple<std::string, std::string, std::string, std::string>;
using Work = std::map<RepositoryKey, Report::RepositoryWork>;

std::vector<Report::RepositoryWork> Slowest(const Work& work, size_t most) {
  std::vector<Report::RepositoryWork> slowest;
  slowest.reserve(work.size());
  for (const auto& [key, one] : work) slowest.push_back(one);
  std::stable_sort(
      slowest.begin(), slowest.end(),
      [](const auto& a, const auto& b) { return a.seconds > b.seconds; });
  if (slowest.size() > most) slowest.resize(most);
  return slowest;
}

RepositoryKey KeyOf(const Report::RepositoryWork& one) {
  return {one.policy, one.registry, one.target, one.repository};
}

class Builder {
 public:
  explicit Builder(const proto::RunSnapshot& run) {
    report_.run = run;
    const int64_t lasted =
        std::max<int64_t>(0, run.updated_unix() - run.begun_unix()) + 1;
    const auto most = static_cast<int64_t>(Report::kMaxIntervals);
    report_.interval_seconds = (lasted + most - 1) / most;
    const int64_t intervals =
        (lasted + report_.interval_seconds - 1) / report_.interval_seconds;
    report_.timeline.resize(intervals);
  }

  void Add(const OutcomeRecord& record) {
    if (record.result == "failed") AddFailure(record);
    if (record.kind == OutcomeRecord::Kind::kAction) AddToTimeline(record);
    if (record.kind != OutcomeRecord::Kind::kRepository) return;
    if (record.result == "skipped" && !record.reason.empty()) {
      AddNotCarriedOut(record);
    } else {
      AddWork(record);
    }
  }

  Report Finish() {
    report_.slowest = Slowest(work_, Report::kMaxSlowest);
    return std::move(report_);
  }

 private:
  void AddFailure(const OutcomeRecord& record) {
    ++report_.failures_total;
    if (report_.failures.size() < Report::kMaxFailures) {
      report_.failures.push_back(record);
    }
  }

  void AddNotCarriedOut(const OutcomeRecord& record) {
    std::vector<Report::NotCarriedOut>& all = report_.not_carried_out;
    auto same = std::find_if(
        all.begin(), all.end(), [&record](const Report::NotCarriedOut& one) {
          return one.policy == record.policy &&
                 one.registry == record.registry &&
                 one.target == record.target && one.reason == record.reason;
        });
    if (same == all.end()) {
      if (all.size() == Report::kMaxReasons) return;
      same = all.insert(all.end(), {record.policy,
                                    record.registry,
                                    record.target,
                                    record.reason,
                                    0,
                                    {}});
    }
    ++same->total;
    if (same->repositories.size() < Report::kMaxNamed) {
      same->repositories.push_back(record.repository);
    }
  }

  void AddToTimeline(const OutcomeRecord& record) {
    const int64_t place =
        (record.time - report_.run.begun_unix()) / report_.interval_seconds;
    const int64_t last = static_cast<int64_t>(report_.timeline.size()) - 1;
    Report::Interval& interval =
        report_.timeline[std::clamp<int64_t>(place, 0, last)];
    if (record.result == "failed") {
      ++interval.failed;
    } else if (record.result != "skipped" && record.action != "keep") {
      ++interval.done;
    }
  }

  void AddWork(const OutcomeRecord& record) {
    Report::RepositoryWork one{record.policy,
                               record.registry,
                               record.target,
                               record.repository,
                               record.target_repository,
                               0,
                               {}};
    Report::RepositoryWork& sum =
        work_.try_emplace(KeyOf(one), std::move(one)).first->second;
    sum.seconds += record.seconds;
    AddCounts(record.counts, sum.counts);
    if (work_.size() <= kMaxRepositories) return;
    Work slow;
    for (auto& kept : Slowest(work_, kMaxRepositories / 2)) {
      slow.emplace(KeyOf(kept), std::move(kept));
    }
    work_ = std::move(slow);
  }

  Report report_;
  Work work_;
};

}  // namespace

absl::StatusOr<Report> BuildReport(const proto::RunSnapshot& run,
                                   const std::string& outcomes_file) {
  Builder builder(run);
  RETURN_IF_ERROR(ReadFinalOutcomes(
      outcomes_file,
      [&](const OutcomeRecord& record) { builder.Add(record); }));
  Report report = builder.Finish();
  report.outcomes_file = outcomes_file;
  return report;
}

}  // namespace registry_manager
