// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/drivers/plain/plain_driver.h"

#include <string>
#include <utility>
#include <vector>

#include "common/registry/api/cached_manifests.h"
#include "common/registry/api/manifests.h"
#include "common/registry/connection/errors.h"
#include "common/registry/drivers/look_age.h"
#include "common/registry/drivers/plain/deletion.h"
#include "common/registry/drivers/plain/image_deletion.h"
#include "common/registry/drivers/plain/plain_repository.h"
#include "common/registry/drivers/plain/snapshot.h"
#include "common/registry/drivers/plain/tag_removal.h"
#include "common/registry/drivers/plain/tag_states.h"
#include "common/registry/drivers/waves.h"

namespace registry_manager {
namespace {

constexpr int kLooksAtOnce = 16;
constexpr int kDeletesAtOnce = 16;

// Nothing more may be asked of the registry, or written in the repository.
bool EndsRemoval(const absl::Status& status) {
  return EndsTask(status) || MayTakeEffectYet(status);
}

ImageOutcome::Kind KindOf(const ImageDeletion& deletion) {
  using Kind = ImageOutcome::Kind;
  const absl::Status& status = deletion.status;
  if (status.ok()) {
    return deletion.was_gone ? Kind::kWasGone : Kind::kDeleted;
  }
  if (CameTooLate(status)) return Kind::kTooLate;
  // Aborted: it waited for another DELETE whose outcome remains unknown.
  if (EndsRemoval(status) || absl::IsAborted(status)) return Kind::kNotTried;
  // A refusal is final; after any other answer it may be carried out yet.
  return HttpStatusOf(status) / 100 == 4 ? Kind::kRefused : Kind::kFailed;
}

class PlainRepositoryDriver : public RepositoryDriver {
 public:
  PlainRepositoryDriver(RegistryClient client, std::string repository,
                        DeletionCapabilities* capabilities, ThreadPool* pool)
      : repository_{client, std::move(repository), capabilities},
        pool_(pool),
        snapshots_(client, repository_.name, pool) {}

  absl::StatusOr<std::vector<std::string>> ListTags() override {
    return registry_manager::ListTags(client(), name());
  }
  absl::Status CheckIsRegistry() override {
    return registry_manager::CheckIsRegistry(client());
  }
  absl::StatusOr<ManifestHead> HeadTag(const std::string& tag,
                                       bool is_listed) override {
    return is_listed ? HeadListedTag(client(), name(), tag)
                     : HeadManifest(client(), name(), tag);
  }
  absl::StatusOr<RawManifest> ReadTag(const std::string& tag) override {
    return GetManifest(client(), name(), tag);
  }
  absl::StatusOr<RawManifest> ReadManifest(const ManifestHead& head) override {
    return registry_manager::ReadManifest(client(), name(), head.digest,
                                          head.media_type);
  }

  DeletionCapabilities& capabilities() override {
    return *repository_.capabilities;
  }
  absl::StatusOr<TagStates> ReadTagStates() override {
    return registry_manager::ReadTagStates(client(), name(), *pool_);
  }
  absl::StatusOr<TagStates> ReadTagStatesOf(
      const std::set<std::string>& tags) override {
    return registry_manager::ReadTagStatesOf(client(), name(), tags, *pool_);
  }
  absl::flat_hash_map<std::string, CreationTime> ReadCreationTimes(
      const TagStates& states, const std::vector<std::string>& tags) override {
    return snapshots_.ReadCreationTimes(states, tags);
  }
  absl::StatusOr<SnapshotReading> ReadSnapshot(
      const TagStates& states, const std::vector<std::string>& doomed,
      const std::vector<Digest>& untagged) override {
    return snapshots_.Read(states, doomed, untagged);
  }
  uint64_t BytesOf(const std::vector<Digest>& going) const override {
    return snapshots_.BytesOf(going);
  }
  absl::StatusOr<absl::flat_hash_set<Digest>> Missing(
      const std::vector<Digest>& digests) override {
    std::vector<absl::StatusOr<bool>> looks(digests.size(), false);
    pool_->ParallelFor(digests.size(), kLooksAtOnce, [&](size_t i) {
      looks[i] = HasManifest(client(), name(), digests[i]);
    });
    absl::flat_hash_set<Digest> missing;
    for (size_t i = 0; i < digests.size(); ++i) {
      if (!looks[i].ok()) return looks[i].status();
      if (!*looks[i]) missing.insert(digests[i]);
    }
    return missing;
  }

