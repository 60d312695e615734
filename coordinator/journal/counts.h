// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_JOURNAL_COUNTS_H_
#define REGISTRY_MANAGER_COORDINATOR_JOURNAL_COUNTS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "proto/task.pb.h"

namespace registry_manager {

// The fields of `counts` that are not 0, by their names in task.proto. A count
// above 2^48, more than any task can truly have, is taken for that: counts come
// from workers, and Lua adds them up exactly to 2^53 only.
std::vector<std::pair<std::string, uint64_t>> CountFields(
    const proto::Counts& counts);

// False where no field has that name.
bool AddToCount(absl::string_view field, uint64_t count, proto::Counts* totals);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_JOURNAL_COUNTS_H_
