// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_RUN_STREAM_H_
#define REGISTRY_MANAGER_COORDINATOR_RUN_STREAM_H_

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
// Whether runs of the verb are kept: those of `plan` and `list` change nothing.
bool IsKept(Verb verb);

// One registry's share of a policy: all of its repositories to be deleted from,
// to be copied to one target, or to be listed. What a run is made of; its index
// among the run's streams is its name in the journal.
struct Stream {
  enum class Kind { kSync, kDelete, kList };
  Kind kind;
  // The registry's id: its address, or "oci:/path" of a target.
  std::string registry;
  // Of a sync.
  std::string target;
  bool dry_run = true;
  // Repositories that the config names; absent: the whole catalogue.
  std::optional<std::vector<proto::RepositoryEntry>> entries;
  // How many repositories a new run leaves out.
  int start = 0;
  // Of a sync.
  std::vector<RenameRule> rename;
  // Six for skopeo.
  int connections = 1;

  // "delete", "sync" or "list".
  const char* policy_name() const;
  // The registries that its tasks touch.
  std::vector<std::string> registries() const;
};

struct RunOptions {
  Verb verb = Verb::kSubmit;
  // Overrides the config's `dry-run` of both policies.
  std::optional<bool> dry_run;
};

// The streams of a run, syncs first. A sync that is dry spares its source from
// a delete that is not, under kSubmit: `notes` says so.
std::vector<Stream> StreamsOf(const Config& config, const RunOptions& options,
                              std::vector<std::string>& notes);

// What makes two submissions the same run: the verb, whether it is dry, its
// policies without `start`, addresses and repositories. A hex digest.
std::string IdentityOf(const Config& config, const RunOptions& options);

// A registry's id: its address, or "oci:/path".
std::string RegistryId(const RegistryConfig& registry);
// A repository's name among those of all registries: "ADDRESS/REPOSITORY".
std::string RepositoryId(const std::string& registry,
                         const std::string& repository);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_RUN_STREAM_H_
