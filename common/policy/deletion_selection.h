// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_POLICY_DELETION_SELECTION_H_
#define REGISTRY_MANAGER_COMMON_POLICY_DELETION_SELECTION_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "common/policy/tag_rules.h"

namespace registry_manager {

// The first half of planning a deletion: which tags are doomed, by their names
// and the creation times of their images. The second half is delete_plan.h.
// Pure: values in, values out; the outcome never depends on the order of input.

// What a delete policy asks of one repository.
struct DeletionRequest {
  // The repository itself is listed, or comes from the catalogue: its tags are
  // judged by the rules. Otherwise only `named` tags are deleted.
  bool whole_repository = true;
  // Tags that the config names. Deleted whatever the rules say, and taking none
  // of the `mix_count` places.
  std::vector<std::string> named;
  // How many of the newest candidates stay.
  int mix_count = 10;
  // A candidate without a date counts as the oldest. Otherwise it stays, if
  // dates are what decides, and takes none of the places.
  bool undated_is_oldest = false;
};

// The creation time of a tag's image, where it was asked for.
struct CreationTime {
  // kNone: the image bears none. A kDated one before 2000 counts as kNone
  // (reproducible builds carry such). kUnreadable: it could not be found out.
  enum class Kind { kDated, kNone, kUnreadable };
  Kind kind = Kind::kNone;
  absl::Time time;
};

struct SelectedTag {
  std::string tag;
  bool doomed;
  // `contains "develop"; 14th newest of 23 candidates`, `named in the config`,
  // `excluded: matches /^v/`, `contains "develop"; 3rd newest of 23
  // candidates, 10 stay`.
  std::string reason;
  // Its place among the candidates, 1 is the newest; 0: it is none.
  size_t rank = 0;
};

struct DeletionSelection {
  // One for every input tag, in the order of their names.
  std::vector<SelectedTag> tags;
  // Named tags that are not among the tags, sorted. No error: they are gone
  // already.
  std::vector<std::string> named_but_absent;
  // The tags whose creation times were needed and could not be read, sorted:
  // not empty means that the cut was among non-versions, and none of them is
  // doomed by the rules.
  std::vector<std::string> unreadable;
  // The candidates that stay because dates decide and they bear none, sorted.
  std::vector<std::string> undated;
  // What of the candidates gives reason to look at the rules again: names whose
  // order says little of their age, where some of them go.
  std::vector<std::string> warnings;
};

// The tags whose creation times SelectForDeletion needs, sorted: the
// non-version candidates where the cut falls among them, otherwise none.
// `tags` are all tags that may be judged: neither half removed nor dangling;
// duplicates are ignored. Signature-like ones may be among them: they follow
// their subjects and are doomed here only where the config names them.
std::vector<std::string> TagsToDate(const std::vector<std::string>& tags,
                                    const TagRules& rules,
                                    const DeletionRequest& request);

// Which of `tags` are doomed. Candidates are put in order, newest first:
// versions by precedence, newer than any non-version; non-versions by creation
// time; among equals the name that sorts last is newer. The newest `mix_count`
// stay. An order that is not known deletes nothing: if the cut falls among
// non-versions, those without a date stay and are not counted (unless
// `undated_is_oldest`). `created` holds at least TagsToDate(): one that is
// missing counts as unreadable, and where one is unreadable no non-version is
// doomed by the rules. n log n in the number of tags.
DeletionSelection SelectForDeletion(
    const std::vector<std::string>& tags, const TagRules& rules,
    const DeletionRequest& request,
    const absl::flat_hash_map<std::string, CreationTime>& created);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_POLICY_DELETION_SELECTION_H_
