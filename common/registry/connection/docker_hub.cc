// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/connection/docker_hub.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace registry_manager {

bool IsDockerHub(const Address& address) {
  const std::string& host = address.host();
  return host == "docker.io" || host == "index.docker.io" ||
         host == "registry-1.docker.io" || host == "hub.docker.com";
}

std::string ApiBase(const Address& address) {
  return IsDockerHub(address) ? "https://registry-1.docker.io" : address.str();
}

std::string ApiRepository(const Address& address,
                          absl::string_view repository) {
  if (IsDockerHub(address) && !absl::StrContains(repository, '/')) {
    return absl::StrCat("library/", repository);
  }
  return std::string(repository);
}

}  // namespace registry_manager
