// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/scheduler/write_locks.h"

#include <iterator>

namespace registry_manager {

bool WriteLocks::IsFree(const std::string& repository,
                        const std::string& group) const {
  const auto it = locks_.find(repository);
  if (it == locks_.end() || it->second.holders == 0) return true;
  return !group.empty() && it->second.group == group;
}

std::vector<WriteLocks::Task> WriteLocks::Take(const std::string& repository,
                                               const std::string& group) {
  Lock& lock = locks_[repository];
  ++lock.holders;
  lock.group = group;
  std::vector<Task> woken;
  if (group.empty()) return woken;
  for (auto it = lock.lines.begin(); it != lock.lines.end();) {
    if (it->first.second != group) {
      ++it;
      continue;
    }
    woken.insert(woken.end(), it->second.begin(), it->second.end());
    it = lock.lines.erase(it);
  }
  return woken;
}

std::vector<WriteLocks::Task> WriteLocks::Release(
    const std::string& repository) {
  --locks_.at(repository).holders;
  return Wake(repository);
}

void WriteLocks::Wait(const std::string& repository, const std::string& group,
                      Line line, Task task) {
  locks_[repository].lines[{line, group}].insert(task);
}

void WriteLocks::StopWaiting(const std::string& repository,
                             const std::string& group, Line line, Task task) {
  const auto lock = locks_.find(repository);
  if (lock == locks_.end()) return;
  const auto it = lock->second.lines.find({line, group});
  if (it == lock->second.lines.end()) return;
  it->second.erase(task);
  if (it->second.empty()) lock->second.lines.erase(it);
  DropIfIdle(lock);
}

std::vector<WriteLocks::Task> WriteLocks::Wake(const std::string& repository) {
  std::vector<Task> woken;
  const auto lock = locks_.find(repository);
  if (lock == locks_.end() || lock->second.holders > 0) return woken;
  auto& lines = lock->second.lines;
  for (auto it = lines.begin(); it != lines.end();) {
    woken.push_back(*it->second.begin());
    it->second.erase(it->second.begin());
    it = it->second.empty() ? lines.erase(it) : std::next(it);
  }
  DropIfIdle(lock);
  return woken;
}

void WriteLocks::DropIfIdle(std::map<std::string, Lock>::iterator lock) {
  if (lock->second.holders == 0 && lock->second.lines.empty()) {
    locks_.erase(lock);
  }
}

}  // namespace registry_manager
