// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_CONNECTION_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_CONNECTION_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/http/transport.h"
#include "common/http/url.h"
#include "common/reference/address.h"
#include "common/registry/connection/authenticator.h"
#include "common/registry/connection/credentials.h"
#include "common/registry/connection/request_gate.h"
#include "common/registry/connection/task_scope.h"

namespace registry_manager {

class ContentCache;

// A registry, and the options for requests to it.
struct RegistryOptions {
  Address address;
  RegistryCredentials credentials;
  TlsSettings tls;
  // The number of times that a repeatable request is repeated.
  int retries = 3;
  // Called once the credentials are refused. If empty, the credentials stay as
  // they are.
  CredentialsLookUp renew_credentials = {};
  // The longest wait for the first byte of a listing.
  absl::Duration listing_timeout = absl::Minutes(10);
};

// One request to a registry.
struct RegistryRequest {
  HttpMethod method = HttpMethod::kGet;
  // The destination: RegistryConnection::Endpoint(), a Link or a Location.
  Url url;
  ScopeSet scopes;
  HttpHeaders headers;
  std::string body;
  // These are the same as in HttpRequest.
  BodySource* source = nullptr;
  uint64_t source_size = 0;
  BodySink* sink = nullptr;
  size_t max_body = 4 << 20;
  // True if sending the request twice has the same effect as sending it once,
  // so that it is repeated if an answer is lost or is a 5xx. Never set for a
  // DELETE, nor if `source` or `sink` is set.
  bool repeatable = false;
  // The longest wait for the beginning of the answer, once the server has the
  // whole request. A DELETE always gets a longer time.
  absl::Duration first_byte = absl::Seconds(30);
  // True if the server may continue with the request after a time-out: the
  // request is not sent again then.
  bool outlives_timeout = false;
  // Applies to GET and HEAD only.
  bool follow_redirects = true;
  // A pass of the registry's gate that the caller holds already.
  GatePass* pass = nullptr;
  // Called at the last moment before the request is sent. If it returns an
  // error, the request is not sent and fails with that error. Must not block;
  // may be empty.
  std::function<absl::Status()> before_send = nullptr;
};

// The knowledge of this process about one registry: how to reach it, how to
// authenticate, what it supports. Shared by all tasks; thread-safe. `transport`
// and `gate` must outlive it.
class RegistryConnection {
 public:
  RegistryConnection(RegistryOptions options, HttpTransport* transport,
                     RequestGate* gate);

  // Carries a request out: waits for its turn, authenticates (again after a
  // 401, or another answer to credentials that lapsed), follows redirects of
  // GET and HEAD (without Authorization to another host, https to http
  // refused), repeats what may be repeated on connection errors, 408, 429 and
  // 5xx, honouring Retry-After. Returns the answer that remains, whatever its
  // status; a 401 that authentication cannot mend is an Unauthenticated error,
  // of which RefusesCredentials() says whether the base endpoint refuses them
  // too. Where a redirect led to another host, its refusal is an Unavailable
  // error and never taken for the registry's; that it cannot be reached is no
  // IsNoAnswer() of the registry. A registry that redirects its API, or leads
  // to what must not be followed, IsUnusable(). A request that the task may not
  // write any more, or is cancelled, is Cancelled. Other errors are those of
  // errors.h.
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
  // The credentials as they are known now.
  RegistryCredentials credentials() { return authenticator_.credentials(); }
  const Url& base() const { return base_; }
  RequestGate& gate() { return *gate_; }
  int retries() const { return options_.retries; }
  absl::Duration listing_timeout() const { return options_.listing_timeout; }
  bool has_credentials() const { return !options_.credentials.anonymous(); }

  // The features of the registry that earlier answers have shown. Each starts
  // as unknown.
  enum class Support { kUnknown, kYes, kNo };
  std::atomic<Support> referrers_api = Support::kUnknown;
  // Held while the first answer shows whether there is a referrers API.
  std::mutex referrers_proof;
  std::atomic<Support> monolithic_upload = Support::kUnknown;
  // If a HEAD does not tell the length of a blob, a GET of its last byte does.
  // kNo: such a GET failed and is not tried again.
  std::atomic<Support> blob_ranges = Support::kUnknown;
  // kNo: the registry's HEADs of blobs name wrong lengths.
  std::atomic<Support> blob_heads = Support::kUnknown;
  // True once the registry had a blob of another length than the manifest says:
  // every blob that the registry claims to have taken is then checked.
  std::atomic<bool> has_broken_blobs = false;
  // A HEAD of a manifest tells whether the manifest is there. kNo: a HEAD
  // denied a manifest that a GET then found, so a GET is sent instead.
  std::atomic<Support> manifest_heads = Support::kUnknown;
  // The largest part of a blob that is sent in one request, because a larger
  // one was refused (413); zero: none was.
  std::atomic<uint64_t> upload_part = 0;
  // The smallest part that it takes, but for the last (OCI-Chunk-Min-Length).
  std::atomic<uint64_t> least_upload_part = 0;
  // The registry accepts images of Docker's types. kNo: it accepts OCI's types
  // only.
  std::atomic<Support> docker_types = Support::kUnknown;
  // The registry's base endpoint has answered.
  std::atomic<bool> is_registry = false;
  // True once a request that was refused without the credentials was let
  // through with them.
  std::atomic<bool> takes_credentials = false;
  // True once the registry has asked for credentials.
  std::atomic<bool> has_asked = false;
  // The cache for content that is read; null if there is none. Must be set
  // before the first request and outlive the connection.
  ContentCache* content_cache = nullptr;

 private:
  struct SignIn;

  // Returns `refusal` (401) of a request, with everything else that is known
  // about the credentials.
  absl::Status JudgeRefusal(TaskScope& task, const RegistryRequest& request,
                            const absl::Status& refusal);
  // Whether the registry takes the credentials at all: OK, Unauthenticated, or
  // another error if that cannot be found out.
  absl::Status ProveCredentials(TaskScope& task,
                                const RegistryRequest& request);
  // Learns from an answer to `authorization`. True if the request must be sent
  // again with the new knowledge. Sleeps if that takes time.
  absl::StatusOr<bool> LearnFrom(TaskScope& task,
                                 const RegistryRequest& request,
                                 const std::string& authorization,
                                 HttpResponse& response, SignIn& sign_in);
  absl::StatusOr<HttpResponse> SendAuthenticated(
      TaskScope& task, const RegistryRequest& request);
  // Notes an answer that is not a refusal.
  void NoteLetThrough(const RegistryRequest& request,
                      const std::string& authorization, int status,
                      const SignIn& sign_in);
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
  // The reason why no blob can be read: the registry leads to storage that must
  // not be used. OK until that is found out.
  std::mutex storage_mutex_;
  absl::Status storage_refused_;
};

// A registry as one task sees it. A value; the objects behind both pointers
// must outlive it.
struct RegistryClient {
  RegistryConnection* connection;
  TaskScope* task;
  // True if the repository that is read will also be pushed to, and may not
  // exist yet: some registries only answer users who may push.
  bool pushes = false;

  absl::StatusOr<HttpResponse> Send(const RegistryRequest& request) const {
    return connection->Send(*task, request);
  }
  // The scope of requests that read the repository.
  std::string ReadScope(absl::string_view repository) const {
    return connection->Scope(repository, pushes ? "pull,push" : "pull");
  }
  // ErrorOfResponse, which names the registry.
  absl::Status Refusal(const RegistryRequest& request,
                       const HttpResponse& response) const;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_CONNECTION_H_
