// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_SCHEDULER_READY_QUEUE_H_
#define REGISTRY_MANAGER_COORDINATOR_SCHEDULER_READY_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"

namespace registry_manager {

// Tasks that could begin, in a fair order. A *group* is a run together with a
// set of registries. The group with the fewest running tasks is next, so that
// one whose tasks take long does not come to occupy every slot; among equals
// they take turns. Within a group tasks go in the order of their numbers.
// Urgent tasks of all groups come first. Not thread-safe.
class ReadyQueue {
 public:
  using Task = uint64_t;
  using Group = uint64_t;

  // Counts a member (waiting here or elsewhere, or running) in or out of its
  // group; a group lives as long as it has members. Its number is never used
  // again.
  Group Join(const std::string& run, const std::vector<int>& registries);
  void Part(Group group);

  void Add(Group group, Task task, bool urgent);
  void Remove(Group group, Task task, bool urgent);
  // A task of the group runs / runs no more.
  void Began(Group group);
  void Ended(Group group);

  // The number of tasks of the group that wait here; 0 if the group does not
  // exist any more.
  size_t Waiting(Group group) const;
  const std::vector<int>& Registries(Group group) const;

  // The result of a task's turn.
  enum class Turn {
    // It has begun: removed, and Began called.
    kBegan,
    // It has been removed for another reason: the group's next one is asked.
    kSetApart,
    // No task of this group can begin now.
    kBlocked,
    // No task at all can.
    kStop,
  };
  // Gives each group its turns until none is left that can begin. True: some
  // task has begun.
  bool Serve(bool urgent, absl::FunctionRef<Turn(Group, Task)> try_begin);

 private:
  using Identity = std::pair<std::string, std::vector<int>>;
  struct State {
    std::map<Identity, Group>::iterator identity;
    size_t members = 0;
    size_t running = 0;
    // Counts turns of all groups: when its last one was.
    uint64_t served = 0;
    // By urgency.
    std::set<Task> tasks[2];
  };

  std::map<Identity, Group> by_identity_;
  std::map<Group, State> groups_;
  Group last_group_ = 0;
  uint64_t turns_ = 0;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_SCHEDULER_READY_QUEUE_H_
