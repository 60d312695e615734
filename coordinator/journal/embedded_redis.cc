// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/journal/embedded_redis.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/os/private_folder.h"
#include "common/reference/printable.h"
#include "coordinator/journal/file_lock.h"
#include "coordinator/journal/redis_connection.h"
#include "coordinator/journal/redis_error.h"
#include "coordinator/journal/redis_server_process.h"
#include "coordinator/journal/socket_path.h"

namespace registry_manager {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// While a server starts, and while one runs.
constexpr milliseconds kStartPoll(3);
constexpr milliseconds kPoll(50);
// A server that does not even say LOADING in this time does not work.
constexpr std::chrono::seconds kAnswersWithin(20);
constexpr milliseconds kFirstBackOff(50);
constexpr milliseconds kLongestBackOff(5000);
// A server that ran so long has not ended for the reason of the one before.
constexpr std::chrono::seconds kRanWell(10);

class Supervisor : public EmbeddedRedis {
 public:
  explicit Supervisor(std::string folder)
      : folder_(std::move(folder)),
        socket_(SocketPath(folder_)),
        connection_(endpoint()),
        thread_([this] { Supervise(); }) {}

  ~Supervisor() override {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  RedisEndpoint endpoint() const override {
    RedisEndpoint endpoint;
    endpoint.socket = socket_;
    return endpoint;
  }

  // OK once the server answers, or why it does not.
  absl::Status AwaitStart() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return health_.has_value(); });
    return *health_;
  }

 private:
  void Supervise() {
    patience_ends_ = Clock::now() + kAnswersWithin;
    while (!Stopping()) {
      auto lock = FileLock::Try(folder_ + "/lock");
      if (!lock.ok()) {
        Report(lock.status());
        Pause(kLongestBackOff);
      } else if (lock->has_value()) {
        Serve();
        RemoveSocketFolder(folder_);
      } else {
        LookOn();
      }
    }
  }

  // Another coordinator looks after the server.
  void LookOn() {
    if (Started() || Answers()) {
      Report(absl::OkStatus());
    } else if (Clock::now() > patience_ends_) {
      Report(absl::UnavailableError(
          absl::StrCat("the redis-server of another coordinator (it holds ",
                       Printable(folder_), "/lock) does not answer at ",
                       Printable(socket_))));
    }
    Pause(Started() ? kPoll : kStartPoll);
  }

  // This coordinator does, until the end.
  void Serve() {
    milliseconds back_off = kFirstBackOff;
    while (!Stopping()) {
      const Clock::time_point begin = Clock::now();
      absl::Status status = ServeOnce();
      if (Stopping()) return;
      // The first time, Start() fails with that and destroys this object.
      Report(std::move(status));
      if (Clock::now() - begin > kRanWell) back_off = kFirstBackOff;
      Pause(back_off);
      back_off = std::min(back_off * 2, kLongestBackOff);
    }
  }

  // Why the server does not run, or does not run any more.
  absl::Status ServeOnce() {
    absl::Status status = MakeSocketFolder(folder_);
    if (!status.ok()) return status;
    RedisServerProcess::Options options;
    options.folder = folder_;
    options.socket = socket_;
    auto server = RedisServerProcess::Spawn(options);
    if (!server.ok()) return server.status();
    patience_ends_ = Clock::now() + kAnswersWithin;
    bool answered = false;
    while (!Stopping()) {
      if (!(*server)->Running()) return (*server)->WhyEnded();
      if (!answered && Answers()) {
        answered = true;
        Report(absl::OkStatus());
      }
      if (!answered && Clock::now() > patience_ends_) {
        return absl::UnavailableError(absl::StrCat(
            "redis-server runs but does not answer at ", Printable(socket_),
            " (its log: ", Printable(folder_), "/redis.log)"));
      }
      Pause(answered ? kPoll : kStartPoll);
    }
    return absl::OkStatus();
  }

  bool Answers() {
    const absl::Status status = connection_.Run({"PING"}).status();
    if (IsLoading(status)) {
      patience_ends_ = Clock::now() + kAnswersWithin;
    }
    return status.ok();
  }

  void Report(absl::Status status) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      health_ = std::move(status);
    }
    changed_.notify_all();
  }

  bool Started() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return health_.has_value();
  }
  bool Stopping() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return stopping_;
  }
  void Pause(milliseconds duration) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, duration, [this] { return stopping_; });
  }

  const std::string folder_;
  const std::string socket_;
  // Used by the thread only.
  RedisConnection connection_;
  Clock::time_point patience_ends_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  // nullopt: the first start is under way.
  std::optional<absl::Status> health_;
  // Last: it uses everything above. The server ends with it.
  std::thread thread_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<EmbeddedRedis>> EmbeddedRedis::Start(
    const std::string& folder) {
  auto path = MakePrivateFolder(folder);
  if (!path.ok()) return path.status();
  auto supervisor = std::make_unique<Supervisor>(*std::move(path));
  RETURN_IF_ERROR(supervisor->AwaitStart());
  return supervisor;
}

}  // namespace registry_manager
