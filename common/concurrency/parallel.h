// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_CONCURRENCY_PARALLEL_H_
#define REGISTRY_MANAGER_COMMON_CONCURRENCY_PARALLEL_H_

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace registry_manager {

// Threads that help with the work of many tasks. Thread-safe. All work must
// have ended before it is destroyed.
class ThreadPool {
 public:
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // Calls work(0) … work(count - 1), up to `width` at a time, and returns when
  // all have returned. The calling thread does its share, so that it goes on,
  // if alone, when every thread of the pool is busy; calls may be nested.
  void ParallelFor(size_t count, int width,
                   const std::function<void(size_t)>& work);

 private:
  struct Loop;
  void Run();

  std::mutex mutex_;
  std::condition_variable work_arrived_;
  std::deque<std::shared_ptr<Loop>> helpers_wanted_;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_CONCURRENCY_PARALLEL_H_
