// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/listing.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/registry/errors.h"
#include "common/registry/json.h"
#include "common/registry/link.h"

namespace registry_manager {
namespace {

constexpr size_t kPageSize = 1000;
// A million tags in one answer is a real registry's; more is none.
constexpr size_t kMaxListing = 128 << 20;
constexpr size_t kMaxPages = 100000;
constexpr size_t kMaxTags = 5000000;

RegistryRequest ListingRequest(Url url, std::string scope) {
  RegistryRequest request;
  request.url = std::move(url);
  request.scopes = {std::move(scope)};
  request.headers.Add("Accept", "application/json");
  request.max_body = kMaxListing;
  request.repeatable = true;
  return request;
}

// Where the page after `response` is; nullopt: it was the last.
absl::StatusOr<std::optional<Url>> NextPage(const RegistryClient& client,
                                            const Url& url,
                                            const HttpResponse& response) {
  const std::optional<std::string> target =
      FindNextLink(response.headers.GetAll("Link"));
  if (!target) return std::nullopt;
  absl::StatusOr<Url> next = ResolveUrl(url, *target);
  if (!next.ok()) {
    return Annotate(next.status(),
                    absl::StrCat(url.display(), " names its next page"));
  }
  // Behind a proxy that ends TLS, registries name themselves by http.
  if (next->host == url.host && next->scheme == "http" &&
      url.scheme == "https") {
    next->scheme = url.scheme;
    next->authority = url.authority;
  }
  if (!next->SameOrigin(client.connection->base())) {
    return absl::FailedPreconditionError(
        absl::StrCat(url.display(), " says that its next page is on ",
                     next->display(), ", another host, which is refused"));
  }
  return *std::move(next);
}

absl::Status Unreadable(const Url& url, const absl::Status& status) {
  return absl::DataLossError(
      absl::StrCat("GET ", url.display(), ": ", status.message()));
}

absl::Status CatalogError(const absl::Status& refusal) {
  if (!IsNotTold(refusal) && !absl::IsNotFound(refusal) &&
      !absl::IsUnimplemented(refusal)) {
    return refusal;
  }
  return WithMessage(
      absl::IsNotFound(refusal)
          ? WithCode(refusal, absl::StatusCode::kUnimplemented)
          : refusal,
      absl::StrCat(refusal.message(),
                   "; the registry does not list its catalogue to this user: "
                   "name the repositories under 'repositories'"));
}

// One page, answered with 200. Fewer than a page of ours is all that some
// registries may be asked for: the `first` is asked for again without a number.
absl::StatusOr<HttpResponse> GetPage(const RegistryClient& client, Url& url,
                                     const std::string& scope, bool first) {
  const RegistryRequest request = ListingRequest(url, scope);
  absl::StatusOr<HttpResponse> response = client.Send(request);
  if (!response.ok() || response->status == 200) return response;
  if (response->status == 400 && first && !url.query.empty()) {
    url.query.clear();
    return GetPage(client, url, scope, first);
  }
  return client.Refusal(request, *response);
}

bool IsSuffix(const std::vector<std::string>& page,
              const std::vector<std::string>& tags) {
  return page.size() <= tags.size() &&
         std::equal(page.begin(), page.end(), tags.end() - page.size());
}

absl::StatusOr<Url> CatalogUrl(const RegistryClient& client,
                               const std::string& cursor) {
  Url url = client.connection->Endpoint("_catalog");
  if (cursor.empty()) {
    url.query = absl::StrCat("n=", kPageSize);
    return url;
  }
  absl::StatusOr<Url> next = ResolveUrl(url, cursor);
  if (!next.ok() || !next->SameOrigin(client.connection->base())) {
    return absl::InvalidArgumentError("the catalogue's cursor is not usable");
  }
  return next;
}

}  // namespace

absl::StatusOr<CatalogPage> ListCatalogPage(const RegistryClient& client,
                                            const std::string& cursor) {
  absl::StatusOr<Url> url = CatalogUrl(client, cursor);
  if (!url.ok()) return url.status();
  absl::StatusOr<HttpResponse> response =
      GetPage(client, *url, "registry:catalog:*", cursor.empty());
  if (absl::IsNotFound(response.status()) && !cursor.empty()) {
    return WithCode(response.status(), absl::StatusCode::kInvalidArgument);
  }
  if (!response.ok()) return CatalogError(response.status());
  absl::StatusOr<std::vector<std::string>> names =
      ParseStringArray(response->body, "repositories");
  if (!names.ok()) return Unreadable(*url, names.status());
  absl::StatusOr<std::optional<Url>> next = NextPage(client, *url, *response);
  if (!next.ok()) return next.status();
  CatalogPage page{*std::move(names), ""};
  if (*next) {
    page.next_cursor = absl::StrCat((*next)->path, "?", (*next)->query);
    if (page.next_cursor == cursor) {
      return absl::DataLossError(
          absl::StrCat(url->display(),
                       " names itself as its next page; is a proxy in front "
                       "of the registry dropping the query?"));
    }
  }
  return page;
}

absl::StatusOr<std::vector<std::string>> ListTags(
    const RegistryClient& client, absl::string_view repository) {
  Url url = client.connection->RepositoryEndpoint(repository, "tags/list");
  url.query = absl::StrCat("n=", kPageSize);
  const std::string scope = client.ReadScope(repository);
  std::vector<std::string> tags;
  bool follows_full_page = false;
  absl::flat_hash_set<std::string> seen;
  while (seen.insert(url.str()).second && seen.size() < kMaxPages) {
    const bool first = seen.size() == 1;
    absl::StatusOr<HttpResponse> response = GetPage(client, url, scope, first);
    if (absl::IsNotFound(response.status()) && !first) {
      // A listing that breaks off is not an empty one.
      return WithCode(response.status(), absl::StatusCode::kUnavailable);
    }
    if (!response.ok()) return response.status();
    absl::StatusOr<std::vector<std::string>> page =
        ParseStringArray(response->body, "tags");
    if (!page.ok()) return Unreadable(url, page.status());
    // What a full page brings again, the registry has not cut there.
    if (follows_full_page && IsSuffix(*page, tags)) return tags;
    const size_t page_size = page->size();
    std::move(page->begin(), page->end(), std::back_inserter(tags));
    if (tags.size() > kMaxTags) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the tag listing ", url.display(), " holds more than ",
                       kMaxTags, " tags"));
    }
    absl::StatusOr<std::optional<Url>> next = NextPage(client, url, *response);
    if (!next.ok()) return next.status();
    follows_full_page = !*next && page_size == kPageSize;
    if (*next) {
      url = **std::move(next);
    } else if (follows_full_page) {
      // Some registries cut a listing where they were asked to, and say nothing
      // of a next page. A tag that is not seen would not be protected.
      url.query =
          absl::StrCat("n=", kPageSize, "&last=", QueryEscape(tags.back()));
    } else {
      return tags;
    }
  }
  return absl::DataLossError(absl::StrCat("the tag listing ", url.display(),
                                          " goes round in circles"));
}

absl::Status CheckIsRegistry(const RegistryClient& client) {
  if (client.connection->is_registry) return absl::OkStatus();
  RegistryRequest request;
  request.url = client.connection->Endpoint("");
  request.repeatable = true;
  const absl::StatusOr<HttpResponse> response = client.Send(request);
  // Who asks for rights knows the endpoint.
  const bool asks = absl::IsUnauthenticated(response.status());
  if (!asks && !response.ok()) return response.status();
  if (!asks && response->status == 404) {
    return absl::FailedPreconditionError(absl::StrCat(
        client.connection->address().display(),
        " answers, but speaks no Registry API (GET ", request.url.display(),
        ": HTTP 404); check the address, its port and path"));
  }
  client.connection->is_registry = true;
  return absl::OkStatus();
}

}  // namespace registry_manager
