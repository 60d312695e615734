// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/access/registry_access.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/os/read_file.h"
#include "common/reference/printable.h"

namespace registry_manager {
namespace {

constexpr size_t kMostCertificateBytes = 1 << 20;

proto::Credentials ProtoOf(const Credentials& credentials) {
  proto::Credentials result;
  result.set_username(credentials.username);
  result.set_password(credentials.password);
  result.set_identity_token(credentials.identity_token);
  return result;
}

proto::RegistryCredentials ProtoOf(const RegistryCredentials& credentials) {
  proto::RegistryCredentials result;
  *result.mutable_whole() = ProtoOf(credentials.whole);
  for (const auto& [name, part] : credentials.parts) {
    (*result.mutable_parts())[name] = ProtoOf(part);
  }
  result.set_trouble(credentials.trouble);
  return result;
}

absl::Status ReadPem(const char* key, const std::string& file,
                     std::string& contents) {
  // A file is read once for a run.
  if (file.empty() || !contents.empty()) return absl::OkStatus();
  absl::StatusOr<std::string> text = ReadWholeFile(file, kMostCertificateBytes);
  if (!text.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat(key, " ", Printable(file),
                     " cannot be read: ", text.status().message()));
  }
  // It would count as none, and another authority be trusted.
  if (text->empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(key, " ", Printable(file), " is empty"));
  }
  contents = *std::move(text);
  return absl::OkStatus();
}

absl::Status ReadAll(const RegistryConfig& config, proto::Registry& registry) {
  ASSIGN_OR_RETURN(const RegistryCredentials credentials,
                   ReadCredentials(config));
  *registry.mutable_credentials() = ProtoOf(credentials);
  absl::Status status =
      ReadPem("ca-file", config.ca_file, *registry.mutable_ca());
  if (status.ok()) {
    status = ReadPem("client-cert", config.client_cert,
                     *registry.mutable_client_cert());
  }
  if (status.ok()) {
    status = ReadPem("client-key", config.client_key,
                     *registry.mutable_client_key());
  }
  return status;
}

bool IsRenewable(const RegistryConfig& config) {
  return !config.password_file.empty() || config.password.empty();
}

}  // namespace

absl::StatusOr<RegistryCredentials> ReadCredentials(
    const RegistryConfig& config) {
  if (!config.password_file.empty()) {
    return ReadPasswordFile(config.username, config.password_file);
  }
  if (!config.password.empty()) {
    return RegistryCredentials(
        Credentials{config.username, config.password, ""});
  }
  return LookUpCredentials(config.auth_file, *config.address);
}

void ReadAccess(const RegistryConfig& config, proto::Registry& registry) {
  if (!config.address) return;
  registry.clear_problem();
  registry.set_is_renewable(IsRenewable(config));
  const absl::Status status = ReadAll(config, registry);
  if (!status.ok()) registry.set_problem(std::string(status.message()));
}

}  // namespace registry_manager
