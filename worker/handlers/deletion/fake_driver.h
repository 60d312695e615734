// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_HANDLERS_DELETION_FAKE_DRIVER_H_
#define REGISTRY_MANAGER_WORKER_HANDLERS_DELETION_FAKE_DRIVER_H_

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/http/transport.h"
#include "common/registry/drivers/driver.h"

namespace registry_manager {

// A repository in memory. Tests change it, and what it answers, at any look.
class FakeDriver : public RepositoryDriver {
 public:
  struct Manifest {
    std::vector<Digest> children = {};
    std::optional<Digest> subject = {};
    absl::Time created = absl::FromUnixSeconds(1700000000);
  };

  // `now` is the clock that looks grow old by.
  explicit FakeDriver(std::function<absl::Time()> now) : now_(std::move(now)) {}

  std::map<std::string, Digest> tags;
  std::map<Digest, Manifest> manifests;
  // Called before each look at all tags; counts from 1.
  std::function<void(int look)> on_look = [](int) {};
  // Called before each look at some tags; counts from 1.
  std::function<void(int look)> on_look_back = [](int) {};
  // Instead of deleting a manifest; nullopt: it is deleted.
  std::function<std::optional<ImageDeletion>(const Digest&)> on_delete =
      [](const Digest&) { return std::nullopt; };
  absl::Status deletes;
  absl::Status removes_tags;
  // Tags of deleted manifests stay listed until a look back takes them away.
  bool tags_linger = false;

  // The deletions that were done, in order: digests, and tags that were removed
  // alone.
  std::vector<std::string> done;
  int looks() const { return looks_; }

  // Adds a manifest under a tag ("": under none).
  Digest Push(const std::string& tag, const std::string& content) {
    return Push(tag, content, Manifest());
  }
  Digest Push(const std::string& tag, const std::string& content,
              Manifest manifest) {
    const Digest digest = Digest::Of(content);
    manifests[digest] = std::move(manifest);
    if (!tag.empty()) tags.insert_or_assign(tag, digest);
    return digest;
  }

  absl::StatusOr<TagStates> ReadTagStates() override {
    on_look(++looks_);
    std::set<std::string> all;
    for (const auto& [tag, digest] : tags) all.insert(tag);
    return StatesOf(all);
  }
  absl::StatusOr<TagStates> ReadTagStatesOf(
      const std::set<std::string>& some) override {
    on_look_back(++looks_back_);
    return StatesOf(some);
  }
  absl::flat_hash_map<std::string, CreationTime> ReadCreationTimes(
      const TagStates& states, const std::vector<std::string>& some) override {
    absl::flat_hash_map<std::string, CreationTime> times;
    for (const std::string& tag : some) {
      times[tag] = {CreationTime::Kind::kDated,
                    manifests.at(*states.at(tag).digest).created};
    }
    return times;
  }
  absl::StatusOr<SnapshotReading> ReadSnapshot(
      const TagStates& states, const std::vector<std::string>& /*doomed*/,
      const std::vector<Digest>& /*untagged*/) override {
    SnapshotReading result;
    for (const auto& [tag, state] : states) {
      if (!state.digest) continue;
      if (!manifests.contains(*state.digest)) result.lost_tags.push_back(tag);
      result.snapshot.tags.push_back({tag, *state.digest});
    }
    for (const auto& [digest, manifest] : manifests) {
      result.snapshot.manifests[digest] = {manifest.children, manifest.subject};
      if (manifest.subject) {
        result.snapshot.referrers[*manifest.subject].push_back(digest);
      }
    }
    return result;
  }
  uint64_t BytesOf(const std::vector<Digest>& going) const override {
    return going.size();
  }
  absl::StatusOr<absl::flat_hash_set<Digest>> Missing(
      const std::vector<Digest>& digests) override {
    absl::flat_hash_set<Digest> missing;
    for (const Digest& digest : digests) {
      if (!manifests.contains(digest)) missing.insert(digest);
    }
    return missing;
  }

  absl::Status CheckDeletes() override { return deletes; }
  std::vector<ImageDeletion> DeleteWave(const std::vector<ImageToDelete>& wave,
                                        absl::Time look_lasts_until) override {
    std::vector<ImageDeletion> results;
    for (const ImageToDelete& image : wave) {
      results.push_back(DeleteOne(image.digest, look_lasts_until));
    }
    return results;
  }
  bool LeavesTags() const override { return leaves_tags_; }
  bool RememberLeavesTags() override {
    return !std::exchange(leaves_tags_, true);
  }
  std::map<std::string, absl::Status> DeleteLeftTags(
      const std::map<std::string, Digest>& /*left*/) override {
    return {};
  }
  absl::StatusOr<std::vector<TagRemovalOutcome>> RemoveTags(
      const std::vector<TagToRemove>& some) override {
    if (!removes_tags.ok()) return removes_tags;
    std::vector<TagRemovalOutcome> outcomes;
    for (const TagToRemove& one : some) {
      const auto tag = tags.find(one.tag);
      const bool is_it = tag != tags.end() && tag->second == one.digest;
      outcomes.push_back({one.tag,
                          is_it ? TagRemovalOutcome::Kind::kRemoved
                                : TagRemovalOutcome::Kind::kMoved,
                          {}});
      if (!is_it) continue;
      done.push_back(one.tag);
      tags.erase(tag);
    }
    return outcomes;
  }
  absl::Status FinishHalfRemovedTags() override { return absl::OkStatus(); }

 private:
  TagStates StatesOf(const std::set<std::string>& some) const {
    TagStates states;
    for (const std::string& tag : some) {
      const auto found = tags.find(tag);
      if (found == tags.end()) continue;
      TagState& state = states[tag];
      if (manifests.contains(found->second)) {
        state.digest = found->second;
      } else {
        state.kind = TagState::Kind::kDangling;
      }
    }
    return states;
  }
  ImageDeletion DeleteOne(const Digest& digest, absl::Time look_lasts_until) {
    ImageDeletion result;
    if (now_() > look_lasts_until) {
      result.status = WithRequestNotSent(absl::OutOfRangeError("too late"));
      return result;
    }
    if (auto answer = on_delete(digest)) return *answer;
    result.was_gone = manifests.erase(digest) == 0;
    done.push_back(digest.str());
    if (tags_linger) return result;
    std::erase_if(tags,
                  [&](const auto& entry) { return entry.second == digest; });
    return result;
  }

  const std::function<absl::Time()> now_;
  int looks_ = 0;
  int looks_back_ = 0;
  bool leaves_tags_ = false;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_HANDLERS_DELETION_FAKE_DRIVER_H_
