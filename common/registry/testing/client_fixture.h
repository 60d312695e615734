// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_TESTING_CLIENT_FIXTURE_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_TESTING_CLIENT_FIXTURE_H_

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/concurrency/parallel.h"
#include "common/http/cancellation.h"
#include "common/http/transport.h"
#include "common/registry/api/manifest.h"
#include "common/registry/connection/connection.h"
#include "common/registry/connection/credentials.h"
#include "common/registry/connection/request_gate.h"
#include "common/registry/connection/task_scope.h"

namespace registry_manager {

// A gate of `limit` requests at once that parks when it is told to, and
// remembers what it was told. Thread-safe.
class TestGate : public RequestGate {
 public:
  explicit TestGate(int limit = 16) : limit_(limit) {}

  absl::Status Acquire(int requests, Cancellation* cancellation) override;
  absl::Status AcquireUnlessParked(Cancellation* cancellation) override;
  void Release() override;
  absl::Status AwaitRate(Cancellation* cancellation) override;
  absl::Duration ParkedFor() const override;
  void Throttled(ThrottleReason reason, absl::Duration retry_after) override;
  void Answered() override { answered_ = true; }
  void NoAnswer() override { answered_ = false; }
  // True if Answered() was called last, false if NoAnswer() was; nullopt before
  // the first call.
  std::optional<bool> answered() const { return answered_; }

  // Parks the gate as another task's answer would.
  void Park(absl::Duration time);
  struct Throttle {
    ThrottleReason reason;
    absl::Duration retry_after;
  };
  std::vector<Throttle> throttles() const;
  int in_use() const;
  int most_in_use() const;
  // The number of requests that the gate was asked for in all.
  int permits() const;

 private:
  absl::Duration ParkedLocked() const;

  const int limit_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int in_use_ = 0;
  int most_in_use_ = 0;
  int permits_ = 0;
  absl::Time parked_until_ = absl::InfinitePast();
  std::vector<Throttle> throttles_;
  std::atomic<std::optional<bool>> answered_{std::nullopt};
};

// All that a client of one registry needs, for tests.
class ClientFixture {
 public:
  // `url` is the registry's address.
  explicit ClientFixture(absl::string_view url,
                         RegistryCredentials credentials = {}, int limit = 16,
                         int retries = 3,
                         CredentialsLookUp renew_credentials = {});

  const RegistryClient& client() const { return client_; }
  RegistryConnection& connection() { return connection_; }
  TestGate& gate() { return gate_; }
  TaskScope& task() { return task_; }
  Cancellation& cancellation() { return cancellation_; }
  // Sets the answer to the question whether the task may write from now on.
  void SetMayWrite(absl::Status status);

  // Shared by all fixtures of the process.
  static HttpTransport& Transport();
  static ThreadPool& Pool();

 private:
  mutable std::mutex mutex_;
  absl::Status may_write_;
  Cancellation cancellation_;
  TaskScope task_;
  TestGate gate_;
  RegistryConnection connection_;
  const RegistryClient client_;
};

// Bytes that a swap or a gap would show in.
std::string TestBytes(size_t size, uint32_t seed = 1);

Descriptor PushTestBlob(const RegistryClient& client,
                        const std::string& repository, const std::string& bytes,
                        const std::string& media_type);

// The parts of a test image.
struct TestImage {
  std::vector<std::string> layers = {"layer"};
  // The config's "created"; "" for none.
  std::string created = "2024-05-01T12:00:00Z";
  std::string media_type = "application/vnd.oci.image.manifest.v1+json";
  std::optional<RawManifest> subject = std::nullopt;
  // A different salt makes a different image.
  std::string salt = "";
};

// Pushes blobs and manifest, under its digest if `tag` is empty. Aborts the
// test if that fails.
RawManifest PushTestImage(const RegistryClient& client,
                          const std::string& repository, const std::string& tag,
                          const TestImage& image = {});
RawManifest PushTestIndex(
    const RegistryClient& client, const std::string& repository,
    const std::string& tag, const std::vector<RawManifest>& children,
    const std::string& media_type = "application/vnd.oci.image.index.v1+json");

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_TESTING_CLIENT_FIXTURE_H_
