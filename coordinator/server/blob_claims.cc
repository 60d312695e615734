// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/server/blob_claims.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace registry_manager {
namespace {

// Some 50 MB of knowledge, counted in blobs and in repositories' names.
constexpr size_t kMaxEntries = 150000;
constexpr size_t kMaxNames = 250000;

bool IsSameTask(const BlobClaims::Claimant& a, const BlobClaims::Claimant& b) {
  return a.session == b.session && a.task == b.task && a.attempt == b.attempt;
}

bool IsSameClaim(const BlobClaims::Claimant& a, const BlobClaims::Claimant& b) {
  return a.session == b.session && a.number == b.number;
}

}  // namespace

std::string BlobClaims::KeyOf(const Blob& blob) {
  return absl::StrCat(blob.target, " ", blob.digest);
}

BlobClaims::Turn BlobClaims::TurnOf(const Entry& entry,
                                    const Waiting& waiting) {
  Turn turn{waiting.claimant.session, waiting.claimant.number,
            entry.repositories.contains(waiting.repository), ""};
  if (!turn.present && !entry.repositories.empty()) {
    turn.mount_from = *entry.repositories.begin();
  }
  return turn;
}

void BlobClaims::Advance(Entry& entry, Turns& turns) {
  // Guard: one-sender-a-blob
  while (!entry.holder && !entry.waiting.empty()) {
    Waiting next = std::move(entry.waiting.front());
    entry.waiting.pop_front();
    turns.push_back(TurnOf(entry, next));
    if (!turns.back().present) entry.holder = std::move(next.claimant);
  }
}

BlobClaims::Turns BlobClaims::Claim(const Blob& blob,
                                    const std::string& repository,
                                    const Claimant& claimant) {
  MakeRoom();
  const std::string key = KeyOf(blob);
  Entry& entry = entries_[key];
  Turns turns;
  const Waiting claim{repository, claimant};
  if (entry.holder && IsSameClaim(*entry.holder, claimant)) {
    turns.push_back(TurnOf(entry, claim));
    return turns;
  }
  const bool waits_already = std::any_of(
      entry.waiting.begin(), entry.waiting.end(),
      [&](const Waiting& one) { return IsSameClaim(one.claimant, claimant); });
  if (!waits_already) entry.waiting.push_back(claim);
  Advance(entry, turns);
  if (entry.holder) claimed_.insert(key);
  return turns;
}

BlobClaims::Turns BlobClaims::End(const Blob& blob,
                                  const std::string& repository,
                                  const Claimant& claimant, bool present) {
  const std::string key = KeyOf(blob);
  Entry& entry = entries_[key];
  if (present) names_ += entry.repositories.insert(repository).second;
  if (entry.holder && IsSameTask(*entry.holder, claimant)) {
    entry.holder.reset();
  }
  Turns turns;
  Advance(entry, turns);
  if (!entry.holder) claimed_.erase(key);
  return turns;
}

void BlobClaims::Forget(const Blob& blob, const std::string& repository) {
  const auto entry = entries_.find(KeyOf(blob));
  if (entry != entries_.end()) {
    names_ -= entry->second.repositories.erase(repository);
  }
}

BlobClaims::Turns BlobClaims::Release(
    const std::function<bool(const Claimant&)>& may_act) {
  Turns turns;
  for (auto key = claimed_.begin(); key != claimed_.end();) {
    Entry& entry = entries_[*key];
    std::erase_if(entry.waiting,
                  [&](const Waiting& one) { return !may_act(one.claimant); });
    if (!may_act(*entry.holder)) entry.holder.reset();
    Advance(entry, turns);
    key = entry.holder ? std::next(key) : claimed_.erase(key);
  }
  return turns;
}

void BlobClaims::MakeRoom() {
  if (entries_.size() < kMaxEntries && names_ < kMaxNames) return;
  absl::erase_if(entries_,
                 [](const auto& entry) { return !entry.second.holder; });
  for (auto& [key, entry] : entries_) entry.repositories.clear();
  names_ = 0;
}

}  // namespace registry_manager