  absl::Status CheckDeletes() override {
    return registry_manager::CheckDeletes(client(), name());
  }
  RemovalOutcome Remove(const RemovalPlan& plan) override {
    RemovalOutcome outcome =
        DeleteInWaves(plan, [&](const std::vector<const ImageToDelete*>& wave,
                                std::vector<ImageOutcome>& outcomes) {
          return DeleteWave(wave, plan.look_lasts_until, outcomes);
        });
    if (!AllAreGone(outcome.images)) return outcome;
    if (outcome.status.ok()) RemoveLeftTags(plan.left_tags, outcome);
    if (outcome.status.ok()) RemoveTagsAlone(plan.tags, outcome);
    return outcome;
  }
  absl::Status FinishHalfRemovedTags() override {
    return registry_manager::FinishHalfRemovedTags(repository_);
  }

 private:
  const RegistryClient& client() const { return repository_.client; }
  const std::string& name() const { return repository_.name; }

  ImageDeletion Delete(const ImageToDelete& image, absl::Time until) {
    const absl::Status in_time = CheckLookLasts(until);
    if (in_time.ok()) {
      return DeleteImage(repository_, image.digest, image.tags, until);
    }
    ImageDeletion too_late;
    too_late.status = WithRequestNotSent(in_time);
    return too_late;
  }

  absl::Status DeleteWave(const std::vector<const ImageToDelete*>& wave,
                          absl::Time until,
                          std::vector<ImageOutcome>& outcomes) {
    std::vector<ImageDeletion> results(wave.size());
    // The first one alone finds out in which order the registry wants it.
    const bool is_known = repository_.capabilities->deletes_tagged !=
                          RegistryConnection::Support::kUnknown;
    const size_t alone = is_known || wave.empty() ? 0 : 1;
    if (alone > 0) results[0] = Delete(*wave[0], until);
    pool_->ParallelFor(wave.size() - alone, kDeletesAtOnce, [&](size_t i) {
      results[i + alone] = Delete(*wave[i + alone], until);
    });
    absl::Status ended;
    for (size_t i = 0; i < wave.size(); ++i) {
      ImageDeletion& result = results[i];
      const ImageOutcome::Kind kind = KindOf(result);
      if (EndsRemoval(result.status)) ended.Update(result.status);
      outcomes[i] = {kind, std::move(result.status), result.found_tags_first,
                     std::move(result.passed_over), std::move(result.untagged)};
    }
    return ended;
  }

  void RemoveLeftTags(const std::map<std::string, Digest>& tags,
                      RemovalOutcome& outcome) {
    if (tags.empty()) return;
    outcome.refused_tags = DeleteLeftTags(repository_, tags);
    for (const auto& [tag, status] : outcome.refused_tags) {
      if (EndsRemoval(status)) outcome.status.Update(status);
    }
  }

  void RemoveTagsAlone(const std::vector<TagToRemove>& tags,
                       RemovalOutcome& outcome) {
    absl::StatusOr<std::vector<TagOutcome>> removed =
        RemoveTags(repository_, tags);
    outcome.status = removed.status();
    if (!removed.ok()) return;
    outcome.tags = *std::move(removed);
    for (TagOutcome& tag : outcome.tags) {
      if (!EndsRemoval(tag.status)) continue;
      outcome.status.Update(tag.status);
      tag.kind = TagOutcome::Kind::kNotTried;
    }
  }

  PlainRepository repository_;
  ThreadPool* const pool_;
  SnapshotReader snapshots_;
};

class PlainDriver : public RegistryDriver {
 public:
  PlainDriver(RegistryConnection* connection, ThreadPool* pool)
      : connection_(connection), pool_(pool) {}

  absl::StatusOr<CatalogPage> ListCatalog(TaskScope& task,
                                          const std::string& cursor) override {
    return ListCatalogPage({connection_, &task}, cursor);
  }
  std::unique_ptr<RepositoryDriver> Open(TaskScope& task,
                                         std::string repository,
                                         bool pushes) override {
    return std::make_unique<PlainRepositoryDriver>(
        RegistryClient{connection_, &task, pushes}, std::move(repository),
        &capabilities_, pool_);
  }

 private:
  RegistryConnection* const connection_;
  ThreadPool* const pool_;
  DeletionCapabilities capabilities_;
};

}  // namespace

std::unique_ptr<RegistryDriver> NewPlainDriver(RegistryConnection* connection,
                                               ThreadPool* pool) {
  return std::make_unique<PlainDriver>(connection, pool);
}

}  // namespace registry_manager
