// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/task_context.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/reference/address.h"
#include "common/registry/credentials.h"

namespace registry_manager {

WorkerServices::WorkerServices(HttpTransport* transport, ThreadPool* pool,
                               GateFor gate_for)
    : transport_(transport), pool_(pool), gate_for_(std::move(gate_for)) {}

absl::StatusOr<RegistryConnection*> WorkerServices::Connect(
    const proto::Registry& registry, int retries) {
  const std::string key =
      absl::StrCat(registry.SerializeAsString(), " ", retries);
  const std::lock_guard<std::mutex> lock(mutex_);
  std::unique_ptr<RegistryConnection>& connection = connections_[key];
  if (connection != nullptr) return connection.get();
  absl::StatusOr<Address> address = Address::Parse(registry.id());
  if (!address.ok()) return address.status();
  Credentials credentials{registry.username(), registry.password(), ""};
  CredentialsLookUp look_up;
  if (credentials.anonymous()) {
    look_up = [file = registry.auth_file(), address = *address] {
      return LookUpCredentials(file, address);
    };
    absl::StatusOr<Credentials> found = look_up();
    if (!found.ok()) return found.status();
    credentials = *std::move(found);
  }
  const TlsSettings tls{registry.insecure(), registry.ca_file(),
                        registry.client_cert(), registry.client_key()};
  connection = std::make_unique<RegistryConnection>(
      RegistryOptions{*std::move(address), std::move(credentials), tls, retries,
                      std::move(look_up)},
      transport_, gate_for_(registry.id()));
  return connection.get();
}

}  // namespace registry_manager
