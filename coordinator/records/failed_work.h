// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_RECORDS_FAILED_WORK_H_
#define REGISTRY_MANAGER_COORDINATOR_RECORDS_FAILED_WORK_H_

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/statusor.h"
#include "coordinator/records/outcome_log.h"
#include "coordinator/run/work_stream.h"

namespace registry_manager {

// The work that failed in a run and must be tried again. A value type.
class FailedWork {
 public:
  // From a run's outcomes. NotFound: no such file.
  static absl::StatusOr<FailedWork> Read(const std::string& outcomes_file);

  void Add(const OutcomeRecord& record);
  bool empty() const { return streams_.empty(); }

  // `streams` reduced to what failed: the streams in which something did, of
  // these the repositories, of these the tags. The policy decides as ever, and
  // is carried out for them alone. A repository that failed as a whole, or in
  // which a copied signature did, is done as a whole; a stream whose catalogue
  // could not be listed, too. Empty: the config has none of it any more.
  std::vector<WorkStream> Restrict(
      const std::vector<WorkStream>& streams) const;

 private:
  struct Repository {
    bool whole = false;
    // Tags, and digests of manifests without one.
    std::set<std::string> references;
  };
  struct FailedStream {
    bool whole = false;
    std::map<std::string, Repository> repositories;
  };
  // Policy, registry, target.
  using Key = std::tuple<std::string, std::string, std::string>;

  static proto::RepositoryEntry EntryOf(const WorkStream& stream,
                                        const std::string& name,
                                        const Repository& failed);

  std::map<Key, FailedStream> streams_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_RECORDS_FAILED_WORK_H_
