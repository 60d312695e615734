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

// The request of a delete policy about one repository.
struct DeletionRequest {
  // True if the config lists the repository itself, or the repository comes
  // from the catalogue: the rules decide about its tags. Otherwise only `named`
  // tags are deleted.
  bool whole_repository = true;
  // Tags that the config names. They are deleted whatever the rules say, and
  // take none of the `mix_count` places.
  std::vector<std::string> named;
  // The number of the newest candidates that stay.
  int mix_count = 10;
  // If true, a candidate without a date counts as the oldest. If false, such a
  // candidate stays when dates decide, and takes none of the places.
  bool undated_is_oldest = false;
};

// The creation time of a tag's image, if it was asked for.
struct CreationTime {
  // kNone: the image has no time. A kDated time before 2000 counts as kNone
  // (reproducible builds write such times). kUnreadable: the time could not be
  // found out.
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
  // The place of the tag among the candidates: 1 is the newest, 0 means that
  // the tag has no place.
  size_t rank = 0;
};

struct DeletionSelection {
  // One for every input tag, in the order of their names.
  std::vector<SelectedTag> tags;
  // Named tags that are not among the tags, sorted. This is not an error: they
  // are gone already.
  std::vector<std::string> named_but_absent;
  // The tags whose creation times were needed and could not be read, sorted. If
  // there are any, the cut was among non-versions, and the rules doom none of
  // the non-versions.
  std::vector<std::string> unreadable;
  // The candidates that stay because dates decide and they have no date,
  // sorted.
  std::vector<std::string> undated;
  // The reasons to look at the rules again: some candidates are deleted, and
  // the order of their names says little about their age.
  std::vector<std::string> warnings;
};

// The tags whose creation times SelectForDeletion needs, sorted: the
// non-version candidates if the cut falls among them, otherwise none. `tags`
// are all tags that may be judged: neither half removed nor dangling;
// duplicates are ignored. Signature-like ones may be among them: they follow
// their subjects and are doomed here only if the config names them.
std::vector<std::string> TagsToDate(const std::vector<std::string>& tags,
                                    const TagRules& rules,
                                    const DeletionRequest& request);

// Decides which of `tags` are doomed. Candidates are put in order, newest
// first: versions by precedence, newer than any non-version; non-versions by
// creation time; among equals the name that sorts last is newer. The newest
// `mix_count` stay. An order that is not known deletes nothing: if the cut
// falls among non-versions, those without a date stay and are not counted
// (unless `undated_is_oldest`). `created` must hold at least the tags of
// TagsToDate(). A missing tag counts as unreadable, and if one is unreadable,
// the rules doom no non-version. Takes n log n in the number of tags.
DeletionSelection SelectForDeletion(
    const std::vector<std::string>& tags, const TagRules& rules,
    const DeletionRequest& request,
    const absl::flat_hash_map<std::string, CreationTime>& created);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_POLICY_DELETION_SELECTION_H_
