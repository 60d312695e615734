// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/words/count_words.h"

#include <algorithm>

namespace registry_manager {
namespace {

using proto::Counts;
using Group = CountGroup;
using Unit = CountWords::Unit;

constexpr CountWords kWords[] = {
    {Group::kLookedAt, "tag looked at", "tags looked at",
     [](const Counts& c) -> uint64_t { return c.tags(); }},
    {Group::kPlanned, "to copy", "to copy",
     [](const Counts& c) -> uint64_t { return c.to_copy(); }},
    {Group::kPlanned, "to delete", "to delete",
     [](const Counts& c) -> uint64_t { return c.to_delete(); }},
    {Group::kPlanned, "to untag (the image stays)",
     "to untag (the image stays)",
     [](const Counts& c) -> uint64_t { return c.to_untag(); }},
    {Group::kPlanned, "manifest without a tag to delete",
     "manifests without a tag to delete",
     [](const Counts& c) -> uint64_t { return c.manifests_to_delete(); }},
    {Group::kChanged, "copied", "copied",
     [](const Counts& c) -> uint64_t { return c.copied(); }},
    {Group::kChanged, "deleted", "deleted",
     [](const Counts& c) -> uint64_t { return c.deleted(); }},
    {Group::kChanged, "untagged (the image stays)",
     "untagged (the image stays)",
     [](const Counts& c) -> uint64_t { return c.untagged(); }},
    {Group::kChanged, "manifest without a tag deleted",
     "manifests without a tag deleted",
     [](const Counts& c) -> uint64_t { return c.manifests_deleted(); }},
    {Group::kPassedOver, "skipped", "skipped",
     [](const Counts& c) -> uint64_t {
       return std::min(c.skipped(), c.passed_over());
     }},
    {Group::kFailed, "failed", "failed",
     [](const Counts& c) -> uint64_t { return c.failed(); }},
    {Group::kStaying, "unchanged", "unchanged",
     [](const Counts& c) -> uint64_t {
       return c.skipped() - std::min(c.skipped(), c.passed_over());
     }},
    {Group::kStaying, "not selected", "not selected",
     [](const Counts& c) -> uint64_t { return c.not_selected(); }},
    {Group::kStaying, "kept", "kept",
     [](const Counts& c) -> uint64_t { return c.kept(); }},
    {Group::kCost, "copied in blobs", "copied in blobs",
     [](const Counts& c) -> uint64_t { return c.bytes_copied(); },
     Unit::kBytes},
    {Group::kCost, "freed by deleting, at most", "freed by deleting, at most",
     [](const Counts& c) -> uint64_t { return c.bytes_to_free(); },
     Unit::kBytes},
    {Group::kCost, "blob copied", "blobs copied",
     [](const Counts& c) -> uint64_t { return c.blobs_copied(); }},
    {Group::kCost, "blob mounted", "blobs mounted",
     [](const Counts& c) -> uint64_t { return c.blobs_mounted(); }},
    {Group::kCost, "blob already there", "blobs already there",
     [](const Counts& c) -> uint64_t { return c.blobs_present(); }},
    {Group::kCost, "request", "requests",
     [](const Counts& c) -> uint64_t { return c.requests(); }},
    {Group::kCost, "waited because a registry asked to (Retry-After)",
     "waited because a registry asked to (Retry-After)",
     [](const Counts& c) -> uint64_t { return c.throttled_ms(); },
     Unit::kMilliseconds},
};

}  // namespace

absl::Span<const CountWords> AllCountWords() { return kWords; }

uint64_t SumOf(const Counts& counts, std::initializer_list<CountGroup> groups) {
  uint64_t sum = 0;
  for (const CountWords& words : kWords) {
    const bool is_in =
        std::find(groups.begin(), groups.end(), words.group) != groups.end();
    if (is_in) sum += words.count(counts);
  }
  return sum;
}

}  // namespace registry_manager
