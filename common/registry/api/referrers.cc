// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/api/referrers.h"

#include <iterator>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/registry/api/link.h"
#include "common/registry/api/manifests.h"
#include "common/registry/api/media_types.h"
#include "common/registry/connection/errors.h"
#include "common/registry/connection/json.h"

namespace registry_manager {
namespace {

// A registry is taken to have no referrers API only if it refuses the question
// again after so long.
constexpr absl::Duration kRefusalPasses = absl::Seconds(1);

using Support = RegistryConnection::Support;

constexpr size_t kMaxPage = 16 << 20;
constexpr size_t kMaxPages = 10000;
constexpr size_t kMaxReferrers = 100000;

absl::Status NoApi() {
  return absl::UnimplementedError("the registry has no referrers API");
}

RegistryRequest PageRequest(const RegistryClient& client,
                            absl::string_view repository, const Url& url) {
  RegistryRequest request;
  request.url = url;
  request.scopes = {client.ReadScope(repository)};
  request.headers.Add("Accept", kOciIndex);
  request.max_body = kMaxPage;
  request.repeatable = true;
  return request;
}

// A page for people, such as a proxy's or a web interface's.
bool IsForPeople(const HttpResponse& response) {
  const std::string type =
      absl::AsciiStrToLower(response.headers.Get("Content-Type").value_or(""));
  return absl::StrContains(type, "html") || !ParseJson(response.body).ok();
}

// Moves `url` to the next page; false: there is none. A proxy may have changed
// the path of the Link or its host: the list is the one that was asked for.
absl::StatusOr<bool> TurnPage(const HttpResponse& response, Url& url) {
  const absl::StatusOr<std::optional<std::string>> target =
      FindNextLink(response.headers.GetAll("Link"));
  if (!target.ok()) return Annotate(target.status(), url.display());
  if (!*target) return false;
  absl::StatusOr<Url> next = ResolveUrl(url, **target);
  if (!next.ok()) {
    return Annotate(next.status(),
                    absl::StrCat(url.display(), " names its next page"));
  }
  url.query = std::move(next->query);
  return true;
}

absl::StatusOr<std::vector<Descriptor>> ParsePage(const Url& url,
                                                  const Digest& subject,
                                                  HttpResponse& response) {
  absl::StatusOr<Manifest> index = ParseManifest(
      {subject, std::string(kOciIndex), std::move(response.body)});
  if (!index.ok() || !index->is_index) {
    return absl::DataLossError(absl::StrCat(
        "GET ", url.display(), ": ",
        index.ok() ? "the answer is no index" : index.status().message()));
  }
  return std::move(index->children);
}

// Whether only the referrers are refused: their subject may be read, or does
// not exist.
bool MayReadSubject(const RegistryClient& client, absl::string_view repository,
                    const Digest& subject) {
  const absl::Status read =
      HeadManifest(client, repository, subject.str()).status();
  return read.ok() || absl::IsNotFound(read);
}

// Whether the first request for referrers was answered in the way of registries
// that have no referrers API.
bool SaysNoApi(const RegistryClient& client, absl::string_view repository,
               const Digest& subject, const absl::Status& refusal) {
  const int status = HttpStatusOf(refusal);
  switch (status) {
    case 401:
    case 403:
      return IsNotTold(refusal) && MayReadSubject(client, repository, subject);
    case 408:
    case 429:
      return false;
    default:
      return status / 100 == 4 || absl::IsUnimplemented(refusal);
  }
}

// Remembers that there is no API. People are told of an answer that says so in
// an unusual way.
absl::Status RememberNoApi(const RegistryClient& client, const Url& url,
                           int status) {
  client.connection->referrers_api = Support::kNo;
  const bool usual =
      status == 400 || status == 404 || status == 405 || status == 501;
  if (!usual) {
    client.task->Note(absl::StrCat(
        "GET ", url.display(), " was answered with ",
        status == 200 ? "something that is no list"
                      : absl::StrCat("HTTP ", status),
        ": the registry is taken to have no referrers API, and referrers are "
        "looked for under their fallback tags"));
  }
  return NoApi();
}

// Judges a refusal of the first page. OK: the list is empty.
absl::Status JudgeRefusal(const RegistryClient& client,
                          absl::string_view repository, const Digest& subject,
                          const Url& url, const absl::Status& refusal) {
  const int status = HttpStatusOf(refusal);
  if (client.connection->referrers_api == Support::kYes) {
    // The registry has listed other referrers, so this subject has none.
    return status == 404 ? absl::OkStatus() : refusal;
  }
  // A repository, or a subject, that is not there tells nothing of the
  // registry.
  if (RegistryCode(refusal) == "NAME_UNKNOWN" ||
      RegistryCode(refusal) == "MANIFEST_UNKNOWN") {
    return NoApi();
  }
  if (!SaysNoApi(client, repository, subject, refusal)) return refusal;
  return RememberNoApi(client, url, status);
}

// Asks for a page; the refusal if there is no list in `response`.
absl::Status AskForPage(const RegistryClient& client,
                        absl::string_view repository, const Url& url,
                        absl::StatusOr<HttpResponse>& response) {
  const RegistryRequest request = PageRequest(client, repository, url);
  response = client.Send(request);
  if (!response.ok()) return response.status();
  return response->status == 200 ? absl::OkStatus()
                                 : client.Refusal(request, *response);
}

// The first page. OK without a response: the list is empty.
absl::StatusOr<std::optional<HttpResponse>> GetFirstPage(
    const RegistryClient& client, absl::string_view repository,
    const Digest& subject, const Url& url) {
  absl::StatusOr<HttpResponse> response;
  absl::Status refusal = AskForPage(client, repository, url, response);
  const int status = HttpStatusOf(refusal);
  const bool may_pass = (status == 401 || status == 403) &&
                        client.connection->referrers_api == Support::kUnknown;
  if (may_pass) {
    RETURN_IF_ERROR(client.task->cancellation().SleepFor(kRefusalPasses));
    refusal = AskForPage(client, repository, url, response);
  }
  if (!refusal.ok()) {
    RETURN_IF_ERROR(JudgeRefusal(client, repository, subject, url, refusal));
    return std::nullopt;
  }
  if (client.connection->referrers_api != Support::kYes &&
      IsForPeople(*response)) {
    return RememberNoApi(client, url, response->status);
  }
  return *std::move(response);
}

absl::StatusOr<HttpResponse> GetFurtherPage(const RegistryClient& client,
                                            absl::string_view repository,
                                            const Url& url) {
  const RegistryRequest request = PageRequest(client, repository, url);
  absl::StatusOr<HttpResponse> response = client.Send(request);
  if (response.ok() && response->status != 200) {
    return client.Refusal(request, *response);
  }
  return response;
}

}  // namespace

absl::StatusOr<std::vector<Descriptor>> ListReferrers(
    const RegistryClient& client, absl::string_view repository,
    const Digest& subject) {
  RegistryConnection& connection = *client.connection;
  std::unique_lock<std::mutex> proof(connection.referrers_proof,
                                     std::defer_lock);
  if (connection.referrers_api == Support::kUnknown) proof.lock();
  if (connection.referrers_api == Support::kNo) return NoApi();
  if (connection.referrers_api == Support::kYes && proof) proof.unlock();
  Url url = connection.RepositoryEndpoint(
      repository, absl::StrCat("referrers/", subject.str()));
  ASSIGN_OR_RETURN(std::optional<HttpResponse> first,
                   GetFirstPage(client, repository, subject, url));
  std::vector<Descriptor> referrers;
  if (!first) return referrers;
  HttpResponse response = *std::move(first);
  absl::flat_hash_set<std::string> seen;
  while (seen.insert(url.str()).second && seen.size() < kMaxPages) {
    ASSIGN_OR_RETURN(std::vector<Descriptor> page,
                     ParsePage(url, subject, response));
    connection.referrers_api = Support::kYes;
    if (proof) proof.unlock();
    std::move(page.begin(), page.end(), std::back_inserter(referrers));
    if (referrers.size() > kMaxReferrers) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the listing ", url.display(), " holds more than ",
                       kMaxReferrers, " referrers"));
    }
    ASSIGN_OR_RETURN(bool more, TurnPage(response, url));
    if (!more) return referrers;
    if (seen.contains(url.str())) break;
    ASSIGN_OR_RETURN(response, GetFurtherPage(client, repository, url));
  }
  return absl::DataLossError(
      absl::StrCat("the listing ", url.display(), " goes round in circles"));
}

}  // namespace registry_manager
