// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/connection/credentials.h"

#include <fstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/reference/printable.h"
#include "common/reference/secret_text.h"
#include "common/registry/connection/auth_files.h"

namespace registry_manager {
namespace {

constexpr size_t kMostPasswordFileBytes = 64 << 10;

}  // namespace

const Credentials& RegistryCredentials::For(
    absl::string_view repository) const {
  while (!repository.empty()) {
    if (const auto part = parts.find(std::string(repository));
        part != parts.end()) {
      return part->second;
    }
    const size_t slash = repository.rfind('/');
    repository =
        repository.substr(0, slash == absl::string_view::npos ? 0 : slash);
  }
  return whole;
}

absl::StatusOr<RegistryCredentials> LookUpCredentials(
    const std::string& auth_file, const Address& address) {
  ASSIGN_OR_RETURN(std::vector<AuthSource> sources, AuthSources(auth_file));
  RegistryCredentials found;
  for (const AuthSource& source : sources) {
    RETURN_IF_ERROR(AddFrom(source, address, found));
  }
  return found;
}

absl::StatusOr<RegistryCredentials> ReadPasswordFile(
    const std::string& username, const std::string& file) {
  std::ifstream stream(file);
  std::string text(kMostPasswordFileBytes + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(stream.gcount());
  if (text.empty() || text.size() > kMostPasswordFileBytes) {
    return absl::FailedPreconditionError(
        absl::StrCat("the password file ", Printable(file), " cannot be read"));
  }
  return RegistryCredentials(Credentials{username, SecretIn(text), ""});
}

}  // namespace registry_manager
