// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/http/curl_request.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/status_macros.h"
#include "common/http/proxy.h"
#include "common/http/url.h"
#include "common/reference/printable.h"

namespace registry_manager {
namespace {

// libcurl's own bound for asking with "Expect: 100-continue" before a POST;
// here it holds for every method.
constexpr uint64_t kExpectContinueFrom = 1 << 20;
constexpr long kStreamBuffer = 256 << 10;  // NOLINT(google-runtime-int)
// Connections that have idled longer are not used again: below the 60 seconds
// after which common load balancers drop them, because a write that meets a
// dropped connection cannot be repeated.
constexpr long kMaxIdleSeconds = 50;  // NOLINT(google-runtime-int)

// curl_easy_setopt that remembers its first failure.
class Options {
 public:
  explicit Options(CURL* easy) : easy_(easy) {}

  template <typename Value>
  void Set(CURLoption option, Value value) {
    if (code_ == CURLE_OK) code_ = curl_easy_setopt(easy_, option, value);
  }
  void SetUnlessEmpty(CURLoption option, const std::string& value) {
    if (!value.empty()) Set(option, value.c_str());
  }

  absl::Status status() const {
    if (code_ == CURLE_OK) return absl::OkStatus();
    return absl::InternalError(
        absl::StrCat("libcurl refuses an option: ", curl_easy_strerror(code_)));
  }

 private:
  CURL* const easy_;
  CURLcode code_ = CURLE_OK;
};

// Programs that this one starts must not hold its connections open.
curl_socket_t OpenSocket(void* /*context*/, curlsocktype /*purpose*/,
                         curl_sockaddr* address) {
  return socket(address->family, address->socktype | SOCK_CLOEXEC,
                address->protocol);
}

void SetConnection(const HttpRequest& request, Options& options) {
  // Others' protocols and user information never come from a registry's URL.
  options.Set(CURLOPT_PROTOCOLS_STR, "http,https");
  options.Set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  options.Set(CURLOPT_PATH_AS_IS, 1L);
  options.Set(CURLOPT_NOSIGNAL, 1L);
  // Without it, aborting a transfer waits for its name look-up.
  options.Set(CURLOPT_QUICK_EXIT, 1L);
  options.Set(CURLOPT_TCP_KEEPALIVE, 1L);
  options.Set(CURLOPT_MAXAGE_CONN, kMaxIdleSeconds);
  options.Set(CURLOPT_OPENSOCKETFUNCTION, &OpenSocket);
  options.Set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  const bool streamed = request.source != nullptr || request.sink != nullptr;
  options.Set(CURLOPT_HTTP_VERSION,
              static_cast<long>(streamed ? CURL_HTTP_VERSION_1_1  // NOLINT
                                         : CURL_HTTP_VERSION_2TLS));
  const absl::Duration connect = std::clamp(
      request.deadlines.connect, absl::Milliseconds(1), absl::Hours(24));
  options.Set(CURLOPT_CONNECTTIMEOUT_MS,
              static_cast<long>(absl::ToInt64Milliseconds(connect)));  // NOLINT
}

void SetTls(const TlsSettings& tls, Options& options) {
  options.Set(CURLOPT_SSL_VERIFYPEER, tls.insecure ? 0L : 1L);
  options.Set(CURLOPT_SSL_VERIFYHOST, tls.insecure ? 0L : 2L);
  options.SetUnlessEmpty(CURLOPT_CAINFO, tls.ca_file);
  options.SetUnlessEmpty(CURLOPT_SSLCERT, tls.client_cert);
  options.SetUnlessEmpty(CURLOPT_SSLKEY, tls.client_key);
}

bool TakesBody(HttpMethod method) {
  return method == HttpMethod::kPost || method == HttpMethod::kPut ||
         method == HttpMethod::kPatch;
}

void SetMethodAndBody(const HttpRequest& request, Options& options) {
  if (request.sink != nullptr) options.Set(CURLOPT_BUFFERSIZE, kStreamBuffer);
  if (request.method == HttpMethod::kHead) {
    options.Set(CURLOPT_NOBODY, 1L);
    return;
  }
  if (request.source != nullptr) {
    options.Set(CURLOPT_UPLOAD, 1L);
    options.Set(CURLOPT_INFILESIZE_LARGE,
                static_cast<curl_off_t>(request.source_size));
    options.Set(CURLOPT_UPLOAD_BUFFERSIZE, kStreamBuffer);
  } else if (!request.body.empty() || TakesBody(request.method)) {
    options.Set(CURLOPT_POST, 1L);
    options.Set(CURLOPT_POSTFIELDSIZE_LARGE,
                static_cast<curl_off_t>(request.body.size()));
    options.Set(CURLOPT_POSTFIELDS, request.body.data());
  }
  options.Set(CURLOPT_CUSTOMREQUEST,
              std::string(HttpMethodName(request.method)).c_str());
}

absl::Status CheckField(const std::string& name, const std::string& value) {
  const auto is_token_character = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           absl::StrContains("!#$%&'*+-.^_`|~", absl::string_view(&c, 1));
  };
  if (name.empty() ||
      !std::all_of(name.begin(), name.end(), is_token_character)) {
    return absl::InvalidArgumentError(
        absl::StrCat("no name for a header field: ", Printable(name)));
  }
  // The value may be a credential, and is not shown.
  if (value.find_first_of(std::string("\r\n\0", 3)) != std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the value of header field ", name, " holds a line break or NUL"));
  }
  return absl::OkStatus();
}

absl::Status AppendLine(const std::string& line, CurlList& list) {
  curl_slist* const longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) return absl::ResourceExhaustedError("out of memory");
  if (list == nullptr) list.reset(longer);
  return absl::OkStatus();
}

