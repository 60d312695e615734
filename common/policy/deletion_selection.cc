// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/policy/deletion_selection.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "common/policy/version.h"
#include "common/reference/printable.h"
#include "common/reference/reference.h"

namespace registry_manager {
namespace {

struct Candidate {
  // The index of the tag among all tags, which are in the order of their names.
  size_t position;
  // nullopt for a non-version.
  std::optional<Version> version;
  // InfinitePast if there is no time, or the time does not matter.
  absl::Time created = absl::InfinitePast();
};

// The tags of a repository, and those among them that the rules may take.
struct Slate {
  // Named tags are doomed. The reasons are complete for all tags except
  // candidates.
  std::vector<SelectedTag> tags;
  std::vector<Candidate> candidates;
  size_t versions = 0;
  // The number of candidates that stay, at most.
  size_t places = 0;

  size_t non_versions() const { return candidates.size() - versions; }
  // Whether some non-versions stay and others go.
  bool CutAmongNonVersions() const {
    return versions < places && places < candidates.size();
  }
};

Slate Judge(const std::vector<std::string>& tags, const TagRules& rules,
            const DeletionRequest& request) {
  const std::set<std::string> names(tags.begin(), tags.end());
  const std::set<std::string> named(request.named.begin(), request.named.end());
  Slate slate;
  slate.places = std::max(request.mix_count, 0);
  for (const std::string& tag : names) {
    if (named.count(tag) > 0) {
      slate.tags.push_back({tag, true, "named in the config"});
    } else if (!request.whole_repository) {
      slate.tags.push_back({tag, false, "not named in the config"});
      // Guard: signatures-not-judged
    } else if (IsSignatureLikeTag(tag)) {
      slate.tags.push_back(
          {tag, false, "signature-like: follows the image that it names"});
    } else {
      TagRules::Verdict verdict = rules.Judge(tag);
      if (verdict.candidate) {
        slate.candidates.push_back({slate.tags.size(), Version::Parse(tag)});
        if (slate.candidates.back().version) ++slate.versions;
      }
      slate.tags.push_back({tag, false, std::move(verdict.reason)});
    }
  }
  return slate;
}

// InfinitePast if there is none. A date before 2000 counts as none:
// reproducible builds carry such.
absl::Time EffectiveTime(const CreationTime& created) {
  static const absl::Time kEarliest =
      absl::FromCivil(absl::CivilSecond(2000, 1, 1), absl::UTCTimeZone());
  return created.kind == CreationTime::Kind::kDated && created.time >= kEarliest
             ? created.time
             : absl::InfinitePast();
}

// Gives the non-version candidates their creation times. Returns the tags whose
// time cannot be read, sorted.
std::vector<std::string> Date(
    Slate& slate,
    const absl::flat_hash_map<std::string, CreationTime>& created) {
  std::vector<std::string> unreadable;
  for (Candidate& candidate : slate.candidates) {
    if (candidate.version) continue;
    const std::string& tag = slate.tags[candidate.position].tag;
    const auto found = created.find(tag);
    if (found == created.end() ||
        found->second.kind == CreationTime::Kind::kUnreadable) {
      unreadable.push_back(tag);
    } else {
      candidate.created = EffectiveTime(found->second);
    }
  }
  return unreadable;
}

// Takes the candidates without a date out of the slate: they stay, and take
// none of the places. Returns their tags, sorted.
std::vector<std::string> TakeUndated(Slate& slate) {
  std::vector<std::string> undated;
  std::erase_if(slate.candidates, [&](const Candidate& candidate) {
    // Guard: undated-stays
    if (candidate.version || candidate.created != absl::InfinitePast()) {
      return false;
    }
    SelectedTag& tag = slate.tags[candidate.position];
    absl::StrAppend(&tag.reason,
                    "; stays: its image bears no date (undated: keep)");
    undated.push_back(tag.tag);
    return true;
  });
  return undated;
}

bool Newer(const Candidate& a, const Candidate& b) {
  if (a.version.has_value() != b.version.has_value()) {
    return a.version.has_value();
  }
  if (a.version.has_value()) {
    const std::weak_ordering order = *a.version <=> *b.version;
    if (order != 0) return order > 0;
  } else if (a.created != b.created) {
    return a.created > b.created;
  }
  return a.position > b.position;
}

std::string Ordinal(size_t n) {
  const size_t tens = n / 10 % 10, ones = n % 10;
  const char* suffix = tens == 1   ? "th"
                       : ones == 1 ? "st"
                       : ones == 2 ? "nd"
                       : ones == 3 ? "rd"
                                   : "th";
  return absl::StrCat(n, suffix);
}

std::string CandidateCount(size_t n) {
  return absl::StrCat(n, n == 1 ? " candidate" : " candidates");
}

// The place of the candidate of `rank` (1 is the newest). `rank_known` is false
// for a non-version if no creation times were needed.
std::string PlaceOf(const Slate& slate, size_t rank, bool rank_known) {
  const bool stays = rank <= slate.places;
  const std::string all = CandidateCount(slate.candidates.size());
  const std::string places = absl::StrCat(slate.places, " stay");
  if (rank_known) {
    return absl::StrCat(Ordinal(rank), " newest of ", all,
                        stays ? absl::StrCat(", ", places) : "");
  }
  if (stays || slate.versions == 0) {
    return absl::StrCat("one of ", all, ", ", places);
  }
  return absl::StrCat("older than ",
                      slate.versions == 1
                          ? "the version"
                          : absl::StrCat("all ", slate.versions, " versions"),
                      " among ", all, ", ", places);
}

// True if `tag` looks like a commit's hash or the beginning of one: it is
// neither a number nor a word.
bool LooksLikeHash(absl::string_view tag) {
  if (tag.size() < 7 || tag.size() > 40) return false;
  bool digit = false, letter = false;
  for (const char c : tag) {
    if (!absl::ascii_isxdigit(c) || absl::ascii_isupper(c)) return false;
    (absl::ascii_isdigit(c) ? digit : letter) = true;
  }
  return digit && letter;
}

std::vector<std::string> WarningsOf(const Slate& slate) {
  std::vector<std::string> warnings;
  if (slate.candidates.size() <= slate.places || slate.versions == 0) {
    return warnings;
  }
  size_t hashes = 0;
  std::string example;
  for (const Candidate& candidate : slate.candidates) {
    const std::string& tag = slate.tags[candidate.position].tag;
    if (!candidate.version || !LooksLikeHash(tag)) continue;
    if (hashes++ == 0) example = Printable(tag);
  }
  if (hashes > 0) {
    warnings.push_back(absl::StrCat(
        CandidateCount(hashes), hashes == 1 ? " looks" : " look",
        " like a commit's hash and ", hashes == 1 ? "counts" : "count",
        " as a version (", example,
        "), whose order says nothing of age; think of excluding them"));
  }
  if (slate.non_versions() > 0) {
    warnings.push_back(absl::StrCat(
        CandidateCount(slate.candidates.size()), " mix ", slate.versions,
        slate.versions == 1 ? " version" : " versions", " and ",
        slate.non_versions(),
        " other names; every version counts as newer than every other name"));
  }
  return warnings;
}

}  // namespace

std::vector<std::string> TagsToDate(const std::vector<std::string>& tags,
                                    const TagRules& rules,
                                    const DeletionRequest& request) {
  const Slate slate = Judge(tags, rules, request);
  std::vector<std::string> to_date;
  if (!slate.CutAmongNonVersions()) return to_date;
  for (const Candidate& candidate : slate.candidates) {
    if (!candidate.version) {
      to_date.push_back(slate.tags[candidate.position].tag);
    }
  }
  return to_date;
}

DeletionSelection SelectForDeletion(
    const std::vector<std::string>& tags, const TagRules& rules,
    const DeletionRequest& request,
    const absl::flat_hash_map<std::string, CreationTime>& created) {
  Slate slate = Judge(tags, rules, request);
  DeletionSelection selection;
  const bool dated = slate.CutAmongNonVersions();
  if (dated) selection.unreadable = Date(slate, created);
  if (dated && selection.unreadable.empty() && !request.undated_is_oldest) {
    selection.undated = TakeUndated(slate);
  }
  std::sort(slate.candidates.begin(), slate.candidates.end(), Newer);

  size_t rank = 0;
  for (const Candidate& candidate : slate.candidates) {
    ++rank;
    SelectedTag& tag = slate.tags[candidate.position];
    tag.rank = rank;
    if (!candidate.version && !selection.unreadable.empty()) {
      absl::StrAppend(&tag.reason, "; stays: the creation time of ",
                      Printable(selection.unreadable.front()),
                      " could not be read");
      continue;
    }
    tag.doomed = rank > slate.places;
    const bool rank_known =
        candidate.version || dated || slate.non_versions() == 1;
    absl::StrAppend(&tag.reason, "; ", PlaceOf(slate, rank, rank_known));
  }

  selection.warnings = WarningsOf(slate);
  const std::set<std::string> listed(tags.begin(), tags.end());
  const std::set<std::string> named(request.named.begin(), request.named.end());
  std::set_difference(named.begin(), named.end(), listed.begin(), listed.end(),
                      std::back_inserter(selection.named_but_absent));
  selection.tags = std::move(slate.tags);
  return selection;
}

}  // namespace registry_manager
