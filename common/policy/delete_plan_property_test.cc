// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// Holds the delete plan against a plain reading of its rules, on random
// repositories.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/policy/attachment.h"
#include "common/policy/delete_plan.h"

namespace registry_manager {
namespace {

using Digests = std::set<std::string>;
using Names = std::set<std::string>;

std::string Spelled(const std::string& tag) {
  return absl::StrCat("sha256:", tag.substr(7, 64));
}

bool IsSignature(const std::string& tag) {
  return absl::StartsWith(tag, "sha256-");
}

// A repository in plain words: digests are text.
struct World {
  std::map<std::string, std::string> tags;
  std::map<std::string, Digests> children;
  std::map<std::string, std::string> subject;
  std::map<std::string, Digests> referrers;
  Names doomed;
};

// A `natural` world could be a registry's: a manifest names only those that
// were made before it.
World MakeWorld(std::mt19937& random, bool natural) {
  const auto below = [&random](int n) {
    return static_cast<int>(random() % static_cast<unsigned>(n));
  };
  World world;
  const int count = 2 + below(12);
  std::vector<std::string> digests;
  digests.reserve(count);
  for (int i = 0; i < count; ++i) {
    digests.push_back(Digest::Of(absl::StrCat(random())).str());
  }
  const std::string elsewhere = Digest::Of("elsewhere").str();
  const auto any = [&](int before) { return digests[below(before)]; };
  for (int i = 0; i < count; ++i) {
    const int before = natural ? i : count;
    if (before == 0) continue;
    if (below(3) == 0) {
      for (int n = below(3); n >= 0; --n) {
        world.children[digests[i]].insert(any(before));
      }
    }
    if (below(4) == 0) {
      const std::string subject = below(6) == 0 ? elsewhere : any(before);
      world.subject[digests[i]] = subject;
      if (below(3) > 0) world.referrers[subject].insert(digests[i]);
    }
    if (!natural && below(6) == 0) {
      world.referrers[any(before)].insert(digests[i]);
    }
  }
  const int tags = 1 + below(2 * count);
  for (int i = 0; i < tags; ++i) {
    std::string name = absl::StrCat("t", i);
    const int at = below(count);
    if (below(3) == 0) {
      const std::string subject =
          below(6) == 0 ? elsewhere : any(natural && at > 0 ? at : count);
      name = absl::StrCat("sha256-", subject.substr(7),
                          below(2) == 0 ? "" : absl::StrCat(".s", below(3)));
    }
    world.tags[name] = digests[at];
    if (below(IsSignature(name) ? 12 : 2) == 0) world.doomed.insert(name);
  }
  return world;
}

RepositorySnapshot Snapshot(const World& world, std::mt19937& random) {
  const auto digest = [](const std::string& text) {
    return *Digest::Parse(text);
  };
  RepositorySnapshot snapshot;
  for (const auto& [tag, target] : world.tags) {
    snapshot.tags.push_back({tag, digest(target)});
  }
  for (const auto& [index, children] : world.children) {
    auto& listed = snapshot.manifests[digest(index)].children;
    for (const std::string& child : children) listed.push_back(digest(child));
    std::shuffle(listed.begin(), listed.end(), random);
  }
  for (const auto& [manifest, subject] : world.subject) {
    snapshot.manifests[digest(manifest)].subject = digest(subject);
  }
  for (const auto& [subject, referrers] : world.referrers) {
    auto& listed = snapshot.referrers[digest(subject)];
    for (const std::string& referrer : referrers) {
      listed.push_back(digest(referrer));
    }
    std::shuffle(listed.begin(), listed.end(), random);
  }
  std::shuffle(snapshot.tags.begin(), snapshot.tags.end(), random);
  return snapshot;
}

std::vector<std::string> Shuffled(const Names& names, std::mt19937& random) {
  std::vector<std::string> shuffled(names.begin(), names.end());
  std::shuffle(shuffled.begin(), shuffled.end(), random);
  return shuffled;
}

Digests Tagged(const World& world, const Names& names) {
  Digests tagged;
  for (const auto& [tag, digest] : world.tags) {
    if (names.count(tag) > 0) tagged.insert(digest);
  }
  return tagged;
}

// Whether `to` is an index's child of `from`, its signature or attached to it.
bool IsListed(const World& world, const std::string& from,
              const std::string& to) {
  const auto children = world.children.find(from);
  if (children != world.children.end() && children->second.count(to) > 0) {
    return true;
  }
  const auto referrers = world.referrers.find(from);
  return referrers != world.referrers.end() && referrers->second.count(to) > 0;
}

bool IsSigned(const World& world, const std::string& from,
              const std::string& to) {
  for (const auto& [tag, digest] : world.tags) {
    if (digest == to && IsSignature(tag) && world.doomed.count(tag) == 0 &&
        Spelled(tag) == from) {
      return true;
    }
  }
  return false;
}

bool IsAttached(const World& world, const std::string& from,
                const std::string& to) {
  const auto subject = world.subject.find(to);
  return subject != world.subject.end() && subject->second == from;
}

Digests AllDigests(const World& world) {
  Digests all;
  for (const auto& [tag, digest] : world.tags) all.insert(digest);
  for (const auto& [index, children] : world.children) {
    all.insert(index);
    all.insert(children.begin(), children.end());
  }
  for (const auto& [manifest, subject] : world.subject) all.insert(manifest);
  for (const auto& [subject, referrers] : world.referrers) {
    all.insert(referrers.begin(), referrers.end());
  }
  return all;
}

// Adds to `reached` what it leads to, until there is no more.
template <typename Leads>
Digests Closure(const World& world, Digests reached, Leads leads) {
  const Digests all = AllDigests(world);
  for (size_t size = 0; size != reached.size();) {
    size = reached.size();
    for (const std::string& from : Digests(reached)) {
      for (const std::string& to : all) {
        if (leads(from, to)) reached.insert(to);
      }
    }
  }
  return reached;
}

// All that a kept digest keeps.
Digests Protected(const World& world, const Digests& from) {
  return Closure(world, from, [&](const std::string& a, const std::string& b) {
    return IsListed(world, a, b) || IsSigned(world, a, b) ||
           IsAttached(world, a, b);
  });
}

struct Outcome {
  Digests deleted, kept;
  Names staying;
};

bool Stays(const World& world, const Digests& going, const std::string& tag) {
  return world.doomed.count(tag) == 0 &&
         (!IsSignature(tag) || going.count(Spelled(tag)) == 0);
}

// The repository is known to hold it: a tag bears it, or it was read.
bool IsKnown(const World& world, const std::string& digest) {
  return world.children.count(digest) > 0 || world.subject.count(digest) > 0 ||
         std::any_of(world.tags.begin(), world.tags.end(),
                     [&](const auto& entry) { return entry.second == digest; });
}

// Takes away from what may go all that must not, and begins again.
Outcome Reference(const World& world) {
  const Digests doomed = Tagged(world, world.doomed);
  Outcome outcome;
  outcome.deleted =
      Closure(world, doomed, [&](const std::string& a, const std::string& b) {
        return IsListed(world, a, b) || IsSigned(world, a, b);
      });
  const Digests candidates = outcome.deleted;
  while (true) {
    Names staying;
    for (const auto& [tag, digest] : world.tags) {
      if (Stays(world, outcome.deleted, tag)) staying.insert(tag);
    }
    Digests roots = Tagged(world, staying);
    for (const std::string& digest : candidates) {
      // What a doomed tag bears stays only with what is there.
      const auto stays_with = [&](const std::string& subject) {
        return outcome.deleted.count(subject) == 0 &&
               (doomed.count(digest) == 0 || IsKnown(world, subject));
      };
      const auto subject = world.subject.find(digest);
      if (subject != world.subject.end() && stays_with(subject->second)) {
        roots.insert(digest);
      }
      for (const auto& [of, referrers] : world.referrers) {
        if (referrers.count(digest) > 0 && stays_with(of)) {
          roots.insert(digest);
        }
      }
    }
    outcome.kept = Protected(world, roots);
    outcome.staying = staying;
    const size_t before = outcome.deleted.size();
    for (const std::string& digest : outcome.kept) {
      outcome.deleted.erase(digest);
    }
    if (outcome.deleted.size() == before) return outcome;
  }
}

Digests Deleted(const DeletePlan& plan) {
  Digests deleted;
  for (const DigestDeletion& deletion : plan.deletions) {
    deleted.insert(deletion.digest.str());
  }
  return deleted;
}

Names Removed(const DeletePlan& plan) {
  Names removed;
  for (const TagRemoval& removal : plan.removals) removed.insert(removal.tag);
  return removed;
}

// Everything of a plan, in its order.
std::string Text(const DeletePlan& plan) {
  std::string text;
  for (const DigestDeletion& deletion : plan.deletions) {
    absl::StrAppend(&text, deletion.wave, " ", deletion.digest.str());
    for (const std::string& tag : deletion.tags) {
      absl::StrAppend(&text, " ", tag);
    }
    absl::StrAppend(&text, "\n");
  }
  for (const TagRemoval& removal : plan.removals) {
    absl::StrAppend(&text, removal.tag, " ", removal.digest.str(), " ",
                    removal.protected_by, "\n");
  }
  for (const auto& signature : plan.staying_signatures) {
    absl::StrAppend(&text, signature.tag, " ", signature.reason, "\n");
  }
  for (const Digest& digest : plan.kept) {
    absl::StrAppend(&text, digest.str(), "\n");
  }
  return text;
}

void ExpectTheReference(const World& world, const DeletePlan& plan) {
  const Outcome expected = Reference(world);
  const Digests deleted = Deleted(plan);
  ASSERT_EQ(deleted, expected.deleted);
  ASSERT_EQ(deleted.size(), plan.deletions.size());
  Digests kept;
  for (const Digest& digest : plan.kept) kept.insert(digest.str());
  ASSERT_EQ(kept, expected.kept);
  Names staying_signatures, removed;
  for (const auto& [tag, digest] : world.tags) {
    if (expected.staying.count(tag) == 0 && deleted.count(digest) == 0) {
      removed.insert(tag);
    } else if (expected.staying.count(tag) > 0 && IsSignature(tag)) {
      staying_signatures.insert(tag);
    }
  }
  ASSERT_EQ(Removed(plan), removed);
  Names staying;
  for (const auto& signature : plan.staying_signatures) {
    staying.insert(signature.tag);
    EXPECT_FALSE(signature.reason.empty());
  }
  ASSERT_EQ(staying, staying_signatures);
  for (const DigestDeletion& deletion : plan.deletions) {
    const Names tags(deletion.tags.begin(), deletion.tags.end());
    Names expected_tags;
    for (const auto& [tag, digest] : world.tags) {
      if (digest == deletion.digest.str()) expected_tags.insert(tag);
    }
    EXPECT_EQ(tags, expected_tags);
  }
  for (const TagRemoval& removal : plan.removals) {
    std::string protector;
    for (const std::string& tag : expected.staying) {
      if (Protected(world, {world.tags.at(tag)}).count(removal.digest.str()) >
          0) {
        protector = tag;
        break;
      }
    }
    EXPECT_EQ(removal.protected_by, protector);
  }
}

// Whatever the fixpoint says: what a tag that no rule takes leads to is whole.
void ExpectKeptTagsWhole(const World& world, const DeletePlan& plan) {
  Names kept;
  for (const auto& [tag, digest] : world.tags) {
    if (!IsSignature(tag) && world.doomed.count(tag) == 0) kept.insert(tag);
  }
  const Digests whole = Protected(world, Tagged(world, kept));
  for (const std::string& digest : Deleted(plan)) {
    EXPECT_EQ(whole.count(digest), 0u) << digest;
  }
  for (const auto& [tag, digest] : world.tags) {
    if (IsSignature(tag) && world.doomed.count(tag) == 0 &&
        whole.count(Spelled(tag)) > 0) {
      EXPECT_EQ(Removed(plan).count(tag), 0u) << tag;
    }
  }
}

// A wave waits for exactly what leads to it; where that is a circle, for all
// that leads into the circle.
void ExpectWavesInOrder(const World& world, const DeletePlan& plan) {
  std::map<std::string, int> waves, needed;
  for (const DigestDeletion& deletion : plan.deletions) {
    waves[deletion.digest.str()] = deletion.wave;
  }
  World nothing_doomed = world;
  nothing_doomed.doomed.clear();
  const auto leads = [&](const std::string& from, const std::string& to) {
    return from != to && waves.count(from) > 0 && waves.count(to) > 0 &&
           (IsListed(world, from, to) || IsAttached(world, from, to) ||
            IsSigned(nothing_doomed, from, to));
  };
  std::vector<std::pair<std::string, std::string>> edges;
  bool circle = false;
  for (const auto& [from, unused_from] : waves) {
    for (const auto& [to, unused_to] : waves) {
      if (!leads(from, to)) continue;
      edges.emplace_back(from, to);
      if (Closure(world, {to}, leads).count(from) > 0) {
        circle = true;
      } else {
        EXPECT_LT(waves[from], waves[to]) << from << " before " << to;
      }
    }
  }
  if (circle) return;
  for (size_t round = 0; round < waves.size(); ++round) {
    for (const auto& [from, to] : edges) {
      needed[to] = std::max(needed[to], needed[from] + 1);
    }
  }
  for (const auto& [digest, wave] : waves) EXPECT_EQ(wave, needed[digest]);
}

// The repository without `gone`.
World Without(const World& world, const Digests& gone) {
  World after;
  for (const auto& [tag, digest] : world.tags) {
    if (gone.count(digest) == 0) after.tags[tag] = digest;
  }
  for (const auto& [index, children] : world.children) {
    if (gone.count(index) == 0) after.children[index] = children;
  }
  for (const auto& [manifest, subject] : world.subject) {
    if (gone.count(manifest) == 0) after.subject[manifest] = subject;
  }
  for (const auto& [subject, referrers] : world.referrers) {
    for (const std::string& referrer : referrers) {
      if (gone.count(referrer) == 0) after.referrers[subject].insert(referrer);
    }
  }
  for (const std::string& tag : world.doomed) {
    if (after.tags.count(tag) > 0) after.doomed.insert(tag);
  }
  return after;
}

// A world as text, digests by their first digits.
std::string Describe(const World& world) {
  const auto brief = [](const std::string& text) {
    return std::string(absl::StripPrefix(text, "sha256:").substr(0, 4));
  };
  std::string text;
  for (const auto& [tag, digest] : world.tags) {
    const std::string name =
        IsSignature(tag) ? absl::StrCat("signature of ", tag.substr(7, 4), " ",
                                        tag.substr(71))
                         : tag;
    absl::StrAppend(&text, world.doomed.count(tag) > 0 ? "doomed " : "", name,
                    " -> ", brief(digest), "\n");
  }
  for (const auto& [index, children] : world.children) {
    for (const std::string& child : children) {
      absl::StrAppend(&text, brief(index), " lists ", brief(child), "\n");
    }
  }
  for (const auto& [manifest, subject] : world.subject) {
    absl::StrAppend(&text, brief(manifest), " has subject ", brief(subject),
                    "\n");
  }
  for (const auto& [subject, referrers] : world.referrers) {
    for (const std::string& referrer : referrers) {
      absl::StrAppend(&text, brief(subject), " has referrer ", brief(referrer),
                      "\n");
    }
  }
  return text;
}

// A reader of a registry finds only what tags lead to, and what it knows of.
World Visible(const World& world, const Digests& known) {
  Digests roots = known;
  for (const auto& [tag, digest] : world.tags) roots.insert(digest);
  const Digests seen =
      Closure(world, roots, [&](const std::string& a, const std::string& b) {
        return IsListed(world, a, b);
      });
  World visible = world;
  std::erase_if(visible.children, [&](const auto& entry) {
    return seen.count(entry.first) == 0;
  });
  std::erase_if(visible.subject, [&](const auto& entry) {
    return seen.count(entry.first) == 0;
  });
  std::erase_if(visible.referrers, [&](const auto& entry) {
    return seen.count(entry.first) == 0;
  });
  return visible;
}

std::vector<IntendedDeletion> Recorded(const RepositorySnapshot& snapshot,
                                       const DeletePlan& plan) {
  const Attachments attachments(snapshot);
  std::vector<IntendedDeletion> recorded;
  for (const DigestDeletion& deletion : plan.deletions) {
    IntendedDeletion one{deletion.digest, {}};
    for (const DigestDeletion& leader : plan.deletions) {
      const std::vector<Digest> led = attachments.Of(leader.digest);
      if (std::find(led.begin(), led.end(), deletion.digest) != led.end()) {
        one.attached_to.push_back(leader.digest);
      }
    }
    recorded.push_back(std::move(one));
  }
  return recorded;
}

// Such an index may stay for its subject's sake when the one that lists it
// goes, and nobody finds it any more, nor what it protects.
bool HasHiddenProtector(const World& world) {
  return std::any_of(
      world.children.begin(), world.children.end(), [&](const auto& entry) {
        const bool tagged = std::any_of(
            world.tags.begin(), world.tags.end(),
            [&](const auto& tag) { return tag.second == entry.first; });
        return !tagged && world.subject.count(entry.first) > 0;
      });
}

// Wherever a plan is cut short, the next one ends where it would have ended.
void ExpectTheSameAfterAnInterruption(const World& whole,
                                      std::mt19937& random) {
  const World world = Visible(whole, {});
  if (HasHiddenProtector(world)) return;
  const RepositorySnapshot snapshot = Snapshot(world, random);
  const DeletePlan plan =
      PlanDeletion(snapshot, Shuffled(world.doomed, random));
  const std::vector<IntendedDeletion> recorded = Recorded(snapshot, plan);
  const int last = plan.deletions.empty() ? 0 : plan.deletions.back().wave;
  for (int wave = 0; wave <= last; ++wave) {
    std::vector<Digest> gone;
    Digests gone_texts;
    for (const DigestDeletion& deletion : plan.deletions) {
      // Of the wave in which it was cut short, some were done.
      if (deletion.wave < wave ||
          (deletion.wave == wave && random() % 2 == 0)) {
        gone.push_back(deletion.digest);
        gone_texts.insert(deletion.digest.str());
      }
    }
    const World cut = Visible(Without(whole, gone_texts), Deleted(plan));
    RepositorySnapshot now = Snapshot(cut, random);
    AddGone(recorded, gone, now);
    const DeletePlan resumed =
        PlanDeletion(now, Shuffled(cut.doomed, random), gone);
    Digests deleted = Deleted(resumed);
    deleted.insert(gone_texts.begin(), gone_texts.end());
    ASSERT_EQ(deleted.size(), resumed.deletions.size() + gone.size());
    ASSERT_EQ(deleted, Deleted(plan)) << "cut short in wave " << wave << "\n"
                                      << Describe(world);
    ASSERT_EQ(Removed(resumed), Removed(plan)) << Describe(world);
  }
}

void Check(const World& world, std::mt19937& random) {
  const DeletePlan plan =
      PlanDeletion(Snapshot(world, random), Shuffled(world.doomed, random));
  ExpectTheReference(world, plan);
  ExpectKeptTagsWhole(world, plan);
  ExpectWavesInOrder(world, plan);
  EXPECT_EQ(Text(PlanDeletion(Snapshot(world, random),
                              Shuffled(world.doomed, random))),
            Text(plan));
  ExpectTheSameAfterAnInterruption(world, random);
}

class DeletePlanPropertyTest : public testing::TestWithParam<bool> {};

TEST_P(DeletePlanPropertyTest, HoldsOnRandomRepositories) {
  const bool natural = GetParam();
  for (unsigned seed = 1; seed <= 800; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    std::mt19937 random(seed);
    Check(MakeWorld(random, natural), random);
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Worlds, DeletePlanPropertyTest, testing::Bool(),
                         [](const auto& info) {
                           return info.param ? "Natural" : "Arbitrary";
                         });

}  // namespace
}  // namespace registry_manager
