// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/run/name_hash.h"

#include <string>

#include "common/reference/digest.h"

namespace registry_manager {

uint64_t NameHash(absl::string_view name) {
  const Digest digest = Digest::Of(name);
  return std::stoull(std::string(digest.hex().substr(0, 16)), nullptr, 16);
}

}  // namespace registry_manager
