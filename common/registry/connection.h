// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_H_

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
#include "common/registry/authenticator.h"
#include "common/registry/credentials.h"
#include "common/registry/request_gate.h"
#include "common/registry/task_scope.h"

namespace registry_manager {

class ContentCache;

// A registry and how it is spoken to.
struct RegistryOptions {
  Address address;
  RegistryCredentials credentials;
  TlsSettings tls;
  // How often a request that may be repeated is repeated.
  int retries = 3;
  // Asked once the credentials are refused; empty: they stay as they are.
  CredentialsLookUp renew_credentials = {};
  // How long the first byte of a listing may take.
  absl::Duration listing_timeout = absl::Minutes(10);
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
  // The server may go on with it after a time-out: it is not sent again then.
  bool outlives_timeout = false;
  // Of GET and HEAD.
  bool follow_redirects = true;
  // A pass of the registry's gate that the caller holds already.
  GatePass* pass = nullptr;
  // Asked at the last moment before the request is sent: anything but OK, and
  // it is not sent and fails with that. Must not block; may be empty.
  std::function<absl::Status()> before_send = nullptr;
};

// What the process knows of one registry: how to reach it, how to authenticate,
// what it supports. Shared by all tasks; thread-safe. `transport` and `gate`
// outlive it.
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
  const Url& base() const { return base_; }
  RequestGate& gate() { return *gate_; }
  int retries() const { return options_.retries; }
  absl::Duration listing_timeout() const { return options_.listing_timeout; }
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
  // DELETE of a digest is taken while tags point at it; kNo: the tags have to
  // go first, by name (Google's registries).
  std::atomic<Support> deletes_tagged = Support::kUnknown;
  // With a digest its tags go; kNo: they stay listed (Nexus).
  std::atomic<Support> tags_go_along = Support::kUnknown;
  // DELETE of a tag's name is taken, whatever it takes along.
  std::atomic<Support> takes_tag_delete = Support::kUnknown;
  // It takes images of Docker's types; kNo: those of OCI's alone.
  std::atomic<Support> docker_types = Support::kUnknown;
  // The registry's base endpoint has answered.
  std::atomic<bool> is_registry = false;
  // What was refused without the credentials was let through with them.
  std::atomic<bool> takes_credentials = false;
  // It has asked for credentials.
  std::atomic<bool> has_asked = false;
  // Where content that is read is kept; null: nowhere. Set before the first
  // request, and outlives the connection.
  ContentCache* content_cache = nullptr;

 private:
  struct SignIn;

  // `refusal` (401) of a request, with what is known of the credentials
  // besides.
  absl::Status JudgeRefusal(TaskScope& task, const RegistryRequest& request,
                            const absl::Status& refusal);
  // Whether the registry takes the credentials at all: OK, Unauthenticated, or
  // another error if that cannot be found out.
  absl::Status ProveCredentials(TaskScope& task,
                                const RegistryRequest& request);
  // After an answer to `authorization`. True: send the request again, with what
  // was learnt. Sleeps if that takes time.
  absl::StatusOr<bool> LearnFrom(TaskScope& task,
                                 const RegistryRequest& request,
                                 const std::string& authorization,
                                 HttpResponse& response, SignIn& sign_in);
  absl::StatusOr<HttpResponse> SendAuthenticated(
      TaskScope& task, const RegistryRequest& request);
  // An answer that is no refusal.
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
  // Why no blob can be read: the registry leads to storage that must not be
  // followed. OK until that is found out.
  std::mutex storage_mutex_;
  absl::Status storage_refused_;
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
