// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/connection/redirects.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "common/reference/printable.h"
#include "common/registry/connection/errors.h"

namespace registry_manager {
namespace {

constexpr absl::string_view kServeItself =
    "let the registry serve its content itself (distribution: "
    "storage.redirect.disable: true; Harbor: "
    "persistence.imageChartStorage.disableredirect: true)";

std::string OriginOf(const Url& url) {
  absl::string_view authority = url.authority;
  absl::ConsumeSuffix(&authority, url.scheme == "https" ? ":443" : ":80");
  return absl::StrCat(url.scheme, "://", authority);
}

}  // namespace

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 ||
         status == 308;
}

bool ReadsBlob(const Url& url) {
  return absl::StrContains(url.path, "/blobs/") &&
         !absl::StrContains(url.path, "/blobs/uploads/");
}

Url WithOwnScheme(const Url& from, Url to) {
  const bool names_itself =
      to.host == from.host && to.scheme == "http" && from.scheme == "https";
  if (!names_itself) return to;
  const std::string port = to.authority.substr(to.host.size());
  if (port != ":80" && to.authority != from.authority) return to;
  to.scheme = from.scheme;
  to.authority = from.authority;
  return to;
}

absl::Status CheckLedTo(const Url& from, const Url& to) {
  if (from.scheme == "https" && to.scheme == "http") {
    return WithUnusable(absl::FailedPreconditionError(
        absl::StrCat(from.display(), " leads from https to ", to.display(),
                     ", which is refused: ", kServeItself, ", or give ",
                     OriginOf(to), " a certificate and name it by https")));
  }
  if (to.IsLocal() && !from.IsLocal()) {
    return WithUnusable(absl::FailedPreconditionError(absl::StrCat(
        from.display(), " leads to ", to.display(),
        " on this machine, which is refused: ", kServeItself,
        ", or let it name its storage by an address that clients reach")));
  }
  return absl::OkStatus();
}

std::string NewAddress(const Url& base, const Url& from, const Url& to) {
  if (!from.SameOrigin(base) || to.SameOrigin(base) || ReadsBlob(from)) {
    return "";
  }
  absl::string_view asked = from.path;
  if (base.path != "/") absl::ConsumePrefix(&asked, base.path);
  if (!absl::StartsWith(asked, "/v2/")) return "";
  absl::string_view prefix = to.path;
  const bool is_same = absl::ConsumeSuffix(&prefix, asked) ||
                       (asked == "/v2/" && absl::ConsumeSuffix(&prefix, "/v2"));
  // Some lead every path to the front page of the new address.
  if (!is_same && to.path != "/") return "";
  return absl::StrCat(OriginOf(to), is_same ? prefix : "");
}

absl::Status ApiIsElsewhere(const Url& from, int http_status,
                            const std::string& new_address) {
  return WithUnusable(absl::FailedPreconditionError(absl::StrCat(
      from.display(), ": HTTP ", http_status,
      "; the registry redirects its API to ", Printable(new_address),
      ": write ", Printable(new_address),
      " as the address of this registry in the config (no credentials were "
      "sent there)")));
}

}  // namespace registry_manager
