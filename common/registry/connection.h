// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_H_

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/http/transport.h"
#include "common/http/url.h"
#include "common/reference/address.h"
#include "common/registry/authenticator.h"
#include "common/registry/credentials.h"
#include "common/registry/request_gate.h"
#include "common/registry/task_scope.h"

namespace registry_manager {

// A registry and how it is spoken to.
struct RegistryOptions {
  Address address;
  Credentials credentials;
  TlsSettings tls;
  // How often a request that may be repeated is repeated.
  int retries = 3;
  // Asked once the credentials are refused; empty: they stay as they are.
  CredentialsLookUp renew_credentials = {};
};

// One request to a registry.
struct RegistryRequest {
  HttpMethod method = HttpMethod::kGet;
  // Where to: RegistryConnection::Endpoint(), a Link or a Location.
  Url url;
  ScopeSet scopes;
  HttpHeaders headers;
  std::string body;
  // As HttpRequest's.
  BodySource* source = nullptr;
  uint64_t source_size = 0;
  BodySink* sink = nullptr;
  size_t max_body = 4 << 20;
  // Doing it twice is as good as once, so that it is repeated where an answer
  // is lost or says 5xx. Never set for a DELETE, nor where `source` or `sink`
  // is.
  bool repeatable = false;
  // How long the server may take before its answer begins, once it has all of
  // the request. A DELETE has longer in any case.
  absl::Duration first_byte = absl::Seconds(30);
  // Of GET and HEAD.
  bool follow_redirects = true;
  // A pass of the registry's gate that the caller holds already.
  GatePass* pass = nullptr;
};

// What the process knows of one registry: how to reach it, how to authenticate,
// what it supports. Shared by all tasks; thread-safe. `transport` and `gate`
// outlive it.
class RegistryConnection {
 public:
  RegistryConnection(RegistryOptions options, HttpTransport* transport,
                     RequestGate* gate);

  // Carries a request out: waits for its turn, authenticates (again after a
  // 401), follows redirects of GET and HEAD (without Authorization to another
  // host, https to http refused), repeats what may be repeated on connection
  // errors, 408, 429 and 5xx, honouring Retry-After. Returns the answer that
  // remains, whatever its status; a 401 that authentication cannot mend is an
  // Unauthenticated error, of which RefusesCredentials() says whether the base
  // endpoint refuses them too. Where a redirect led to another host, its
  // refusal is an Unavailable error and never taken for the registry's; that it
  // cannot be reached is no IsNoAnswer() of the registry. A request that the
  // task may not write any more, or is cancelled, is Cancelled. Other errors
  // are those of errors.h.
  absl::StatusOr<HttpResponse> Send(TaskScope& task,
                                    const RegistryRequest& request);

  // "BASE/v2/" and `path`.
  Url Endpoint(absl::string_view path) const;
  // "/v2/REPOSITORY/" and `path`, with the name that the API knows it by.
  Url RepositoryEndpoint(absl::string_view repository,
                         absl::string_view path) const;
  // "repository:NAME:ACTIONS".
  std::string Scope(absl::string_view repository,
                    absl::string_view actions) const;

  const Address& address() const { return options_.address; }
  const Url& base() const { return base_; }
  RequestGate& gate() { return *gate_; }
  int retries() const { return options_.retries; }
  bool has_credentials() const { return !options_.credentials.anonymous(); }

  // What was found out on the way. Each starts unknown.
  enum class Support { kUnknown, kYes, kNo };
  std::atomic<Support> referrers_api = Support::kUnknown;
  // Held while that is found out: by the first answer.
  std::mutex referrers_proof;
  std::atomic<Support> monolithic_upload = Support::kUnknown;
  // Where a HEAD leaves the length of a blob open, a GET of its last byte tells
  // it. kNo: such a GET came to nothing, and is not tried again.
  std::atomic<Support> blob_ranges = Support::kUnknown;
  // kNo: its HEADs of blobs bear lengths that are not those of the blobs.
  std::atomic<Support> blob_heads = Support::kUnknown;
  // It had a blob of another length than its manifest says: whatever it says
  // that it has taken is looked at.
  std::atomic<bool> has_broken_blobs = false;
  // A HEAD of a manifest tells whether the manifest is there. kNo: it denied
  // what a GET brought; a GET is sent instead.
  std::atomic<Support> manifest_heads = Support::kUnknown;
  // The largest part of a blob that is sent in one request, because a larger
  // one was refused (413); zero: none was.
  std::atomic<uint64_t> upload_part = 0;
  // The smallest part that it takes, but for the last (OCI-Chunk-Min-Length).
  std::atomic<uint64_t> least_upload_part = 0;
  // DELETE of a tag removes that tag and nothing else.
  std::atomic<Support> tag_delete = Support::kUnknown;
  // Held while that is found out: once is enough.
  std::mutex tag_delete_proof;
  // It takes images of Docker's types; kNo: those of OCI's alone.
  std::atomic<Support> docker_types = Support::kUnknown;
  // The registry's base endpoint has answered.
  std::atomic<bool> is_registry = false;
  // The base endpoint takes the credentials.
  std::atomic<bool> takes_credentials = false;
  // It has asked for credentials.
  std::atomic<bool> has_asked = false;

 private:
  class Attempts;

  // `refusal` (401) of a request, with what the base endpoint says besides.
  absl::Status JudgeRefusal(TaskScope& task, const RegistryRequest& request,
                            const absl::Status& refusal);
  absl::StatusOr<HttpResponse> SendAuthenticated(
      TaskScope& task, const RegistryRequest& request);
  absl::StatusOr<HttpResponse> SendFollowingRedirects(
      TaskScope& task, const RegistryRequest& request,
      const std::string& authorization, GatePass& pass);
  absl::StatusOr<HttpResponse> SendOnce(TaskScope& task,
                                        const RegistryRequest& request,
                                        const Url& url,
                                        const std::string& authorization,
                                        GatePass& pass);

  const RegistryOptions options_;
  const Url base_;
  HttpTransport* const transport_;
  RequestGate* const gate_;
  Authenticator authenticator_;
};

// A registry as one task sees it. A value; both outlive it.
struct RegistryClient {
  RegistryConnection* connection;
  TaskScope* task;
  // What is read is to be pushed to as well, and may not be there yet: some
  // registries tell only who may push.
  bool pushes = false;

  absl::StatusOr<HttpResponse> Send(const RegistryRequest& request) const {
    return connection->Send(*task, request);
  }
  // The scope of what reads the repository.
  std::string ReadScope(absl::string_view repository) const {
    return connection->Scope(repository, pushes ? "pull,push" : "pull");
  }
  // ErrorOfResponse, which names the registry.
  absl::Status Refusal(const RegistryRequest& request,
                       const HttpResponse& response) const;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_H_
