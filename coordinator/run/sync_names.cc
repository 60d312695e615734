// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/run/sync_names.h"

#include "absl/strings/str_cat.h"
#include "coordinator/run/name_hash.h"

namespace registry_manager {

absl::StatusOr<std::string> SyncNames::Admit(const std::string& source) {
  absl::StatusOr<std::string> target = RenameRepository(source, rules_);
  if (!target.ok()) return target;
  if (same_registry_ && *target == source) {
    return absl::InvalidArgumentError(
        "source and target are one repository of one registry; a rule under "
        "sync-policy.replace must give it another name");
  }
  // Without rules, different names stay different.
  if (!rules_.empty() && !targets_.insert(NameHash(*target)).second) {
    return absl::InvalidArgumentError(
        absl::StrCat("another source repository is copied to ", *target,
                     " already; change the rules under sync-policy.replace"));
  }
  return target;
}

void SyncNames::AddProduct(const std::string& source) {
  const absl::StatusOr<std::string> target = RenameRepository(source, rules_);
  if (target.ok() && *target != source) products_.insert(NameHash(*target));
}

bool SyncNames::IsProduct(const std::string& name) const {
  return products_.contains(NameHash(name));
}

}  // namespace registry_manager
