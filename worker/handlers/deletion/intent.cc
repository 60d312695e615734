// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/deletion/intent.h"

#include <map>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "common/policy/attachment.h"

namespace registry_manager {
namespace {

using proto::Intent;
using Leaders = std::map<Digest, std::vector<Digest>>;

void AddDeletion(const Digest& digest, const Leaders& leaders,
                 const std::vector<std::string>& tags, bool root,
                 Intent& intent) {
  Intent::Deletion& entry = *intent.add_deletions();
  entry.set_digest(digest.str());
  entry.set_root(root);
  for (const std::string& tag : tags) entry.add_tags(tag);
  const auto led_by = leaders.find(digest);
  if (led_by == leaders.end()) return;
  for (const Digest& leader : led_by->second) {
    entry.add_attached_to(leader.str());
  }
}

}  // namespace

Intent IntentOf(const RepositorySnapshot& snapshot, const DeletePlan& plan,
                const std::vector<Digest>& gone,
                const std::vector<Digest>& untagged,
                const std::vector<std::string>& dangling) {
  const absl::flat_hash_set<Digest> roots(untagged.begin(), untagged.end());
  absl::flat_hash_set<Digest> touched;
  for (const DigestDeletion& one : plan.deletions) touched.insert(one.digest);
  for (const TagRemoval& one : plan.removals) touched.insert(one.digest);
  const Attachments attachments(snapshot);
  Leaders leaders;
  const auto add_leader = [&](const Digest& leader) {
    bool leads = false;
    for (const Digest& attached : attachments.Of(leader)) {
      if (!touched.contains(attached)) continue;
      leaders[attached].push_back(leader);
      leads = true;
    }
    return leads;
  };
  // Manifests that are attached to a manifest that is gone must not be taken
  // for somebody else's.
  absl::flat_hash_set<Digest> subjects;
  for (const Digest& digest : touched) {
    const auto node = snapshot.manifests.find(digest);
    if (node != snapshot.manifests.end() && node->second.subject) {
      subjects.insert(*node->second.subject);
    }
  }
  Intent intent;
  for (const DigestDeletion& one : plan.deletions) add_leader(one.digest);
  for (const Digest& digest : gone) {
    if (add_leader(digest) || subjects.contains(digest)) {
      AddDeletion(digest, {}, {}, /*root=*/false, intent);
    }
  }
  for (const DigestDeletion& one : plan.deletions) {
    AddDeletion(one.digest, leaders, one.tags,
                !one.tags.empty() || roots.contains(one.digest), intent);
  }
  for (const TagRemoval& removal : plan.removals) {
    Intent::Removal& entry = *intent.add_removals();
    entry.set_tag(removal.tag);
    entry.set_digest(removal.digest.str());
  }
  for (const std::string& tag : dangling) intent.add_removals()->set_tag(tag);
  return intent;
}

EarlierIntent::EarlierIntent(const Intent& intent) {
  for (const Intent::Deletion& entry : intent.deletions()) {
    tags.insert(entry.tags().begin(), entry.tags().end());
    absl::StatusOr<Digest> digest = Digest::Parse(entry.digest());
    if (!digest.ok()) continue;
    if (entry.root() || entry.tags_size() > 0) roots.insert(*digest);
    IntendedDeletion deletion{*std::move(digest), {}};
    for (const std::string& text : entry.attached_to()) {
      absl::StatusOr<Digest> leader = Digest::Parse(text);
      if (leader.ok()) deletion.attached_to.push_back(*std::move(leader));
    }
    deletions.push_back(std::move(deletion));
  }
  for (const Intent::Removal& entry : intent.removals()) {
    tags.insert(entry.tag());
    absl::StatusOr<Digest> digest = Digest::Parse(entry.digest());
    if (digest.ok()) removals.push_back({entry.tag(), *std::move(digest)});
  }
}

}  // namespace registry_manager
