// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_TESTING_FAKE_DRIVER_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_TESTING_FAKE_DRIVER_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/reference/digest.h"
#include "common/registry/drivers/driver.h"
#include "common/registry/drivers/waves.h"

namespace registry_manager {

// A repository in memory, for tests of what is above the drivers. Everything
// happens at once, unless a test says otherwise. For one thread.
class FakeRepository {
 public:
  struct Manifest {
    std::vector<Digest> children = {};
    std::optional<Digest> subject = {};
    absl::Time created = absl::FromUnixSeconds(1700000000);
  };

  // `now` is the clock that looks grow old by.
  explicit FakeRepository(std::function<absl::Time()> now)
      : now_(std::move(now)) {}

  std::map<std::string, Digest> tags;
  std::map<Digest, Manifest> manifests;
  DeletionCapabilities capabilities;
  // Called before each look at all tags; counts from 1.
  std::function<void(int look)> on_look = [](int) {};
  // Called before each look at some tags; counts from 1.
  std::function<void(int look)> on_look_back = [](int) {};
  // Instead of deleting a manifest; nullopt: it is deleted.
  std::function<std::optional<ImageOutcome>(const Digest&)> on_delete =
      [](const Digest&) { return std::nullopt; };
  // If it is not OK, a removal ends with it after its first wave.
  absl::Status ends_removal;
  absl::Status deletes;
  absl::Status is_registry;
  // A HEAD of a tag that was not listed finds nothing.
  bool denies_heads = false;
  absl::Status lists;
  absl::Status removes_tags;
  // If it is not OK, looks at some tags fail with it.
  absl::Status looks_back_at;
  // The errors of looks at single tags, by tag.
  std::map<std::string, absl::Status> unreadable;
  // Tags of deleted manifests stay listed until a look back takes them away.
  bool tags_linger = false;
  // Tags that the registry deletes by name after their image is gone.
  bool deletes_left_tags = false;
  // Tags are answered for although their image is gone.
  bool answers_for_deleted = false;

  // The deletions that were done, in order: digests, and tags that were removed
  // alone.
  std::vector<std::string> done;
  // Tags that were to be deleted by name after their image.
  std::vector<std::string> asked_by_name;
  int looks() const { return looks_; }
  int looks_back() const { return looks_back_; }

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

 private:
  friend class FakeRepositoryDriver;

  TagStates StatesOf(const std::set<std::string>& some) const {
    TagStates states;
    for (const std::string& tag : some) {
      const auto found = tags.find(tag);
      if (found == tags.end()) continue;
      TagState& state = states[tag];
      if (manifests.contains(found->second) || answers_for_deleted) {
        state.digest = found->second;
      } else {
        state.kind = TagState::Kind::kDangling;
      }
    }
    return states;
  }

  const std::function<absl::Time()> now_;
  int looks_ = 0;
  int looks_back_ = 0;
};

// The driver's second implementation. `repository` outlives it.
class FakeRepositoryDriver : public RepositoryDriver {
 public:
  explicit FakeRepositoryDriver(FakeRepository* repository)
      : fake_(*repository) {}

  absl::StatusOr<std::vector<std::string>> ListTags() override {
    fake_.on_look(++fake_.looks_);
    if (!fake_.lists.ok()) return fake_.lists;
    if (fake_.tags.empty()) return absl::NotFoundError("no such repository");
    std::vector<std::string> tags;
    for (const auto& [tag, digest] : fake_.tags) tags.push_back(tag);
    return tags;
  }
  absl::Status CheckIsRegistry() override { return fake_.is_registry; }
  absl::StatusOr<ManifestHead> HeadTag(const std::string& tag,
                                       bool is_listed) override {
    // Some proxies deny a manifest that nobody has read yet.
    if (!is_listed && fake_.denies_heads) {
      return absl::NotFoundError("not in the cache");
    }
    const auto unreadable = fake_.unreadable.find(tag);
    if (unreadable != fake_.unreadable.end()) return unreadable->second;
    const auto found = fake_.tags.find(tag);
    if (found == fake_.tags.end()) return absl::NotFoundError("no such tag");
    return ManifestHead{found->second, ""};
  }
  absl::StatusOr<RawManifest> ReadTag(const std::string& tag) override {
    const absl::StatusOr<ManifestHead> head = HeadTag(tag, false);
    if (!head.ok()) return head.status();
    return ReadManifest(*head);
  }
  absl::StatusOr<RawManifest> ReadManifest(const ManifestHead& head) override {
    return RawManifest{head.digest, head.media_type, ""};
  }

