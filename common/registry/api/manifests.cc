// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/api/manifests.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/reference/hasher.h"
#include "common/reference/printable.h"
#include "common/registry/api/blobs.h"
#include "common/registry/api/content_cache.h"
#include "common/registry/api/media_types.h"
#include "common/registry/connection/errors.h"

namespace registry_manager {
namespace {

using Support = RegistryConnection::Support;

Url ManifestUrl(const RegistryClient& client, absl::string_view repository,
                absl::string_view reference) {
  return client.connection->RepositoryEndpoint(
      repository, absl::StrCat("manifests/", reference));
}

RegistryRequest ReadRequest(const RegistryClient& client, HttpMethod method,
                            absl::string_view repository,
                            absl::string_view reference) {
  RegistryRequest request;
  request.method = method;
  request.url = ManifestUrl(client, repository, reference);
  request.scopes = {client.ReadScope(repository)};
  request.headers.Add("Accept", kManifestAccept);
  request.repeatable = true;
  return request;
}

std::string Header(const HttpResponse& response, absl::string_view name) {
  return std::string(response.headers.Get(name).value_or(""));
}

std::string MediaType(const HttpResponse& response) {
  return std::string(
      WithoutParameters(response.headers.Get("Content-Type").value_or("")));
}

bool LooksLikeDigest(absl::string_view reference) {
  return reference.find(':') != absl::string_view::npos;
}

absl::Status Mismatch(const Url& url, const Digest& wanted,
                      const Digest& found) {
  return absl::DataLossError(absl::StrCat(
      "GET ", url.display(), ": the content's digest is ", found.str(),
      ", not ", wanted.str(),
      "; the registry, or a proxy before it, hands out something else"));
}

// The digest by which the answer to a GET goes, verified.
absl::StatusOr<Digest> VerifiedDigest(const RegistryRequest& request,
                                      absl::string_view reference,
                                      const std::string& media_type,
                                      const HttpResponse& response) {
  std::string named = Header(response, "Docker-Content-Digest");
  if (LooksLikeDigest(reference)) {
    // The digest that was asked for counts; a header with another digest is a
    // mistake.
    if (!named.empty() && named != reference) {
      return absl::DataLossError(absl::StrCat("GET ", request.url.display(),
                                              ": the registry answered with ",
                                              Printable(named)));
    }
    named = std::string(reference);
  }
  if (named.empty()) return Digest::Of(response.body);
  absl::StatusOr<Digest> wanted = Digest::Parse(named);
  if (!wanted.ok()) {
    return absl::DataLossError(absl::StrCat("GET ", request.url.display(), ": ",
                                            wanted.status().message()));
  }
  Hasher hasher(wanted->algorithm());
  hasher.Update(response.body);
  const Digest found = hasher.Finish();
  // Schema 1 is signed within, and its digest is over a part.
  if (found == *wanted || IsSchema1(media_type, response.body)) return wanted;
  return Mismatch(request.url, *wanted, found);
}

absl::StatusOr<RawManifest> GetOnce(const RegistryClient& client,
                                    absl::string_view repository,
                                    absl::string_view reference) {
  const RegistryRequest request =
      ReadRequest(client, HttpMethod::kGet, repository, reference);
  ASSIGN_OR_RETURN(HttpResponse response, client.Send(request));
  if (response.status != 200) {
    return client.Refusal(request, response);
  }
  std::string media_type = MediaType(response);
  absl::StatusOr<Digest> digest =
      VerifiedDigest(request, reference, media_type, response);
  if (!digest.ok()) return WrongContent::Mark(digest.status());
  RawManifest raw{*std::move(digest), std::move(media_type),
                  std::move(response.body)};
  if (client.connection->content_cache != nullptr) {
    client.connection->content_cache->KeepManifest(raw);
  }
  return raw;
}

absl::StatusOr<ManifestHead> HeadByGet(const RegistryClient& client,
                                       absl::string_view repository,
                                       absl::string_view reference) {
  ASSIGN_OR_RETURN(RawManifest manifest,
                   GetManifest(client, repository, reference));
  return ManifestHead{manifest.digest, manifest.media_type};
}

// A refusal of the manifest's media type, with what may be done.
absl::Status WithRefusedType(const RegistryClient& client,
                             const absl::Status& refusal,
                             absl::string_view media_type) {
  if (HttpStatusOf(refusal) != 415) return refusal;
  if (!absl::StartsWith(media_type, "application/vnd.docker.")) {
    return WithMessage(refusal, absl::StrCat(refusal.message(),
                                             "; the registry refuses the media "
                                             "type ",
                                             Printable(media_type)));
  }
  client.connection->docker_types = Support::kNo;
  return WithMessage(
      refusal,
      absl::StrCat(refusal.message(), "; the registry refuses the media type ",
                   media_type,
                   ": it takes OCI types only (zot takes Docker's, too, with "
                   "http.compat: [docker2s2])"));
}

}  // namespace

absl::StatusOr<ManifestHead> HeadManifest(const RegistryClient& client,
                                          absl::string_view repository,
                                          absl::string_view reference) {
  if (client.connection->manifest_heads == Support::kNo) {
    return HeadByGet(client, repository, reference);
  }
  const RegistryRequest request =
      ReadRequest(client, HttpMethod::kHead, repository, reference);
  ASSIGN_OR_RETURN(HttpResponse response, client.Send(request));
  switch (response.status) {
    case 200:
      client.connection->manifest_heads = Support::kYes;
      break;
    case 400:
    case 405:
    case 501:
      return HeadByGet(client, repository, reference);
    default:
      return client.Refusal(request, response);
  }
  absl::StatusOr<Digest> digest =
      Digest::Parse(Header(response, "Docker-Content-Digest"));
  if (!digest.ok() ||
      (LooksLikeDigest(reference) && digest->str() != reference)) {
    return HeadByGet(client, repository, reference);
  }
  return ManifestHead{*std::move(digest), MediaType(response)};
}

absl::StatusOr<ManifestHead> HeadListedTag(const RegistryClient& client,
                                           absl::string_view repository,
                                           absl::string_view tag) {
  const bool by_head = client.connection->manifest_heads != Support::kNo;
  absl::StatusOr<ManifestHead> head = HeadManifest(client, repository, tag);
  if (!by_head || !absl::IsNotFound(head.status())) return head;
  head = HeadByGet(client, repository, tag);
  // If other HEADs told the truth before, this HEAD only denied a manifest that
  // a proxy had not fetched yet.
  if (head.ok() && client.connection->manifest_heads == Support::kUnknown) {
    client.connection->manifest_heads = Support::kNo;
  }
  return head;
}

absl::StatusOr<RawManifest> GetManifest(const RegistryClient& client,
                                        absl::string_view repository,
                                        absl::string_view reference) {
  WrongContent wrong;
  while (true) {
    absl::StatusOr<RawManifest> raw = GetOnce(client, repository, reference);
    if (raw.ok() || !wrong.IsWorthAnotherRead(raw.status())) return raw;
  }
}

absl::StatusOr<bool> HasManifest(const RegistryClient& client,
                                 absl::string_view repository,
                                 const Digest& digest) {
  const absl::Status read =
      GetManifest(client, repository, digest.str()).status();
  if (read.ok()) return true;
  if (absl::IsNotFound(read)) return false;
  return read;
}

absl::StatusOr<PutManifestResult> PutManifest(
    const RegistryClient& client, absl::string_view repository,
    absl::string_view reference, const RawManifest& manifest,
    std::function<absl::Status()> before_send) {
  RegistryRequest request;
  request.method = HttpMethod::kPut;
  request.url = ManifestUrl(client, repository, reference);
  request.scopes = {client.connection->Scope(repository, "pull,push")};
  request.headers.Add("Content-Type", manifest.media_type);
  request.body = manifest.bytes;
  // Somebody may push between two tries: whoever asks for a last look repeats
  // it himself.
  // Guard: placeholder-needs-a-fresh-look
  request.repeatable = before_send == nullptr;
  request.before_send = std::move(before_send);
  ASSIGN_OR_RETURN(HttpResponse response, client.Send(request));
  if (response.status / 100 != 2) {
    return WithRefusedType(client, client.Refusal(request, response),
                           manifest.media_type);
  }
  const std::string stored = Header(response, "Docker-Content-Digest");
  if (!stored.empty() && stored != manifest.digest.str()) {
    return absl::DataLossError(absl::StrCat(
        "PUT ", request.url.display(), ": the registry stored it as ",
        Printable(stored), ", not as ", manifest.digest.str()));
  }
  return PutManifestResult{!Header(response, "OCI-Subject").empty()};
}

absl::Status DeleteManifest(const RegistryClient& client,
                            absl::string_view repository,
                            absl::string_view reference, GatePass* pass,
                            std::function<absl::Status()> before_send) {
  RegistryRequest request;
  request.method = HttpMethod::kDelete;
  request.url = ManifestUrl(client, repository, reference);
  request.scopes = {client.connection->Scope(repository, "pull,push,delete")};
  request.pass = pass;
  request.before_send = std::move(before_send);
  ASSIGN_OR_RETURN(HttpResponse response, client.Send(request));
  if (response.status / 100 == 2) return absl::OkStatus();
  return client.Refusal(request, response);
}

}  // namespace registry_manager
