// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/drivers/plain/plain_driver.h"

#include <utility>

#include "common/registry/api/manifests.h"
#include "common/registry/drivers/look_age.h"
#include "common/registry/drivers/plain/deletion.h"
#include "common/registry/drivers/plain/image_deletion.h"
#include "common/registry/drivers/plain/snapshot.h"
#include "common/registry/drivers/plain/tag_removal.h"
#include "common/registry/drivers/plain/tag_states.h"

namespace registry_manager {
namespace {

constexpr int kLooksAtOnce = 16;
constexpr int kDeletesAtOnce = 16;

class PlainDriver : public RepositoryDriver {
 public:
  PlainDriver(RegistryClient client, std::string repository, ThreadPool* pool)
      : client_(client),
        repository_(std::move(repository)),
        pool_(pool),
        snapshots_(client, repository_, pool) {}

  absl::StatusOr<TagStates> ReadTagStates() override {
    return registry_manager::ReadTagStates(client_, repository_, *pool_);
  }
  absl::StatusOr<TagStates> ReadTagStatesOf(
      const std::set<std::string>& tags) override {
    return registry_manager::ReadTagStatesOf(client_, repository_, tags,
                                             *pool_);
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
      looks[i] = HasManifest(client_, repository_, digests[i]);
    });
    absl::flat_hash_set<Digest> missing;
    for (size_t i = 0; i < digests.size(); ++i) {
      if (!looks[i].ok()) return looks[i].status();
      if (!*looks[i]) missing.insert(digests[i]);
    }
    return missing;
  }
  absl::Status CheckDeletes() override {
    return registry_manager::CheckDeletes(client_, repository_);
  }
  std::vector<ImageDeletion> DeleteWave(const std::vector<ImageToDelete>& wave,
                                        absl::Time look_lasts_until) override {
    std::vector<ImageDeletion> results(wave.size());
    const auto delete_one = [&](size_t i) {
      results[i].status = CheckLookLasts(look_lasts_until);
      if (!results[i].status.ok()) {
        results[i].status = WithRequestNotSent(results[i].status);
        return;
      }
      results[i] = DeleteImage(client_, repository_, wave[i].digest,
                               wave[i].tags, look_lasts_until, settling_);
    };
    // The first one alone finds out in which order the registry wants it.
    const bool is_known = client_.connection->deletes_tagged !=
                          RegistryConnection::Support::kUnknown;
    const size_t alone = is_known || wave.empty() ? 0 : 1;
    if (alone > 0) delete_one(0);
    pool_->ParallelFor(wave.size() - alone, kDeletesAtOnce,
                       [&](size_t i) { delete_one(i + alone); });
    return results;
  }
  bool LeavesTags() const override {
    return client_.connection->tags_go_along ==
           RegistryConnection::Support::kNo;
  }
  bool RememberLeavesTags() override {
    return client_.connection->tags_go_along.exchange(
               RegistryConnection::Support::kNo) !=
           RegistryConnection::Support::kNo;
  }
  std::map<std::string, absl::Status> DeleteLeftTags(
      const std::map<std::string, Digest>& tags) override {
    return registry_manager::DeleteLeftTags(client_, repository_, tags,
                                            settling_);
  }
  absl::StatusOr<std::vector<TagRemovalOutcome>> RemoveTags(
      const std::vector<TagToRemove>& tags) override {
    return registry_manager::RemoveTags(client_, repository_, tags, settling_);
  }
  absl::Status FinishHalfRemovedTags() override {
    return registry_manager::FinishHalfRemovedTags(client_, repository_,
                                                   settling_);
  }

 private:
  const RegistryClient client_;
  const std::string repository_;
  ThreadPool* const pool_;
  SnapshotReader snapshots_;
  Settling settling_;
};

}  // namespace

std::unique_ptr<RepositoryDriver> NewPlainDriver(RegistryClient client,
                                                 std::string repository,
                                                 ThreadPool* pool) {
  return std::make_unique<PlainDriver>(client, std::move(repository), pool);
}

}  // namespace registry_manager
