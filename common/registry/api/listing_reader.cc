// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/api/listing_reader.h"

#include <algorithm>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/reference/printable.h"
#include "common/registry/api/link.h"
#include "common/registry/connection/errors.h"
#include "common/registry/connection/json.h"

namespace registry_manager {
namespace {

constexpr size_t kPageSize = 1000;
// The page size for registries that refuse to list so many at once.
constexpr size_t kSmallPage = 100;
// A million tags in one answer is a real registry's; more is not.
constexpr size_t kMaxListing = 128 << 20;

// As many names as a page was asked to have, or a round number, as a cap of the
// registry's own would leave: 10, 20, 25, 64, 100, 500, ….
bool LooksFull(size_t names) {
  const bool is_power_of_two = (names & (names - 1)) == 0;
  return names >= 10 && (names % 5 == 0 || is_power_of_two);
}

// True if a registry says by `status` that nothing comes after the last name.
bool SaysNoMore(int status) {
  return status == 400 || status == 404 || status == 405 || status == 416;
}

// True if the names are equal, or if one is the end of the other after a "/".
bool AreTheSame(absl::string_view a, absl::string_view b) {
  if (a.size() < b.size()) std::swap(a, b);
  return a == b || absl::EndsWith(a, absl::StrCat("/", b));
}

// The page that `response` names as the next one; nullopt: there is none. Only
// the query of the Link counts: proxies leave names of hosts and paths in it
// that lead nowhere, or to another repository.
absl::StatusOr<std::optional<Url>> NextPage(const Url& url,
                                            const HttpResponse& response) {
  const absl::StatusOr<std::optional<std::string>> target =
      FindNextLink(response.headers.GetAll("Link"));
  if (!target.ok()) return Annotate(target.status(), url.display());
  if (!*target) return std::nullopt;
  const absl::StatusOr<Url> named = ResolveUrl(url, **target);
  if (!named.ok()) {
    return Annotate(named.status(),
                    absl::StrCat(url.display(), " names its next page"));
  }
  Url next = url;
  // Guard: link-path-is-ignored
  next.query = named->query;
  return next;
}

}  // namespace

ListingReader::ListingReader(const RegistryClient& client, Subject subject)
    : client_(client),
      subject_(std::move(subject)),
      url_(subject_.url),
      page_size_(kPageSize) {
  url_.query = absl::StrCat("n=", page_size_);
}

void ListingReader::StartAt(Url page) {
  url_ = std::move(page);
  next_ = Next::kLinked;
}

void ListingReader::StartAfter(absl::string_view name) {
  // A tag that is not seen would not be protected.
  url_ = subject_.url;
  url_.query =
      absl::StrCat(page_size_ > 0 ? absl::StrCat("n=", page_size_, "&") : "",
                   "last=", QueryEscape(name));
  last_name_ = last_asked_ = std::string(name);
  next_ = Next::kGuessed;
}

absl::StatusOr<std::optional<HttpResponse>> ListingReader::Get() {
  while (true) {
    RegistryRequest request;
    request.url = url_;
    request.scopes = {subject_.scope};
    request.headers.Add("Accept", "application/json");
    request.max_body = kMaxListing;
    request.repeatable = true;
    request.first_byte = client_.connection->listing_timeout();
    request.outlives_timeout = true;
    ASSIGN_OR_RETURN(HttpResponse response, client_.Send(request));
    if (response.status == 200) return response;
    if (is_guess() && SaysNoMore(response.status)) {
      return std::nullopt;
    }
    // Fewer than a page of ours is all that some registries may be asked for.
    const bool may_dislike_size =
        response.status == 400 && next_ == Next::kFirst && page_size_ > 0;
    if (!may_dislike_size) return client_.Refusal(request, response);
    page_size_ = page_size_ > kSmallPage ? kSmallPage : 0;
    url_.query = page_size_ > 0 ? absl::StrCat("n=", page_size_) : "";
  }
}

absl::StatusOr<std::vector<std::string>> ListingReader::ReadPage() {
  const Url url = url_;
  ASSIGN_OR_RETURN(std::optional<HttpResponse> response, Get());
  const Next was = std::exchange(next_, Next::kNone);
  if (!response) return std::vector<std::string>();
  absl::StatusOr<NameList> list = ParseNameList(response->body, subject_.key);
  if (!list.ok()) return Unreadable(list.status().message());
  RETURN_IF_ERROR(CheckName(list->name));
  const size_t fresh = Remember(list->values);
  ASSIGN_OR_RETURN(std::optional<Url> next, NextPage(url, *response));
  if (next && fresh == 0) {
    return Unreadable(
        "it brings nothing new and names a next page, so that the listing goes "
        "round in circles; is a proxy in front of the registry dropping the "
        "query?");
  }
  if (next) {
    StartAt(*std::move(next));
  } else {
    RETURN_IF_ERROR(FollowUp(was, list->values, fresh));
  }
  if (fresh == 0) list->values.clear();
  return std::move(list->values);
}

absl::Status ListingReader::FollowUp(Next was,
                                     const std::vector<std::string>& names,
                                     size_t fresh) {
  const size_t page = absl::HashOf(names);
  const bool is_the_same = page == std::exchange(last_page_, page);
  const size_t size_before = std::exchange(last_size_, names.size());
  if (was == Next::kWhole) {
    // More than a page has: the registry's own cap, if any, is higher.
    const bool is_longer =
        names.size() > size_before && names.size() % kPageSize != 0;
    const bool has_all = names.size() >= seen_.size();
    if (has_all && (fresh == 0 || is_longer || !LooksFull(names.size()))) {
      return absl::OkStatus();
    }
    return Unreadable(
        "the registry lists a part of the names and takes no 'last' to go on "
        "from");
  }
  // Guard: capped-page-is-followed
  if (!LooksFull(names.size())) return absl::OkStatus();
  // Registries that do not know `last` (2.8.2) begin again. Some begin with it,
  // others anywhere (go-containerregistry's, whose order is random).
  const bool begins_with_last =
      names.front() == last_asked_ && fresh == names.size() - 1 && fresh > 0;
  if (was == Next::kGuessed && fresh < names.size() && !is_the_same &&
      !begins_with_last) {
    url_.query.clear();
    next_ = Next::kWhole;
  } else if (fresh > 0) {
    StartAfter(names.back());
  }
  return absl::OkStatus();
}

absl::Status ListingReader::CheckName(const std::string& name) {
  if (name.empty() || subject_.repository.empty()) return absl::OkStatus();
  const bool is_right =
      name_.empty()
          ? std::any_of(subject_.repository.begin(), subject_.repository.end(),
                        [&name](const std::string& asked) {
                          return AreTheSame(asked, name);
                        })
          : name == name_;
  // Guard: foreign-list-is-refused
  if (!is_right) {
    return Unreadable(absl::StrCat(
        "the registry answers with the list of another repository, '",
        Printable(name), "'"));
  }
  name_ = name;
  return absl::OkStatus();
}

size_t ListingReader::Remember(const std::vector<std::string>& names) {
  size_t fresh = 0;
  for (const std::string& name : names) {
    if (seen_.insert(absl::HashOf(name)).second) ++fresh;
  }
  if (!names.empty()) last_name_ = names.back();
  return fresh;
}

absl::Status ListingReader::Unreadable(absl::string_view what) const {
  return absl::DataLossError(absl::StrCat("GET ", url_.display(), ": ", what));
}

}  // namespace registry_manager
