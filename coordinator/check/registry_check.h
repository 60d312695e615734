// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_CHECK_REGISTRY_CHECK_H_
#define REGISTRY_MANAGER_COORDINATOR_CHECK_REGISTRY_CHECK_H_

#include "common/config/config.h"
#include "common/http/transport.h"
#include "coordinator/check/finding.h"

namespace registry_manager {

// A registry that must be checked, and how the config uses it.
struct RegistryQuestion {
  // The registry as the config describes it; never a layout.
  const RegistryConfig* config = nullptr;
  // The entry whose credentials and certificates open it.
  const RegistryConfig* access = nullptr;
  // The most requests at once, by every entry with its address.
  int max_connections = 0;
  // The delete policy names it.
  bool deletes = false;
  // The sync policy copies to it.
  bool is_target = false;
  // The sync policy copies to it, and no policy reads its catalogue.
  bool only_target = false;
};

// Finds out whether the registry answers, over which TLS, takes the
// credentials, lists what the config needs, deletes where it is to delete
// (without deleting anything: a DELETE of a digest that cannot exist), what it
// is and what limits it has. Takes a minute at most. `transport` outlives the
// call.
CheckedPart CheckRegistry(const RegistryQuestion& question,
                          HttpTransport* transport);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_CHECK_REGISTRY_CHECK_H_
