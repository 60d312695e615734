// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_HANDLERS_TASK_TESTING_H_
#define REGISTRY_MANAGER_WORKER_HANDLERS_TASK_TESTING_H_

#include <sys/types.h>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "common/concurrency/parallel.h"
#include "common/http/transport.h"
#include "common/registry/api/manifest.h"
#include "common/registry/connection/connection.h"
#include "worker/slots/task_context.h"

namespace registry_manager {

// A real docker-registry on loopback, with its contents in `folder`. It ends
// with this object, and with this process. For tests.
class DockerRegistry {
 public:
  // `settings` is added to its config: "auth: …", YAML of the outermost level.
  // `http_settings` is added below "http:", each line indented by two.
  explicit DockerRegistry(std::string folder, const std::string& settings = "",
                          const std::string& http_settings = "");
  ~DockerRegistry();
  DockerRegistry(const DockerRegistry&) = delete;
  DockerRegistry& operator=(const DockerRegistry&) = delete;

  // "127.0.0.1:PORT".
  std::string host() const;

 private:
  int port_ = 0;
  pid_t pid_ = -1;
};

// A gate with `limit` passes, which remembers how many were taken at once.
class CountingGate : public RequestGate {
 public:
  explicit CountingGate(int limit) : limit_(limit) {}

  absl::Status Acquire(int requests, Cancellation* cancellation) override;
  absl::Status AcquireUnlessParked(Cancellation* cancellation) override {
    return Acquire(1, cancellation);
  }
  void Release() override;
  absl::Status AwaitRate(Cancellation* cancellation) override {
    return cancellation->status();
  }
  absl::Duration ParkedFor() const override { return absl::ZeroDuration(); }
  void Throttled(ThrottleReason, absl::Duration) override {}
  void Answered() override {}
  void NoAnswer() override {}

  int taken() const;
  int peak() const;

 private:
  const int limit_;
  mutable std::mutex mutex_;
  std::condition_variable released_;
  int taken_ = 0;
  int peak_ = 0;
};

// All that a task needs around it.
class TaskBench {
 public:
  explicit TaskBench(int gate_limit = 16);

  // To be changed before the first task.
  proto::RunSettings& settings() { return *settings_; }
  proto::Registry& AddRegistry(const std::string& id);
  CountingGate& gate(const std::string& registry);
  Cancellation& cancellation() { return cancellation_; }
  TaskContext& context() { return context_; }
  RegistryClient Client(const proto::Registry& registry);

  // What may_write answers from now on.
  void SetMayWrite(absl::Status status);

  // Pushes an image of one layer to `repository`, and returns its digest.
  Digest PushImage(const proto::Registry& registry,
                   const std::string& repository, const std::string& tag,
                   const std::string& contents, bool docker_types = false);
  // Pushes a list of images that are there.
  Digest PushList(const proto::Registry& registry,
                  const std::string& repository, const std::string& tag,
                  const std::vector<Digest>& children,
                  bool docker_types = false);

 private:
  Descriptor PushBlob(const RegistryClient& client,
                      const std::string& repository, const std::string& type,
                      const std::string& bytes);

  const int gate_limit_;
  std::mutex mutex_;
  absl::Status may_write_;
  std::map<std::string, std::unique_ptr<CountingGate>> gates_;
  std::unique_ptr<HttpTransport> transport_;
  ThreadPool pool_;
  WorkerServices services_;
  std::shared_ptr<proto::RunSettings> settings_;
  Cancellation cancellation_;
  TaskScope scope_;
  TaskContext context_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_HANDLERS_TASK_TESTING_H_
