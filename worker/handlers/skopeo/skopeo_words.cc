// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/skopeo/skopeo_words.h"

#include <re2/re2.h>

#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "common/reference/printable.h"
#include "common/reference/reference.h"
#include "common/registry/connection/docker_hub.h"

namespace registry_manager {
namespace {

constexpr size_t kMaxReason = 512;

// The host as an image's name begins with it.
std::string HostOf(const Address& address) {
  if (IsDockerHub(address)) return "docker.io";
  const std::string& host = address.host();
  const bool has_port = absl::StrContains(host, ':');
  // Skopeo asks port 443 first where none is named.
  if (address.scheme() == "http" && !has_port) return absl::StrCat(host, ":80");
  // A word without a dot would be a user of Docker Hub (distribution,
  // reference/normalize.go, splitDockerDomain).
  const bool is_word = !has_port && !absl::StrContains(host, '.');
  return is_word ? absl::StrCat(host, ":443") : host;
}

// The message of a line of logrus: time="…" level=fatal msg="…".
std::string MessageOf(absl::string_view line) {
  constexpr absl::string_view kKey = " msg=\"";
  const size_t begin = line.find(kKey);
  const size_t end = line.rfind('"');
  if (begin == absl::string_view::npos || end < begin + kKey.size()) {
    return std::string(line);
  }
  const absl::string_view quoted =
      line.substr(begin + kKey.size(), end - begin - kKey.size());
  std::string message;
  return absl::CUnescape(quoted, &message) ? message : std::string(quoted);
}

std::string LastLine(absl::string_view text) {
  text = absl::StripTrailingAsciiWhitespace(text);
  const size_t end = text.rfind('\n');
  return std::string(end == absl::string_view::npos ? text
                                                    : text.substr(end + 1));
}

}  // namespace

absl::StatusOr<std::string> SkopeoRepository(const Address& address,
                                             absl::string_view repository) {
  if (!address.prefix().empty() && !IsDockerHub(address)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "skopeo cannot reach ", address.str(),
        ": it knows no registries below a path; use engine: native, or, where ",
        address.prefix(), " is the beginning of the repositories' names, ",
        "write it there instead of in the address"));
  }
  if (!IsRepositoryName(repository)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", Printable(repository), "' is not a repository's name"));
  }
  return absl::StrCat("docker://", HostOf(address), "/",
                      ApiRepository(address, repository));
}

std::string SkopeoAuthFile(const Address& address,
                           const Credentials& credentials) {
  using nlohmann::json;
  json auths = json::object();
  if (!credentials.anonymous()) {
    // An entry without a name and a password is skipped, also where there is a
    // token.
    const std::string username =
        credentials.username.empty() ? "<token>" : credentials.username;
    json entry = {{"auth", absl::Base64Escape(absl::StrCat(
                               username, ":", credentials.password))}};
    if (!credentials.identity_token.empty()) {
      entry["identitytoken"] = credentials.identity_token;
    }
    auths[HostOf(address)] = std::move(entry);
  }
  return json{{"auths", std::move(auths)}}.dump(-1, ' ', false,
                                                json::error_handler_t::replace);
}

std::string SkopeoReason(absl::string_view errors,
                         const std::vector<std::string>& secrets) {
  static const re2::RE2* const query =
      new re2::RE2(R"((https?://[^\s"?]*)\?[^\s"]*)");
  static const re2::RE2* const user = new re2::RE2(R"((https?://)[^\s"/@]*@)");
  std::string reason = MessageOf(LastLine(errors));
  for (const std::string& secret : secrets) {
    if (!secret.empty()) reason = absl::StrReplaceAll(reason, {{secret, "…"}});
  }
  re2::RE2::GlobalReplace(&reason, *query, "\\1");
  re2::RE2::GlobalReplace(&reason, *user, "\\1");
  return reason.empty()
             ? "skopeo failed and gave no reason"
             : absl::StrCat("skopeo: ", Printable(reason, kMaxReason));
}

}  // namespace registry_manager
