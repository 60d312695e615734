// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/policy/sync_selection.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "common/policy/regex.h"

namespace registry_manager {

absl::StatusOr<SyncFilter> SyncFilter::Create(
    const std::vector<std::string>& filters) {
  SyncFilter filter;
  for (const std::string& text : filters) {
    auto regex = CompileRegex(text);
    if (!regex.ok()) return regex.status();
    filter.filters_.push_back(*std::move(regex));
  }
  return filter;
}

bool SyncFilter::Selects(absl::string_view tag) const {
  return filters_.empty() ||
         std::any_of(filters_.begin(), filters_.end(),
                     [tag](const auto& regex) { return Matches(*regex, tag); });
}

SyncSelection SelectForSync(const std::vector<std::string>& tags,
                            const SyncFilter& filter,
                            const SyncRequest& request) {
  const std::set<std::string> listed(tags.begin(), tags.end());
  const std::set<std::string> named(request.named.begin(), request.named.end());
  SyncSelection selection;
  for (const std::string& tag : listed) {
    if (named.count(tag) > 0 ||
        (request.whole_repository && filter.Selects(tag))) {
      selection.tags.push_back(tag);
    }
  }
  std::set_difference(named.begin(), named.end(), listed.begin(), listed.end(),
                      std::back_inserter(selection.named_but_absent));
  return selection;
}

}  // namespace registry_manager
