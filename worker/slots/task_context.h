// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_SLOTS_TASK_CONTEXT_H_
#define REGISTRY_MANAGER_WORKER_SLOTS_TASK_CONTEXT_H_

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/concurrency/parallel.h"
#include "common/http/transport.h"
#include "common/os/memory_file.h"
#include "common/registry/api/content_cache.h"
#include "common/registry/connection/connection.h"
#include "common/registry/connection/request_gate.h"
#include "common/registry/connection/task_scope.h"
#include "common/registry/copy/local_blob_ledger.h"
#include "common/registry/drivers/driver.h"
#include "common/registry/registry_driver.h"
#include "proto/task.pb.h"

namespace registry_manager {

// The services that all slots of the worker share. Thread-safe; they outlive
// every task.
class WorkerServices {
 public:
  // The gate of a registry, by its id; it lives as long as the worker.
  using GateFor = std::function<RequestGate*(const std::string& registry)>;
  // Looks the credentials of a run's registry up again; blocks until the
  // coordinator has answered.
  using CredentialsFor = std::function<absl::StatusOr<RegistryCredentials>(
      const std::string& run, const std::string& registry)>;
  WorkerServices(HttpTransport* transport, ThreadPool* pool, GateFor gate_for);

  // All connections that are opened from now on use `cache`.
  void UseContentCache(std::unique_ptr<ContentCache> cache) {
    cache_ = std::move(cache);
  }

  // Registries that refuse their credentials are given what `ask` returns.
  void AskForCredentials(CredentialsFor ask) { ask_ = std::move(ask); }

  // Makes the driver of a registry; it outlives neither argument.
  using NewDriver = std::function<std::unique_ptr<RegistryDriver>(
      RegistryConnection* connection, ThreadPool* pool)>;
  // Registries that are opened from now on get the drivers of `new_driver`
  // instead of NewRegistryDriver()'s.
  void UseDrivers(NewDriver new_driver) { new_driver_ = std::move(new_driver); }

  // A registry of a run's settings: one connection and driver for each run and
  // registry, kept for the worker's life.
  struct OpenRegistry {
    RegistryConnection* connection;
    RegistryDriver* driver;
  };
  absl::StatusOr<OpenRegistry> Open(const proto::RunSettings& settings,
                                    const proto::Registry& registry);
  // These registries have a referrers API, as a worker of the run has seen: the
  // first answer that this one gets need not tell.
  void RememberReferrersApi(const std::vector<std::string>& registries);
  // The registries that have listed referrers, each once.
  std::vector<std::string> WithReferrersApi() const;
  ThreadPool& pool() { return *pool_; }
  // The knowledge of this worker about blobs; a task uses its context's
  // instead.
  BlobLedger& blobs() { return blobs_; }

 private:
  HttpTransport* const transport_;
  ThreadPool* const pool_;
  const GateFor gate_for_;
  NewDriver new_driver_ = NewRegistryDriver;
  CredentialsFor ask_;
  std::unique_ptr<ContentCache> cache_;
  LocalBlobLedger blobs_;
  struct Connection {
    std::string registry;
    std::vector<MemoryFile> files;
    std::unique_ptr<RegistryConnection> connection;
    std::unique_ptr<RegistryDriver> driver;
  };
  mutable std::mutex mutex_;
  absl::flat_hash_map<std::string, Connection> connections_;
  std::set<std::string> with_referrers_api_;
};

// The parts that a task needs to be carried out.
struct TaskContext {
  WorkerServices* services;
  std::shared_ptr<const proto::RunSettings> settings;
  // The task's end and its right to write.
  TaskScope* scope;
  // The knowledge of the whole fleet about blobs.
  BlobLedger* blobs;
  // Journals what a deletion is about to do (null: that it is done). Blocks
  // until it is journalled; an error: it is not, and nothing may be deleted.
  std::function<absl::Status(const std::string& registry,
                             const std::string& repository,
                             const proto::Intent* intent)>
      write_intent;
  // Replaces what the next heartbeat reports of the task. Thread-safe.
  std::function<void(const proto::Counts& counts)> report;
  // Sends actions ahead of the result, where there are many.
  std::function<void(const std::vector<proto::Action>& actions)> send_actions;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_SLOTS_TASK_CONTEXT_H_