  DeletionCapabilities& capabilities() override { return fake_.capabilities; }
  absl::StatusOr<TagStates> ReadTagStates() override {
    fake_.on_look(++fake_.looks_);
    std::set<std::string> all;
    for (const auto& [tag, digest] : fake_.tags) all.insert(tag);
    return fake_.StatesOf(all);
  }
  absl::StatusOr<TagStates> ReadTagStatesOf(
      const std::set<std::string>& some) override {
    fake_.on_look_back(++fake_.looks_back_);
    if (!fake_.looks_back_at.ok()) return fake_.looks_back_at;
    return fake_.StatesOf(some);
  }
  absl::flat_hash_map<std::string, CreationTime> ReadCreationTimes(
      const TagStates& states, const std::vector<std::string>& some) override {
    absl::flat_hash_map<std::string, CreationTime> times;
    for (const std::string& tag : some) {
      times[tag] = {CreationTime::Kind::kDated,
                    fake_.manifests.at(*states.at(tag).digest).created};
    }
    return times;
  }
  absl::StatusOr<SnapshotReading> ReadSnapshot(
      const TagStates& states, const std::vector<std::string>& /*doomed*/,
      const std::vector<Digest>& /*untagged*/) override {
    SnapshotReading result;
    for (const auto& [tag, state] : states) {
      if (!state.digest) continue;
      if (!fake_.manifests.contains(*state.digest)) {
        result.lost_tags.push_back(tag);
      }
      result.snapshot.tags.push_back({tag, *state.digest});
    }
    for (const auto& [digest, manifest] : fake_.manifests) {
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
      if (!fake_.manifests.contains(digest)) missing.insert(digest);
    }
    return missing;
  }

  absl::Status CheckDeletes() override { return fake_.deletes; }
  RemovalOutcome Remove(const RemovalPlan& plan) override {
    RemovalOutcome outcome =
        DeleteInWaves(plan, [&](const std::vector<const ImageToDelete*>& wave,
                                std::vector<ImageOutcome>& outcomes) {
          for (size_t i = 0; i < wave.size(); ++i) {
            outcomes[i] = Delete(wave[i]->digest, plan.look_lasts_until);
          }
          return fake_.ends_removal;
        });
    if (!outcome.status.ok() || !AllAreGone(outcome.images)) return outcome;
    for (const auto& [tag, digest] : plan.left_tags) {
      fake_.asked_by_name.push_back(tag);
      if (fake_.deletes_left_tags) {
        fake_.tags.erase(tag);
      } else {
        outcome.refused_tags[tag] = absl::UnimplementedError("not by name");
      }
    }
    if (plan.tags.empty()) return outcome;
    outcome.status.Update(fake_.removes_tags);
    if (!outcome.status.ok()) return outcome;
    for (const TagToRemove& tag : plan.tags) {
      outcome.tags.push_back(RemoveTag(tag));
    }
    return outcome;
  }
  absl::Status FinishHalfRemovedTags() override { return absl::OkStatus(); }

 private:
  ImageOutcome Delete(const Digest& digest, absl::Time look_lasts_until) {
    if (fake_.now_() > look_lasts_until) {
      return {ImageOutcome::Kind::kTooLate, absl::OutOfRangeError("too late")};
    }
    if (auto outcome = fake_.on_delete(digest)) return *outcome;
    const bool was_there = fake_.manifests.erase(digest) > 0;
    fake_.done.push_back(digest.str());
    if (!fake_.tags_linger) {
      std::erase_if(fake_.tags,
                    [&](const auto& entry) { return entry.second == digest; });
    }
    return {was_there ? ImageOutcome::Kind::kDeleted
                      : ImageOutcome::Kind::kWasGone};
  }
  TagOutcome RemoveTag(const TagToRemove& one) {
    const auto tag = fake_.tags.find(one.tag);
    const bool is_it =
        tag != fake_.tags.end() && (!one.digest || tag->second == one.digest);
    if (!is_it) return {one.tag, TagOutcome::Kind::kMoved};
    fake_.done.push_back(one.tag);
    fake_.tags.erase(tag);
    return {one.tag, TagOutcome::Kind::kRemoved};
  }

  FakeRepository& fake_;
};

// A registry of one repository.
class FakeRegistryDriver : public RegistryDriver {
 public:
  explicit FakeRegistryDriver(FakeRepository* repository)
      : repository_(repository) {}

  absl::StatusOr<CatalogPage> ListCatalog(
      TaskScope& /*task*/, const std::string& /*cursor*/) override {
    return CatalogPage{{"app"}, ""};
  }
  std::unique_ptr<RepositoryDriver> Open(TaskScope& /*task*/,
                                         std::string /*repository*/,
                                         bool /*pushes*/) override {
    return std::make_unique<FakeRepositoryDriver>(repository_);
  }

 private:
  FakeRepository* const repository_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_TESTING_FAKE_DRIVER_H_
