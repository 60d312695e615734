// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/copy/blob_ledger.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace registry_manager {
namespace {

// About 100 MB of knowledge.
constexpr size_t kMaxEntries = 300000;
// One layer may be in every repository; a few are enough to mount from.
constexpr size_t kMaxRepositories = 1000;

}  // namespace

std::string BlobLedger::KeyOf(const Address& target, const Digest& digest) {
  return absl::StrCat(target.str(), " ", digest.str());
}

absl::StatusOr<BlobLedger::Turn> BlobLedger::Claim(
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
  absl::StatusOr<Turn> turn = cancellation.status();
  if (cancellation.status().ok()) {
    turn = Turn();
    Entry& entry = entries_[key];
    turn->present = entry.repositories.contains(repository);
    if (!entry.repositories.empty()) {
      turn->mount_from = *std::min_element(entry.repositories.begin(),
                                           entry.repositories.end());
    }
    entry.claimed = !turn->present;
    MakeRoom();
  }
  lock.unlock();
  cancellation.Unsubscribe(ticket);
  return turn;
}

void BlobLedger::Finish(const Address& target, const std::string& repository,
                        const Digest& digest, bool present) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Entry& entry = entries_[KeyOf(target, digest)];
  entry.claimed = false;
  if (present && entry.repositories.size() < kMaxRepositories) {
    entry.repositories.insert(repository);
  }
  finished_.notify_all();
}

void BlobLedger::Forget(const Address& target, const std::string& repository,
                        const Digest& digest) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto entry = entries_.find(KeyOf(target, digest));
  if (entry != entries_.end()) entry->second.repositories.erase(repository);
}

void BlobLedger::MakeRoom() {
  if (entries_.size() <= kMaxEntries) return;
  absl::erase_if(entries_,
                 [](const auto& entry) { return !entry.second.claimed; });
}

}  // namespace registry_manager
