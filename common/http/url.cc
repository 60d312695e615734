// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/http/url.h"

#include <curl/curl.h>

#include <memory>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/reference/printable.h"

namespace registry_manager {
namespace {

using UrlHandle = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

UrlHandle NewHandle() { return UrlHandle(curl_url(), &curl_url_cleanup); }

std::string Part(CURLU* handle, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(handle, part, &text, flags) != CURLUE_OK) return "";
  std::string result(text);
  curl_free(text);
  return result;
}

// The text is not shown: it may hold a password or a signature, and where it
// cannot be parsed nobody can say in which part.
absl::Status Unusable(CURLUcode code) {
  return absl::InvalidArgumentError(
      absl::StrCat("a URL is not usable: ", curl_url_strerror(code)));
}

// Sets all of `handle` to `text`, which is relative where the handle holds one.
absl::Status Parse(CURLU* handle, absl::string_view text, unsigned flags) {
  if (text.find('\0') != absl::string_view::npos) {
    return absl::InvalidArgumentError("a URL holds a NUL character");
  }
  const CURLUcode code =
      curl_url_set(handle, CURLUPART_URL, std::string(text).c_str(), flags);
  return code == CURLUE_OK ? absl::OkStatus() : Unusable(code);
}

absl::StatusOr<Url> FromHandle(CURLU* handle) {
  Url url;
  url.scheme = absl::AsciiStrToLower(Part(handle, CURLUPART_SCHEME));
  if (url.scheme != "http" && url.scheme != "https") {
    return absl::InvalidArgumentError(
        absl::StrCat("a URL's scheme is neither http nor https but ",
                     Printable(url.scheme, 16)));
  }
  if (!Part(handle, CURLUPART_USER).empty() ||
      !Part(handle, CURLUPART_PASSWORD).empty()) {
    return absl::InvalidArgumentError(
        "a URL with a user name in it is refused");
  }
  url.host = absl::AsciiStrToLower(Part(handle, CURLUPART_HOST));
  url.authority = absl::StrCat(
      url.host, ":", Part(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT));
  url.path = Part(handle, CURLUPART_PATH);
  url.query = Part(handle, CURLUPART_QUERY);
  return url;
}

}  // namespace

std::string Url::str() const {
  return absl::StrCat(scheme, "://", authority, path, query.empty() ? "" : "?",
                      query);
}

std::string Url::display() const {
  const absl::string_view default_port = scheme == "https" ? ":443" : ":80";
  const bool has_default = absl::EndsWith(authority, default_port);
  return Printable(
      absl::StrCat(scheme, "://", has_default ? host : authority, path));
}

bool Url::SameOrigin(const Url& other) const {
  return scheme == other.scheme && authority == other.authority;
}

bool Url::IsLocal() const {
  return host == "localhost" || absl::EndsWith(host, ".localhost") ||
         absl::StartsWith(host, "127.") || absl::StartsWith(host, "169.254.") ||
         host == "[::1]" || host == "0.0.0.0" || host == "[::]" ||
         absl::StartsWith(host, "[fe80:") || absl::StartsWith(host, "[::ffff:");
}

absl::StatusOr<Url> ParseUrl(absl::string_view text) {
  const UrlHandle handle = NewHandle();
  RETURN_IF_ERROR(Parse(handle.get(), text, CURLU_PATH_AS_IS));
  return FromHandle(handle.get());
}

absl::StatusOr<Url> ResolveUrl(const Url& base, absl::string_view reference) {
  const UrlHandle handle = NewHandle();
  absl::Status status = Parse(handle.get(), base.str(), 0);
  if (status.ok()) status = Parse(handle.get(), reference, 0);
  if (!status.ok()) return status;
  return FromHandle(handle.get());
}

std::string QueryEscape(absl::string_view text) {
  char* escaped =
      curl_easy_escape(nullptr, text.data(), static_cast<int>(text.size()));
  std::string result(escaped);
  curl_free(escaped);
  return result;
}

std::string AddQuery(absl::string_view url, absl::string_view name,
                     absl::string_view value) {
  return absl::StrCat(url, absl::StrContains(url, '?') ? "&" : "?", name, "=",
                      QueryEscape(value));
}

}  // namespace registry_manager
