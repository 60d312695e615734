// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_API_LISTING_READER_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_API_LISTING_READER_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/http/url.h"
#include "common/registry/connection/connection.h"

namespace registry_manager {

// Reads one listing of names page by page, to its very end. A page that looks
// full and has no Link is followed up with its last name: some registries cap a
// page and do not say so (Nexus). Of a Link only the query is taken: proxies
// that serve a registry below a path of their own (Artifactory) hand out links
// without that path, which lead to another repository. For one listing; not
// thread-safe.
class ListingReader {
 public:
  // The listing that is read.
  struct Subject {
    // Without a query.
    Url url;
    std::string scope;
    // The member of the answer that holds the names: "tags".
    std::string key;
    // The names under which the listing may say that it is of the repository
    // asked for, if it says so at all: a name and its tail at a "/" are one
    // (proxies put a prefix before it, or take it off).
    std::vector<std::string> repository = {};
  };

  // `client` outlives the reader.
  ListingReader(const RegistryClient& client, Subject subject);

  // Begins at `page`, which a Link named, instead of the first page.
  void StartAt(Url page);
  // Begins after `name`, as if a page that looks full had ended with it.
  void StartAfter(absl::string_view name);

  // The names of the next page, in the registry's order, unchecked; some may
  // have come before. Not to be called when ended(). DataLoss if the page is
  // not a listing, is another repository's, or leads on without bringing
  // anything new.
  absl::StatusOr<std::vector<std::string>> ReadPage();

  bool ended() const { return next_ == Next::kNone; }
  // The page to come was not named by a Link: it may turn out not to be there.
  bool is_guess() const {
    return next_ == Next::kGuessed || next_ == Next::kWhole;
  }
  // The page to come; its query is what a Link said.
  const Url& next() const { return url_; }
  // The last name that was read.
  const std::string& last_name() const { return last_name_; }

 private:
  // kWhole: all at once, because the registry ignores `last`.
  enum class Next { kFirst, kLinked, kGuessed, kWhole, kNone };

  // One page's answer with 200. nullopt: there is nothing after the last name.
  absl::StatusOr<std::optional<HttpResponse>> Get();
  absl::Status CheckName(const std::string& name);
  // Decides how to continue after a page without a Link, of which `fresh` names
  // are new.
  absl::Status FollowUp(Next was, const std::vector<std::string>& names,
                        size_t fresh);
  // Returns how many of `names` had not been read before.
  size_t Remember(const std::vector<std::string>& names);
  absl::Status Unreadable(absl::string_view what) const;

  const RegistryClient& client_;
  const Subject subject_;
  Next next_ = Next::kFirst;
  Url url_;
  // The number of names that a page is asked for; 0: the registry takes none.
  size_t page_size_;
  std::string last_name_;
  // The name after which a guessed page was asked for.
  std::string last_asked_;
  // The name of the repository in the first page that had one.
  std::string name_;
  // The last page, by a hash of its names in their order, and how many it had.
  size_t last_page_ = 0;
  size_t last_size_ = 0;
  // Hashes of the names: two that collide make a page look shorter by one.
  absl::flat_hash_set<size_t> seen_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_API_LISTING_READER_H_