absl::StatusOr<CurlList> HeaderList(const HttpRequest& request) {
  CurlList list;
  for (const auto& [name, value] : request.headers.fields()) {
    RETURN_IF_ERROR(CheckField(name, value));
    // "Name;" is libcurl's way to write an empty value, "Name:" takes a field
    // away.
    RETURN_IF_ERROR(AppendLine(value.empty() ? absl::StrCat(name, ";")
                                             : absl::StrCat(name, ": ", value),
                               list));
  }
  const uint64_t body_size =
      request.source != nullptr ? request.source_size : request.body.size();
  if (body_size < kExpectContinueFrom) {
    RETURN_IF_ERROR(AppendLine("Expect:", list));
  }
  // libcurl would call every body a web form.
  if (!request.headers.Get("Content-Type").has_value()) {
    RETURN_IF_ERROR(AppendLine("Content-Type:", list));
  }
  return list;
}

struct CurlUrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

std::string UrlPart(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) {
    return "";
  }
  std::string copy(text);
  curl_free(text);
  return copy;
}

}  // namespace

absl::StatusOr<std::string> PeerOf(const std::string& url) {
  std::unique_ptr<CURLU, CurlUrlDeleter> parsed(curl_url());
  if (parsed == nullptr) return absl::ResourceExhaustedError("out of memory");
  // The URL is not shown: a user name in it may have a password beside it.
  if (url.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError("a URL holds a NUL character");
  }
  const CURLUcode code = curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(),
                                      CURLU_DISALLOW_USER | CURLU_PATH_AS_IS);
  if (code != CURLUE_OK) {
    return absl::InvalidArgumentError(
        absl::StrCat("a URL cannot be used: ", curl_url_strerror(code)));
  }
  const std::string scheme = UrlPart(parsed.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") {
    return absl::InvalidArgumentError(absl::StrCat(
        "a URL is neither http nor https but ", Printable(scheme)));
  }
  return Printable(absl::StrCat(UrlPart(parsed.get(), CURLUPART_HOST), ":",
                                UrlPart(parsed.get(), CURLUPART_PORT)));
}

std::string ProxyOf(const std::string& url) {
  const absl::StatusOr<Url> parsed = ParseUrl(url);
  return parsed.ok() ? ProxyFor(ProxySettings::FromEnvironment(), *parsed) : "";
}

absl::StatusOr<CurlList> ConfigureRequest(CURL* easy,
                                          const HttpRequest& request,
                                          const std::string& user_agent) {
  absl::StatusOr<CurlList> headers = HeaderList(request);
  if (!headers.ok()) return headers;
  Options options(easy);
  SetConnection(request, options);
  SetTls(request.tls, options);
  SetMethodAndBody(request, options);
  options.Set(CURLOPT_URL, request.url.c_str());
  // Both set, empty ones too: libcurl reads no variable of its own then.
  options.Set(CURLOPT_PROXY, ProxyOf(request.url).c_str());
  options.Set(CURLOPT_NOPROXY, "");
  options.Set(CURLOPT_USERAGENT, user_agent.c_str());
  options.Set(CURLOPT_HTTPHEADER, headers->get());
  RETURN_IF_ERROR(options.status());
  return headers;
}

}  // namespace registry_manager
