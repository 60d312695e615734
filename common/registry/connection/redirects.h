// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_REDIRECTS_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_REDIRECTS_H_

#include <string>

#include "absl/status/status.h"
#include "common/http/url.h"

namespace registry_manager {

// Pure: what a redirect of a registry means, and whether it may be followed.

bool IsRedirect(int status);

// True where `path` reads the content of a blob: registries keep these in
// storage of others and lead clients there.
bool ReadsBlob(const Url& url);

// `to`, as a server with origin `from` named it: behind a proxy that ends TLS,
// servers name themselves by http. The same host by https is meant then.
Url WithOwnScheme(const Url& from, Url to);

// Refuses to be led where what the first URL protected is given away, or to
// this machine from another. The message says what to change.
absl::Status CheckLedTo(const Url& from, const Url& to);

// The address to write in the config where the registry at `base` redirects its
// API, asked for by `from`, to `to`; "" where `to` holds content alone, or a
// page of the registry's own origin.
std::string NewAddress(const Url& base, const Url& from, const Url& to);

// A FailedPrecondition error (IsUnusable) that says so.
absl::Status ApiIsElsewhere(const Url& from, int http_status,
                            const std::string& new_address);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_REDIRECTS_H_
