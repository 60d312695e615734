// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/slots/registry_options.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "common/base/status_macros.h"
#include "common/reference/address.h"

namespace registry_manager {
namespace {

Credentials CredentialsOf(const proto::Credentials& message) {
  return {message.username(), message.password(), message.identity_token()};
}

// Sets the path of a file with that contents; none if they are empty.
absl::Status MakeFile(const std::string& contents,
                      std::vector<MemoryFile>& files, std::string& path) {
  if (contents.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(MemoryFile file, MemoryFile::Make(contents));
  path = file.path();
  files.push_back(std::move(file));
  return absl::OkStatus();
}

}  // namespace

RegistryCredentials CredentialsOf(const proto::RegistryCredentials& message) {
  RegistryCredentials credentials(CredentialsOf(message.whole()));
  for (const auto& [name, part] : message.parts()) {
    credentials.parts[name] = CredentialsOf(part);
  }
  credentials.trouble = message.trouble();
  return credentials;
}

absl::StatusOr<RegistryOptions> OptionsOf(const proto::Registry& registry,
                                          int retries,
                                          std::vector<MemoryFile>& files) {
  if (!registry.problem().empty()) {
    return absl::FailedPreconditionError(registry.problem());
  }
  ASSIGN_OR_RETURN(Address address, Address::Parse(registry.id()));
  TlsSettings tls;
  tls.insecure = registry.insecure();
  absl::Status status = MakeFile(registry.ca(), files, tls.ca_file);
  if (status.ok()) {
    status = MakeFile(registry.client_cert(), files, tls.client_cert);
  }
  if (status.ok()) {
    status = MakeFile(registry.client_key(), files, tls.client_key);
  }
  if (!status.ok()) return status;
  RegistryOptions options{std::move(address),
                          CredentialsOf(registry.credentials()), std::move(tls),
                          retries};
  if (registry.listing_timeout_ms() > 0) {
    options.listing_timeout = absl::Milliseconds(registry.listing_timeout_ms());
  }
  return options;
}

}  // namespace registry_manager
