// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_HTTP_TRANSPORT_H_
#define REGISTRY_MANAGER_COMMON_HTTP_TRANSPORT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/http/cancellation.h"

namespace registry_manager {

// One HTTP exchange: a request goes out, a response comes back. This layer
// knows nothing of registries: no authentication, no redirects, no retries.

enum class HttpMethod { kGet, kHead, kPost, kPut, kPatch, kDelete };
absl::string_view HttpMethodName(HttpMethod method);
// GET and HEAD.
bool IsReadOnly(HttpMethod method);

// Header fields in the order received; names compare without case.
class HttpHeaders {
 public:
  void Add(absl::string_view name, absl::string_view value);
  // The first value of that name, nullopt if there is none.
  std::optional<absl::string_view> Get(absl::string_view name) const;
  // All values of that name, in order.
  std::vector<absl::string_view> GetAll(absl::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& fields() const {
    return fields_;
  }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

// The source of a request body. Its functions are called on the I/O thread only
// and must not block.
class BodySource {
 public:
  virtual ~BodySource() = default;
  // Copies up to `size` bytes to `buffer` and returns how many; 0 at the end.
  // Unavailable means "none yet": the transfer pauses until the source's owner
  // calls the function given to SetResume. The owner must call it in the end,
  // because a paused transfer has no deadline except the total one, and notices
  // a lost connection only when it resumes. Any other error aborts the exchange
  // with that error.
  virtual absl::StatusOr<size_t> Read(char* buffer, size_t size) = 0;
  // The transport hands over a thread-safe function that resumes a paused
  // transfer, before the first Read. When it is done with the source, it hands
  // over an empty function and calls none of the source's functions any more.
  virtual void SetResume(std::function<void()> resume) = 0;
};

// The destination of the body of a successful response (2xx). Its functions are
// called on the I/O thread only and must not block.
class BodySink {
 public:
  virtual ~BodySink() = default;
  // Called once with the status and headers, before the first Write; an error
  // aborts the exchange with that error.
  virtual absl::Status Begin(int status, const HttpHeaders& headers) = 0;
  // Takes all of `bytes` or nothing. Unavailable means "no room yet": the
  // transfer pauses and the same bytes come again after resume. Any other
  // error aborts the exchange with that error.
  virtual absl::Status Write(absl::string_view bytes) = 0;
  // As BodySource::SetResume.
  virtual void SetResume(std::function<void()> resume) = 0;
};

// The settings for the connection to a server. Requests share a connection only
// if their settings are equal.
struct TlsSettings {
  // Neither certificate nor host name is verified.
  bool insecure = false;
  // PEM files. `ca_file` is trusted beside the system's authorities; an empty
  // `client_key` means that `client_cert` holds both.
  std::string ca_file;
  std::string client_cert;
  std::string client_key;

  friend bool operator==(const TlsSettings&, const TlsSettings&) = default;
};

struct HttpDeadlines {
  absl::Duration connect = absl::Seconds(10);
  // The longest time without a byte in either direction while neither side of
  // the exchange is paused by us: until the (final) response begins, and after
  // that.
  absl::Duration first_byte = absl::Seconds(30);
  absl::Duration stall = absl::Seconds(30);
  // The whole exchange.
  absl::Duration total = absl::InfiniteDuration();
};

struct HttpRequest {
  HttpMethod method = HttpMethod::kGet;
  // Absolute, without user information.
  std::string url;
  HttpHeaders headers;

  // The request's body: `body`, or `source` with `source_size` bytes if source
  // is set (not owned; must outlive the exchange).
  std::string body;
  BodySource* source = nullptr;
  uint64_t source_size = 0;

  // The destination of a 2xx body (not owned; must outlive the exchange). If
  // null, the body goes to HttpResponse::body. Bodies of other statuses always
  // go to HttpResponse::body, cut at 64 KiB.
  BodySink* sink = nullptr;
  // The largest body that is collected in HttpResponse::body; a longer one is
  // an OutOfRange error.
  size_t max_body = 4 << 20;

  TlsSettings tls;
  HttpDeadlines deadlines;

  // Aborts the exchange when cancelled. Not owned; may be null.
  Cancellation* cancellation = nullptr;
  // Called at the last moment before the request is sent on a connection that
  // is established (CURLOPT_PREREQFUNCTION), on the I/O thread; an error aborts
  // the exchange with that error, and nothing has been sent. May be empty.
  std::function<absl::Status()> before_send;
};

struct HttpResponse {
  int status = 0;
  HttpHeaders headers;
  std::string body;
};

// An exchange that got no complete response has failed. The absl::Status that
// Wait() returns then has one of these codes:
//   Unavailable        no connection, or one that was lost
//   DeadlineExceeded   a deadline of HttpDeadlines passed
//   FailedPrecondition TLS: the certificate does not verify
//   Cancelled          the Cancellation's own status, or before_send's
//   OutOfRange         a body above max_body, headers above 256 KiB or 1000
//   DataLoss           a body shorter than its Content-Length, either way
//   InvalidArgument    a URL or header that cannot be sent
// Errors of sources and sinks are returned as they are.
//
// RequestMayHaveArrived(status) is false only if it is certain that the server
// has seen nothing of the request, so that repeating it is safe whatever its
// method.
bool RequestMayHaveArrived(const absl::Status& status);
// `status` (not OK) marked so that RequestMayHaveArrived is false for it.
absl::Status WithRequestNotSent(absl::Status status);

// An exchange under way.
class HttpCall {
 public:
  // Aborts the exchange and waits for its end, unless Wait() has been called.
  virtual ~HttpCall() = default;
  // Blocks until the exchange ends; call once. Not on the I/O thread.
  virtual absl::StatusOr<HttpResponse> Wait() = 0;
};

// Carries out exchanges, many at a time. Thread-safe.
class HttpTransport {
 public:
  virtual ~HttpTransport() = default;
  // Never null, never blocks.
  virtual std::unique_ptr<HttpCall> Start(HttpRequest request) = 0;

  absl::StatusOr<HttpResponse> Execute(HttpRequest request) {
    return Start(std::move(request))->Wait();
  }
};

// The transport on libcurl: one multi handle on one thread of its own,
// connections reused, HTTP/2 if a TLS server offers it (HTTP/1.1 for exchanges
// with a source or a sink: pausing one stream of an HTTP/2 connection holds up
// all of it), proxies from the environment. A read-only request whose reused
// connection turns out dead is sent again on a new one, any other never.
// `user_agent` is sent with every request. Every call must have ended before
// the transport is destroyed.
std::unique_ptr<HttpTransport> NewCurlTransport(absl::string_view user_agent);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_HTTP_TRANSPORT_H_
