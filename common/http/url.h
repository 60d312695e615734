// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_HTTP_URL_H_
#define REGISTRY_MANAGER_COMMON_HTTP_URL_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace registry_manager {

// An http or https URL in its parts. A value type.
struct Url {
  // Lower-case.
  std::string scheme;
  // Lower-case host with its port, also the default one: "host:443".
  std::string authority;
  // Without the port; "::1" is "[::1]".
  std::string host;
  // Begins with a slash.
  std::string path;
  // Without "?".
  std::string query;

  std::string str() const;
  // Without the query, which may hold a signature: fit for messages.
  std::string display() const;
  // Scheme, host and port are equal.
  bool SameOrigin(const Url& other) const;
  // The host is this machine or its link: what a registry elsewhere has no
  // reason to send a client to.
  bool IsLocal() const;
};

// InvalidArgument for anything but an absolute http or https URL without user
// information. No error shows the text, which may hold secrets.
absl::StatusOr<Url> ParseUrl(absl::string_view text);

// Resolves `reference` (absolute, or relative in any form of RFC 3986) against
// `base`. Fragments are dropped.
absl::StatusOr<Url> ResolveUrl(const Url& base, absl::string_view reference);

// `text` percent-encoded for a query's value.
std::string QueryEscape(absl::string_view text);

// `url` with "NAME=VALUE" added to its query; the value is escaped.
std::string AddQuery(absl::string_view url, absl::string_view name,
                     absl::string_view value);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_HTTP_URL_H_
