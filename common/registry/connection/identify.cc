// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/connection/identify.h"

#include "absl/strings/match.h"
#include "common/base/status_macros.h"
#include "common/registry/connection/docker_hub.h"
#include "common/registry/connection/errors.h"

namespace registry_manager {

absl::Status CheckCredentials(const RegistryClient& client) {
  RegistryRequest request;
  request.url = client.connection->Endpoint("");
  request.repeatable = true;
  ASSIGN_OR_RETURN(const HttpResponse response, client.Send(request));
  return response.status == 200 ? absl::OkStatus()
                                : client.Refusal(request, response);
}

absl::StatusOr<RegistryKind> IdentifyRegistry(const RegistryClient& client) {
  if (IsDockerHub(client.connection->address())) {
    return RegistryKind::kDockerHub;
  }
  RegistryRequest request;
  request.url = client.connection->base();
  request.url.path = "/api/v2.0/ping";
  request.max_body = 4096;
  request.follow_redirects = false;
  const absl::StatusOr<HttpResponse> response = client.Send(request);
  if (IsNoAnswer(response.status())) return response.status();
  const bool is_harbor = response.ok() && response->status == 200 &&
                         absl::StrContains(response->body, "Pong") &&
                         response->body.size() < 16;
  return is_harbor ? RegistryKind::kHarbor : RegistryKind::kPlain;
}

}  // namespace registry_manager
