// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_POLICY_SYNC_SELECTION_H_
#define REGISTRY_MANAGER_COMMON_POLICY_SYNC_SELECTION_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace re2 {
class RE2;
}

namespace registry_manager {

// Decides which tags of a source repository a sync policy copies. Immutable and
// thread-safe.
class SyncFilter {
 public:
  // `filters` are RE2 syntax, unanchored. If there are none, every tag is
  // selected, signature-like ones included. InvalidArgument names a filter that
  // does not compile.
  static absl::StatusOr<SyncFilter> Create(
      const std::vector<std::string>& filters);

  bool Selects(absl::string_view tag) const;

 private:
  SyncFilter() = default;

  std::vector<std::shared_ptr<const re2::RE2>> filters_;
};

// The request of a sync policy about one repository.
struct SyncRequest {
  // True if the config lists the repository itself, or the repository comes
  // from the catalogue: its tags are filtered. Otherwise only `named` tags are
  // copied.
  bool whole_repository = true;
  // Tags that the config names. They are copied whatever the filters say.
  std::vector<std::string> named;
};

struct SyncSelection {
  // Tags to copy, sorted, none twice.
  std::vector<std::string> tags;
  // Named tags that the source does not have: each is a failed action.
  std::vector<std::string> named_but_absent;
};

// `tags` is the source's listing without half-removed tags. The outcome does
// not depend on its order.
SyncSelection SelectForSync(const std::vector<std::string>& tags,
                            const SyncFilter& filter,
                            const SyncRequest& request);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_POLICY_SYNC_SELECTION_H_
