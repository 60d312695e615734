// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/api/listing.h"

#include <iterator>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/registry/api/listing_reader.h"
#include "common/registry/connection/docker_hub.h"
#include "common/registry/connection/errors.h"

namespace registry_manager {
namespace {

constexpr size_t kMaxTags = 5000000;
// The number of names up to which guesses complete a page of the catalogue.
constexpr size_t kMaxGuessed = 5000;
// A cursor that was not named by a Link.
constexpr absl::string_view kAfter = "after:";

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

ListingReader CatalogReader(const RegistryClient& client) {
  return ListingReader(client, {client.connection->Endpoint("_catalog"),
                                "registry:catalog:*", "repositories"});
}

// Lets `reader` begin at a cursor that an earlier page left.
absl::Status StartAtCursor(const RegistryClient& client,
                           const std::string& cursor, ListingReader& reader) {
  if (cursor.empty()) return absl::OkStatus();
  if (absl::StartsWith(cursor, kAfter)) {
    reader.StartAfter(absl::StripPrefix(cursor, kAfter));
    return absl::OkStatus();
  }
  absl::StatusOr<Url> page =
      ResolveUrl(client.connection->Endpoint("_catalog"), cursor);
  if (!page.ok() || !page->SameOrigin(client.connection->base())) {
    return absl::InvalidArgumentError("the catalogue's cursor is not usable");
  }
  reader.StartAt(*std::move(page));
  return absl::OkStatus();
}

std::string CursorOf(const ListingReader& reader) {
  if (reader.ended()) return "";
  if (reader.is_guess()) return absl::StrCat(kAfter, reader.last_name());
  return absl::StrCat(reader.next().path, "?", reader.next().query);
}

}  // namespace

absl::StatusOr<CatalogPage> ListCatalogPage(const RegistryClient& client,
                                            const std::string& cursor) {
  ListingReader reader = CatalogReader(client);
  absl::Status status = StartAtCursor(client, cursor, reader);
  if (!status.ok()) return status;
  absl::StatusOr<std::vector<std::string>> names = reader.ReadPage();
  if (absl::IsNotFound(names.status()) && !cursor.empty()) {
    return WithCode(names.status(), absl::StatusCode::kInvalidArgument);
  }
  if (!names.ok()) return CatalogError(names.status());
  CatalogPage page{*std::move(names), ""};
  // A guess is told from a registry that ignores it by what came before.
  while (reader.is_guess() && page.repositories.size() < kMaxGuessed) {
    names = reader.ReadPage();
    if (!names.ok()) return names.status();
    std::move(names->begin(), names->end(),
              std::back_inserter(page.repositories));
  }
  page.next_cursor = CursorOf(reader);
  if (!page.next_cursor.empty() && page.next_cursor == cursor) {
    return absl::DataLossError(
        absl::StrCat(reader.next().display(),
                     " names itself as its next page; is a proxy in front "
                     "of the registry dropping the query?"));
  }
  return page;
}

absl::StatusOr<std::vector<std::string>> ListTags(
    const RegistryClient& client, absl::string_view repository) {
  ListingReader reader(
      client, {client.connection->RepositoryEndpoint(repository, "tags/list"),
               client.ReadScope(repository),
               "tags",
               {std::string(repository),
                ApiRepository(client.connection->address(), repository)}});
  std::vector<std::string> tags;
  for (bool first = true; !reader.ended(); first = false) {
    absl::StatusOr<std::vector<std::string>> page = reader.ReadPage();
    if (absl::IsNotFound(page.status()) && !first) {
      // A listing that breaks off is not an empty one.
      return WithCode(page.status(), absl::StatusCode::kUnavailable);
    }
    if (!page.ok()) return page.status();
    std::move(page->begin(), page->end(), std::back_inserter(tags));
    if (tags.size() > kMaxTags) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the tag listing ", reader.next().display(),
                       " holds more than ", kMaxTags, " tags"));
    }
  }
  return tags;
}

absl::Status CheckIsRegistry(const RegistryClient& client) {
  if (client.connection->is_registry) return absl::OkStatus();
  RegistryRequest request;
  request.url = client.connection->Endpoint("");
  request.repeatable = true;
  const absl::StatusOr<HttpResponse> response = client.Send(request);
  // A server that asks for rights knows the endpoint.
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
