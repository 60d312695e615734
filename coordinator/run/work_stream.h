// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_RUN_WORK_STREAM_H_
#define REGISTRY_MANAGER_COORDINATOR_RUN_WORK_STREAM_H_

#include <optional>
#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/policy/rename.h"
#include "proto/journal.pb.h"

namespace registry_manager {

enum class Verb { kSubmit, kPlan, kList, kDelete, kSync };
// "submit", "plan", ….
const char* VerbName(Verb verb);
// True if runs of the verb are kept. Runs of `plan` and `list` are not: they
// change nothing.
bool IsKept(Verb verb);

// One registry's share of a policy: all of its repositories that must be
// deleted from, copied to one target, or listed. A run is made of streams; the
// journal names a stream by its index in the run.
struct WorkStream {
  enum class Kind { kSync, kDelete, kList };
  Kind kind;
  // The registry's id: its address, or "oci:/path" of a target.
  std::string registry;
  // Set for a sync only.
  std::string target;
  bool dry_run = true;
  // Repositories that the config names; absent: the whole catalogue.
  std::optional<std::vector<proto::RepositoryEntry>> entries;
  // The number of repositories that a new run leaves out.
  int start = 0;
  // Set for a sync only.
  std::vector<RenameRule> rename;
  // Six for skopeo.
  int connections = 1;
  // The streams of the run, by their indices, that must end before this one
  // begins. This one leaves out the repositories that failed in them.
  std::vector<size_t> after;

  // "delete", "sync" or "list".
  const char* policy_name() const;
  // The registries that its tasks touch.
  std::vector<std::string> registries() const;
  proto::StreamName name() const;
};

struct RunOptions {
  Verb verb = Verb::kSubmit;
  // Overrides the config's `dry-run` of both policies.
  std::optional<bool> dry_run;
};

// The streams of a run, syncs first. A sync that is dry spares its source from
// a delete that is not, under kSubmit: `notes` says so.
std::vector<WorkStream> StreamsOf(const Config& config,
                                  const RunOptions& options,
                                  std::vector<std::string>& notes);

// Sets `after` of each stream: deleting from a registry comes after every sync
// from or to it.
void OrderStreams(std::vector<WorkStream>& streams);

// Returns a hex digest that is equal for two submissions if they are the same
// run. It covers the verb, the choice of a dry run, the policies without
// `start`, the addresses and the repositories.
std::string IdentityOf(const Config& config, const RunOptions& options);

// A registry's id: its address, or "oci:/path".
std::string RegistryId(const RegistryConfig& registry);
// A repository's name among those of all registries: "ADDRESS/REPOSITORY".
std::string RepositoryId(const std::string& registry,
                         const std::string& repository);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_RUN_WORK_STREAM_H_
