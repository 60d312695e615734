// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_SCHEDULER_WRITE_LOCKS_H_
#define REGISTRY_MANAGER_COORDINATOR_SCHEDULER_WRITE_LOCKS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace registry_manager {

// Decides who may write to a repository: one task, or tasks of one non-empty
// group together. Tasks that found a repository taken wait here instead of in a
// queue, so that nobody has to look past them.
//
// Tasks wait in *lines* (one for each queue that they came from), in the order
// of their numbers. When a repository becomes free, the first task of each line
// goes back to its queue; it has no right to the repository until it takes it.
// Not thread-safe.
class WriteLocks {
 public:
  using Task = uint64_t;
  using Line = uint64_t;

  bool IsFree(const std::string& repository, const std::string& group) const;

  // To be called where IsFree. Returns waiting tasks that may share it, taken
  // out of their lines.
  std::vector<Task> Take(const std::string& repository,
                         const std::string& group);
  // Returns what Wake does.
  std::vector<Task> Release(const std::string& repository);

  void Wait(const std::string& repository, const std::string& group, Line line,
            Task task);
  void StopWaiting(const std::string& repository, const std::string& group,
                   Line line, Task task);
  // Takes the first task out of each line, unless the repository is taken. Also
  // to be called when a task that was woken goes away without having taken it.
  std::vector<Task> Wake(const std::string& repository);

 private:
  struct Lock {
    size_t holders = 0;
    std::string group;
    std::map<std::pair<Line, std::string>, std::set<Task>> lines;
  };
  void DropIfIdle(std::map<std::string, Lock>::iterator lock);

  std::map<std::string, Lock> locks_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_SCHEDULER_WRITE_LOCKS_H_
