// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/concurrency/parallel.h"

#include <algorithm>
#include <utility>

namespace registry_manager {

// One call of ParallelFor. Shared with the pool, where a helper may look at it
// after the call has returned; `work` is touched only by who got an index.
struct ThreadPool::Loop {
  const std::function<void(size_t)>* work;
  size_t count;
  std::mutex mutex;
  std::condition_variable done;
  size_t next = 0;
  size_t finished = 0;

  // Does what is left, one index at a time.
  void Help() {
    std::unique_lock<std::mutex> lock(mutex);
    while (next < count) {
      const size_t index = next++;
      lock.unlock();
      (*work)(index);
      lock.lock();
      if (++finished == count) done.notify_all();
    }
  }
};

ThreadPool::ThreadPool(int threads) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { Run(); });
  }
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ending_ = true;
  }
  work_arrived_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    work_arrived_.wait(lock,
                       [&] { return ending_ || !helpers_wanted_.empty(); });
    if (ending_) return;
    const std::shared_ptr<Loop> loop = std::move(helpers_wanted_.front());
    helpers_wanted_.pop_front();
    lock.unlock();
    loop->Help();
    lock.lock();
  }
}

void ThreadPool::ParallelFor(size_t count, int width,
                             const std::function<void(size_t)>& work) {
  const auto loop = std::make_shared<Loop>();
  loop->work = &work;
  loop->count = count;
  const size_t helpers =
      std::min<size_t>(std::max(width, 1), std::max<size_t>(count, 1)) - 1;
  if (helpers > 0) {
    const std::lock_guard<std::mutex> lock(mutex_);
    helpers_wanted_.insert(helpers_wanted_.end(), helpers, loop);
  }
  if (helpers == 1) {
    work_arrived_.notify_one();
  } else if (helpers > 1) {
    work_arrived_.notify_all();
  }
  loop->Help();
  std::unique_lock<std::mutex> lock(loop->mutex);
  loop->done.wait(lock, [&] { return loop->finished == count; });
}

}  // namespace registry_manager
