// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/scheduler/ready_queue.h"

#include <tuple>

namespace registry_manager {

ReadyQueue::Group ReadyQueue::Join(const std::string& run,
                                   const std::vector<int>& registries) {
  const auto [it, added] =
      by_identity_.try_emplace(Identity(run, registries), last_group_ + 1);
  if (added) groups_[++last_group_].identity = it;
  ++groups_.at(it->second).members;
  return it->second;
}

void ReadyQueue::Part(Group group) {
  const auto it = groups_.find(group);
  if (--it->second.members > 0) return;
  by_identity_.erase(it->second.identity);
  groups_.erase(it);
}

void ReadyQueue::Add(Group group, Task task, bool urgent) {
  groups_.at(group).tasks[urgent ? 1 : 0].insert(task);
}

void ReadyQueue::Remove(Group group, Task task, bool urgent) {
  groups_.at(group).tasks[urgent ? 1 : 0].erase(task);
}

void ReadyQueue::Began(Group group) { ++groups_.at(group).running; }

void ReadyQueue::Ended(Group group) { --groups_.at(group).running; }

size_t ReadyQueue::Waiting(Group group) const {
  const auto it = groups_.find(group);
  if (it == groups_.end()) return 0;
  return it->second.tasks[0].size() + it->second.tasks[1].size();
}

const std::vector<int>& ReadyQueue::Registries(Group group) const {
  return groups_.at(group).identity->first.second;
}

bool ReadyQueue::Serve(bool urgent,
                       absl::FunctionRef<Turn(Group, Task)> try_begin) {
  const int level = urgent ? 1 : 0;
  std::set<std::tuple<size_t, uint64_t, Group>> turns;
  for (const auto& [group, state] : groups_) {
    if (!state.tasks[level].empty()) {
      turns.emplace(state.running, state.served, group);
    }
  }
  bool any = false;
  while (!turns.empty()) {
    const Group group = std::get<2>(*turns.begin());
    State& state = groups_.at(group);
    if (state.tasks[level].empty()) {
      turns.erase(turns.begin());
      continue;
    }
    switch (try_begin(group, *state.tasks[level].begin())) {
      case Turn::kBegan:
        any = true;
        turns.erase(turns.begin());
        state.served = ++turns_;
        turns.emplace(state.running, state.served, group);
        break;
      case Turn::kSetApart:
        break;
      case Turn::kBlocked:
        turns.erase(turns.begin());
        break;
      case Turn::kStop:
        return any;
    }
  }
  return any;
}

}  // namespace registry_manager
