// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/testing/client_fixture.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/reference/address.h"
#include "common/registry/api/manifests.h"
#include "common/registry/api/media_types.h"
#include "common/registry/api/uploads.h"

namespace registry_manager {
namespace {

using nlohmann::json;

void Require(const absl::Status& status, absl::string_view what) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s: %s\n", std::string(what).c_str(),
               status.ToString().c_str());
  std::abort();
}

json DescriptorJson(const Descriptor& descriptor) {
  return {{"mediaType", descriptor.media_type},
          {"digest", descriptor.digest.str()},
          {"size", descriptor.size}};
}

RawManifest Push(const RegistryClient& client, const std::string& repository,
                 const std::string& tag, const std::string& media_type,
                 const json& document) {
  const std::string bytes = document.dump();
  const RawManifest raw{Digest::Of(bytes), media_type, bytes};
  Require(
      PutManifest(client, repository, tag.empty() ? raw.digest.str() : tag, raw)
          .status(),
      "pushing a test manifest");
  return raw;
}

}  // namespace

absl::Status TestGate::Acquire(int requests, Cancellation* cancellation) {
  if (requests > limit_) return absl::FailedPreconditionError("limit");
  std::unique_lock<std::mutex> lock(mutex_);
  while (cancellation->status().ok()) {
    if (in_use_ + requests <= limit_ &&
        ParkedLocked() == absl::ZeroDuration()) {
      in_use_ += requests;
      permits_ += requests;
      most_in_use_ = std::max(most_in_use_, in_use_);
      return absl::OkStatus();
    }
    changed_.wait_for(lock, std::chrono::milliseconds(5));
  }
  return cancellation->status();
}

absl::Status TestGate::AcquireUnlessParked(Cancellation* cancellation) {
  std::unique_lock<std::mutex> lock(mutex_);
  while (cancellation->status().ok()) {
    if (ParkedLocked() > absl::ZeroDuration()) {
      return absl::ResourceExhaustedError("parked");
    }
    if (in_use_ < limit_) {
      most_in_use_ = std::max(most_in_use_, ++in_use_);
      ++permits_;
      return absl::OkStatus();
    }
    changed_.wait_for(lock, std::chrono::milliseconds(5));
  }
  return cancellation->status();
}

void TestGate::Release() {
  const std::lock_guard<std::mutex> lock(mutex_);
  --in_use_;
  changed_.notify_all();
}

absl::Status TestGate::AwaitRate(Cancellation* cancellation) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (ParkedLocked() > absl::ZeroDuration()) {
    return absl::ResourceExhaustedError("parked");
  }
  ++permits_;
  return cancellation->status();
}

absl::Duration TestGate::ParkedFor() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return ParkedLocked();
}

absl::Duration TestGate::ParkedLocked() const {
  return std::max(parked_until_ - absl::Now(), absl::ZeroDuration());
}

void TestGate::Throttled(ThrottleReason reason, absl::Duration retry_after) {
  const std::lock_guard<std::mutex> lock(mutex_);
  throttles_.push_back({reason, retry_after});
  parked_until_ = std::max(parked_until_, absl::Now() + retry_after);
}

void TestGate::Park(absl::Duration time) {
  const std::lock_guard<std::mutex> lock(mutex_);
  parked_until_ = absl::Now() + time;
}

std::vector<TestGate::Throttle> TestGate::throttles() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return throttles_;
}

int TestGate::in_use() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return in_use_;
}

int TestGate::permits() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return permits_;
}

int TestGate::most_in_use() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return most_in_use_;
}

ClientFixture::ClientFixture(absl::string_view url,
                             RegistryCredentials credentials, int limit,
                             int retries, CredentialsLookUp renew_credentials)
    : task_(&cancellation_,
            [this] {
              const std::lock_guard<std::mutex> lock(mutex_);
              return may_write_;
            }),
      gate_(limit),
      connection_({*Address::Parse(url),
                   std::move(credentials),
                   {},
                   retries,
                   std::move(renew_credentials)},
                  &Transport(), &gate_),
      client_{&connection_, &task_} {}

void ClientFixture::SetMayWrite(absl::Status status) {
  const std::lock_guard<std::mutex> lock(mutex_);
  may_write_ = std::move(status);
}

HttpTransport& ClientFixture::Transport() {
  static HttpTransport* const transport =
      NewCurlTransport("registry-manager-test").release();
  return *transport;
}

ThreadPool& ClientFixture::Pool() {
  static ThreadPool* const pool = new ThreadPool(16);
  return *pool;
}

std::string TestBytes(size_t size, uint32_t seed) {
  std::string bytes(size, '\0');
  uint32_t state = seed;
  for (char& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

Descriptor PushTestBlob(const RegistryClient& client,
                        const std::string& repository, const std::string& bytes,
                        const std::string& media_type) {
  const Descriptor blob{media_type, Digest::Of(bytes), bytes.size()};
  absl::StatusOr<UploadSession> session = StartUpload(client, repository);
  Require(session.status(), "starting an upload");
  Require(UploadBytes(client, repository, *session, blob, bytes),
          "pushing a test blob");
  return blob;
}

RawManifest PushTestImage(const RegistryClient& client,
                          const std::string& repository, const std::string& tag,
                          const TestImage& image) {
  const bool docker = image.media_type == kDockerManifest;
  json config = {{"architecture", "amd64"}, {"os", "linux"}};
  if (!image.created.empty()) config["created"] = image.created;
  if (!image.salt.empty()) config["config"]["Labels"]["salt"] = image.salt;
  json document = {{"schemaVersion", 2}, {"mediaType", image.media_type}};
  document["config"] = DescriptorJson(
      PushTestBlob(client, repository, config.dump(),
                   std::string(docker ? kDockerConfig : kOciConfig)));
  document["layers"] = json::array();
  for (const std::string& layer : image.layers) {
    document["layers"].push_back(DescriptorJson(PushTestBlob(
        client, repository, layer,
        docker ? "application/vnd.docker.image.rootfs.diff.tar.gzip"
               : "application/vnd.oci.image.layer.v1.tar+gzip")));
  }
  if (image.subject) {
    document["subject"] =
        DescriptorJson({image.subject->media_type, image.subject->digest,
                        image.subject->bytes.size()});
  }
  return Push(client, repository, tag, image.media_type, document);
}

RawManifest PushTestIndex(const RegistryClient& client,
                          const std::string& repository, const std::string& tag,
                          const std::vector<RawManifest>& children,
                          const std::string& media_type) {
  json document = {{"schemaVersion", 2}, {"mediaType", media_type}};
  document["manifests"] = json::array();
  for (const RawManifest& child : children) {
    json entry =
        DescriptorJson({child.media_type, child.digest, child.bytes.size()});
    entry["platform"] = {{"architecture", "amd64"}, {"os", "linux"}};
    document["manifests"].push_back(entry);
  }
  return Push(client, repository, tag, media_type, document);
}

}  // namespace registry_manager
