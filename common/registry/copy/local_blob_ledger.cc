// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/copy/local_blob_ledger.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace registry_manager {
namespace {

// About 100 MB of knowledge, counted in blobs and in repositories' names.
constexpr size_t kMaxEntries = 300000;
constexpr size_t kMaxNames = 500000;

}  // namespace

std::string LocalBlobLedger::KeyOf(const Address& target,
                                   const Digest& digest) {
  return absl::StrCat(target.str(), " ", digest.str());
}

absl::StatusOr<BlobLedger::Turn> LocalBlobLedger::Claim(
    const Address& target, const std::string& repository, const Digest& digest,
    Cancellation& cancellation) {
  const std::string key = KeyOf(target, digest);
  const uint64_t ticket = cancellation.Subscribe([this] {
    // Taken so that no waiter misses the call between its look and its wait.
    const std::lock_guard<std::mutex> lock(mutex_);
    finished_.notify_all();
  });
  std::unique_lock<std::mutex> lock(mutex_);
  finished_.wait(lock, [&] {
    return !cancellation.status().ok() || !entries_[key].claimed;
  });
  absl::Status status = cancellation.status();
  Turn turn;
  if (status.ok()) {
    Entry& entry = entries_[key];
    turn.present = entry.repositories.contains(repository);
    if (!entry.repositories.empty()) {
      turn.mount_from = *std::min_element(entry.repositories.begin(),
                                          entry.repositories.end());
    }
    entry.claimed = !turn.present;
    MakeRoom();
  }
  lock.unlock();
  cancellation.Unsubscribe(ticket);
  if (!status.ok()) return status;
  return turn;
}

void LocalBlobLedger::Finish(const Address& target,
                             const std::string& repository,
                             const Digest& digest, bool present) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Entry& entry = entries_[KeyOf(target, digest)];
  entry.claimed = false;
  if (present && entry.repositories.insert(repository).second) ++names_;
  MakeRoom();
  finished_.notify_all();
}

void LocalBlobLedger::Forget(const Address& target,
                             const std::string& repository,
                             const Digest& digest) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto entry = entries_.find(KeyOf(target, digest));
  if (entry != entries_.end()) {
    names_ -= entry->second.repositories.erase(repository);
  }
}

void LocalBlobLedger::MakeRoom() {
  if (entries_.size() <= kMaxEntries && names_ <= kMaxNames) return;
  absl::erase_if(entries_,
                 [](const auto& entry) { return !entry.second.claimed; });
  names_ = 0;
  for (auto& [key, entry] : entries_) entry.repositories.clear();
}

}  // namespace registry_manager
