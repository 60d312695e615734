// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/policy/delete_plan.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace registry_manager {
namespace {

// Images are known by one name each; its digest is that of the name. (By their
// digests, "X" < "A" < "elsewhere" < "S" < "B".)
Digest D(const std::string& name) { return Digest::Of(name); }

// The signature-like tag of an image.
std::string Sig(const std::string& name, const std::string& suffix = ".sig") {
  return absl::StrCat("sha256-", std::string(D(name).hex()), suffix);
}

class Repository {
 public:
  Repository& Tag(const std::string& tag, const std::string& image) {
    snapshot_.tags.push_back({tag, D(image)});
    Know(image);
    return *this;
  }
  Repository& Index(const std::string& index,
                    const std::vector<std::string>& children) {
    Know(index);
    snapshot_.manifests[D(index)];
    for (const std::string& child : children) {
      Know(child);
      snapshot_.manifests[D(index)].children.push_back(D(child));
    }
    return *this;
  }
  Repository& Subject(const std::string& image, const std::string& subject) {
    Know(image);
    Know(subject);
    snapshot_.manifests[D(image)].subject = D(subject);
    return *this;
  }
  // Attached, and the referrers API says so.
  Repository& Referrer(const std::string& image, const std::string& subject) {
    snapshot_.referrers[D(subject)].push_back(D(image));
    return Subject(image, subject);
  }

  // `image@wave[tags]`, in the order of waves and names.
  std::vector<std::string> Deletions(const DeletePlan& plan) const {
    std::set<std::pair<int, std::string>> sorted;
    for (const DigestDeletion& deletion : plan.deletions) {
      std::string text =
          absl::StrCat(names_.at(deletion.digest), "@", deletion.wave);
      for (const std::string& tag : deletion.tags) {
        absl::StrAppend(&text, " ", tag);
      }
      sorted.insert({deletion.wave, text});
    }
    std::vector<std::string> texts;
    texts.reserve(sorted.size());
    for (const auto& [wave, text] : sorted) texts.push_back(text);
    return texts;
  }

  const RepositorySnapshot& snapshot() const { return snapshot_; }

 private:
  void Know(const std::string& name) { names_.emplace(D(name), name); }

  RepositorySnapshot snapshot_;
  std::map<Digest, std::string> names_;
};

using Texts = std::vector<std::string>;

Texts Removals(const DeletePlan& plan) {
  Texts texts;
  for (const TagRemoval& removal : plan.removals) {
    texts.push_back(absl::StrCat(removal.tag, " by ", removal.protected_by));
  }
  return texts;
}

Texts Staying(const DeletePlan& plan) {
  Texts texts;
  for (const auto& signature : plan.staying_signatures) {
    texts.push_back(signature.tag);
  }
  return texts;
}

std::set<Digest> Kept(const DeletePlan& plan) {
  return std::set<Digest>(plan.kept.begin(), plan.kept.end());
}

struct Case {
  std::string what;
  Repository repository;
  Texts doomed;
  Texts deletions;
  Texts removals;
  Texts staying;
};

void Check(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    const DeletePlan plan = PlanDeletion(c.repository.snapshot(), c.doomed);
    EXPECT_EQ(c.repository.Deletions(plan), c.deletions);
    EXPECT_EQ(Removals(plan), c.removals);
    EXPECT_EQ(Staying(plan), c.staying);
  }
}

TEST(DeletePlanTest, Images) {
  Check({
      {"nothing at all", Repository(), {"gone"}, {}, {}, {}},
      {"nothing doomed", Repository().Tag("a", "A"), {}, {}, {}, {}},
      {"one of two images",
       Repository().Tag("a", "A").Tag("b", "B"),
       {"a"},
       {"A@0 a"},
       {},
       {}},
      {"a digest is deleted once, whichever doomed tags it bears",
       Repository().Tag("a2", "A").Tag("a1", "A").Tag("b", "B"),
       {"a1", "a2"},
       {"A@0 a1 a2"},
       {},
       {}},
      {"two tags on one digest, one doomed: it is removed alone",
       Repository().Tag("a", "A").Tag("keep2", "A").Tag("keep1", "A"),
       {"a"},
       {},
       {"a by keep1"},
       {}},
      {"a tag that is listed twice, and doomed twice, counts once",
       Repository().Tag("a", "A").Tag("a", "A"),
       {"a", "a"},
       {"A@0 a"},
       {},
       {}},
  });
}

TEST(DeletePlanTest, Indexes) {
  Check({
      {"untagged children go with their index, after it",
       Repository().Tag("a", "I").Index("I", {"X", "Y"}),
       {"a"},
       {"I@0 a", "X@1", "Y@1"},
       {},
       {}},
      {"nested; a child of two levels waits for the lower",
       Repository().Tag("a", "I").Index("I", {"J", "X"}).Index("J", {"X"}),
       {"a"},
       {"I@0 a", "J@1", "X@2"},
       {},
       {}},
      {"a child that a kept index shares stays",
       Repository()
           .Tag("a", "I")
           .Tag("b", "J")
           .Index("I", {"X", "Y"})
           .Index("J", {"Y", "Z"}),
       {"a"},
       {"I@0 a", "X@1"},
       {},
       {}},
      {"a child with a kept tag stays",
       Repository().Tag("a", "I").Tag("x", "X").Index("I", {"X", "Y"}),
       {"a"},
       {"I@0 a", "Y@1"},
       {},
       {}},
      {"a child with a doomed tag of its own goes once",
       Repository().Tag("a", "I").Tag("x", "X").Index("I", {"X"}),
       {"a", "x"},
       {"I@0 a", "X@1 x"},
       {},
       {}},
      {"a doomed tag on a child of a kept index is removed alone",
       Repository()
           .Tag("a", "I")
           .Tag("x", "X")
           .Index("I", {"J"})
           .Index("J", {"X"}),
       {"x"},
       {},
       {"x by a"},
       {}},
      {"a child that is listed twice goes once",
       Repository().Tag("a", "I").Index("I", {"X", "X"}),
       {"a"},
       {"I@0 a", "X@1"},
       {},
       {}},
  });
}

TEST(DeletePlanTest, SignatureLikeTags) {
  Check({
      {"follow their subject",
       Repository().Tag("a", "A").Tag(Sig("A"), "S").Tag(Sig("A", ""), "F"),
       {"a"},
       {"A@0 a", "F@1 " + Sig("A", ""), "S@1 " + Sig("A")},
       {},
       {}},
      {"stay with a kept subject",
       Repository().Tag("a", "A").Tag("b", "B").Tag(Sig("A"), "S"),
       {"b"},
       {"B@0 b"},
       {},
       {Sig("A")}},
      {"stay where the subject's tag is removed alone",
       Repository().Tag("a", "A").Tag("k", "A").Tag(Sig("A"), "S"),
       {"a"},
       {},
       {"a by k"},
       {Sig("A")}},
      {"stay where the subject is not in the repository",
       Repository().Tag("a", "A").Tag(Sig("elsewhere"), "S"),
       {"a"},
       {"A@0 a"},
       {},
       {Sig("elsewhere")}},
      {"of signatures, and of an index's children",
       Repository()
           .Tag("a", "I")
           .Index("I", {"X"})
           .Tag(Sig("X"), "S")
           .Tag(Sig("S"), "T"),
       {"a"},
       {"I@0 a", "X@1", "S@2 " + Sig("X"), "T@3 " + Sig("S")},
       {},
       {}},
      {"of a shared child stay, and what they reach",
       Repository()
           .Tag("a", "I")
           .Tag("k", "K")
           .Index("I", {"X"})
           .Index("K", {"X"})
           .Tag(Sig("X"), "S")
           .Index("S", {"T"})
           .Tag("t", "T"),
       {"a", "t"},
       {"I@0 a"},
       {"t by k"},
       {Sig("X")}},
      {"a doomed tag on a staying signature's digest is removed alone",
       Repository().Tag("a", "S").Tag(Sig("elsewhere"), "S"),
       {"a"},
       {},
       {"a by " + Sig("elsewhere")},
       {Sig("elsewhere")}},
      {"one whose subject goes and whose digest is kept is removed alone",
       Repository().Tag("a", "A").Tag(Sig("A"), "S").Tag("k", "S"),
       {"a"},
       {"A@0 a"},
       {Sig("A") + " by k"},
       {}},
      {"one signature of two images goes with the last of them",
       Repository()
           .Tag("a", "A")
           .Tag("b", "B")
           .Tag(Sig("A"), "S")
           .Tag(Sig("B"), "S"),
       {"a"},
       {"A@0 a"},
       {Sig("A") + " by b"},
       {Sig("B")}},
      {"one that spells upper-case digits has no subject",
       Repository().Tag("a", "A").Tag(
           "sha256-" + std::string(63, 'a') + "A.sig", "S"),
       {"a"},
       {"A@0 a"},
       {},
       {"sha256-" + std::string(63, 'a') + "A.sig"}},
      {"one that the config names goes alone, with its own signatures",
       Repository().Tag("a", "A").Tag(Sig("A"), "S").Tag(Sig("S"), "T"),
       {Sig("A")},
       {"S@0 " + Sig("A"), "T@1 " + Sig("S")},
       {},
       {}},
      {"one that the config names goes after its subject",
       Repository().Tag("a", "A").Tag(Sig("A"), "S"),
       {"a", Sig("A")},
       {"A@0 a", "S@1 " + Sig("A")},
       {},
       {}},
      {"a staying one keeps the image that it reaches, whose signatures stay",
       Repository()
           .Tag("a", "A")
           .Tag(Sig("elsewhere"), "F")
           .Index("F", {"A"})
           .Tag(Sig("A"), "S"),
       {"a"},
       {},
       {"a by " + Sig("elsewhere")},
       {Sig("A"), Sig("elsewhere")}},
  });
}

TEST(DeletePlanTest, Sha512SignatureTagsSpellSha512Digests) {
  const Digest image = *Digest::Parse("sha512:" + std::string(128, 'b'));
  const std::string tag = "sha512-" + std::string(128, 'b') + ".att";
  RepositorySnapshot snapshot;
  snapshot.tags = {{"a", image}, {tag, D("S")}};
  const DeletePlan plan = PlanDeletion(snapshot, {"a"});
  ASSERT_EQ(plan.deletions.size(), 2u);
  EXPECT_EQ(plan.deletions[0].digest, image);
  EXPECT_EQ(plan.deletions[1].tags, Texts{tag});
}

TEST(DeletePlanTest, AttachedManifests) {
  Check({
      {"a referrer goes with its subject, and its own referrers",
       Repository().Tag("a", "A").Referrer("R", "A").Referrer("Q", "R"),
       {"a"},
       {"A@0 a", "R@1", "Q@2"},
       {},
       {}},
      {"a referrer of an index's child",
       Repository().Tag("a", "I").Index("I", {"X"}).Referrer("R", "X"),
       {"a"},
       {"I@0 a", "X@1", "R@2"},
       {},
       {}},
      {"a referrer of a kept child stays",
       Repository()
           .Tag("a", "I")
           .Tag("x", "X")
           .Index("I", {"X"})
           .Referrer("R", "X"),
       {"a"},
       {"I@0 a"},
       {},
       {}},
      {"a referrer with a kept tag stays",
       Repository().Tag("a", "A").Tag("r", "R").Referrer("R", "A"),
       {"a"},
       {"A@0 a"},
       {},
       {}},
      {"a fallback tag's index takes its referrers along",
       Repository()
           .Tag("a", "A")
           .Tag(Sig("A", ""), "F")
           .Index("F", {"R"})
           .Subject("R", "A"),
       {"a"},
       {"A@0 a", "F@1 " + Sig("A", ""), "R@2"},
       {},
       {}},
      {"but not one whose subject is kept",
       Repository()
           .Tag("a", "A")
           .Tag("b", "B")
           .Tag(Sig("A", ""), "F")
           .Index("F", {"R", "Q"})
           .Subject("R", "B")
           .Subject("Q", "A"),
       {"a"},
       {"A@0 a", "F@1 " + Sig("A", ""), "Q@2"},
       {},
       {}},
      {"a doomed tag's manifest whose subject stays without a tag stays",
       Repository().Index("B", {}).Tag("develop", "R").Subject("R", "B"),
       {"develop"},
       {},
       {"develop by "},
       {}},
      {"a doomed tag's manifest whose subject is not there goes",
       Repository().Tag("develop", "R").Subject("R", "elsewhere"),
       {"develop"},
       {"R@0 develop"},
       {},
       {}},
      {"a doomed index's child whose subject is kept stays",
       Repository()
           .Tag("a", "I")
           .Tag("b", "B")
           .Index("I", {"X", "R"})
           .Subject("R", "B"),
       {"a"},
       {"I@0 a", "X@1"},
       {},
       {}},
      {"also where the subject is not in the repository; and what it reaches",
       Repository()
           .Tag("a", "I")
           .Index("I", {"X", "R"})
           .Index("R", {"Z"})
           .Subject("R", "elsewhere")
           .Tag(Sig("Z"), "S"),
       {"a"},
       {"I@0 a", "X@1"},
       {},
       {Sig("Z")}},
      {"a doomed index's child attached to its sibling goes, after it",
       Repository().Tag("a", "I").Index("I", {"X", "R"}).Subject("R", "X"),
       {"a"},
       {"I@0 a", "X@1", "R@2"},
       {},
       {}},
      {"but stays with a sibling that is kept",
       Repository()
           .Tag("a", "I")
           .Tag("x", "X")
           .Index("I", {"X", "R", "Q"})
           .Subject("R", "X")
           .Subject("Q", "R"),
       {"a"},
       {"I@0 a"},
       {},
       {}},
      {"a doomed tag on what is attached to a kept image is removed alone",
       Repository().Tag("a", "R").Tag("k", "A").Referrer("R", "A"),
       {"a"},
       {},
       {"a by k"},
       {}},
      {"one on what is attached to nothing here goes with its digest",
       Repository().Tag("a", "R").Subject("R", "elsewhere"),
       {"a"},
       {"R@0 a"},
       {},
       {}},
      {"a signature of a going image, attached to what is not here, stays",
       Repository().Tag("a", "A").Tag(Sig("A"), "S").Subject("S", "elsewhere"),
       {"a"},
       {"A@0 a"},
       {Sig("A") + " by "},
       {}},
  });
}

TEST(DeletePlanTest, CirclesOfSignatureLikeTagsEnd) {
  Check({
      {"its own signature",
       Repository().Tag("a", "A").Tag(Sig("A"), "A"),
       {"a"},
       {"A@0 a " + Sig("A")},
       {},
       {}},
      {"its own signature, nothing doomed",
       Repository().Tag(Sig("A"), "A"),
       {},
       {},
       {},
       {Sig("A")}},
      {"each the other's signature: the doomed one is first",
       Repository().Tag("a", "A").Tag(Sig("A"), "B").Tag(Sig("B"), "A"),
       {"a"},
       {"A@0 a " + Sig("B"), "B@1 " + Sig("A")},
       {},
       {}},
      {"each the other's signature, one kept",
       Repository()
           .Tag("a", "A")
           .Tag("b", "B")
           .Tag(Sig("A"), "B")
           .Tag(Sig("B"), "A"),
       {"a"},
       {},
       {"a by b"},
       {Sig("A"), Sig("B")}},
      {"each the other's signature, nothing doomed",
       Repository().Tag(Sig("A"), "B").Tag(Sig("B"), "A"),
       {},
       {},
       {},
       {Sig("A"), Sig("B")}},
      {"an index that is its child's signature",
       Repository().Tag("a", "I").Index("I", {"X"}).Tag(Sig("X"), "I"),
       {"a"},
       {"I@0 a " + Sig("X"), "X@1"},
       {},
       {}},
      {"manifests that list and name themselves",
       Repository().Tag("a", "I").Index("I", {"I"}).Referrer("I", "I"),
       {"a"},
       {"I@0 a"},
       {},
       {}},
  });
}

TEST(DeletePlanTest, ListsEverythingKept) {
  const DeletePlan plan = PlanDeletion(Repository()
                                           .Tag("a", "A")
                                           .Tag("k", "K")
                                           .Index("K", {"X"})
                                           .Tag(Sig("X"), "S")
                                           .Tag(Sig("elsewhere"), "E")
                                           .Referrer("R", "S")
                                           .snapshot(),
                                       {"a"});
  EXPECT_EQ(Kept(plan),
            std::set<Digest>({D("K"), D("X"), D("S"), D("E"), D("R")}));
  EXPECT_TRUE(std::is_sorted(plan.kept.begin(), plan.kept.end()));
}

TEST(DeletePlanTest, SaysWhySignaturesStay) {
  const DeletePlan plan = PlanDeletion(
      Repository().Tag("k", "A").Tag(Sig("A"), "S").snapshot(), {});
  ASSERT_EQ(plan.staying_signatures.size(), 1u);
  EXPECT_EQ(plan.staying_signatures[0].reason,
            absl::StrCat("its subject ", D("A").str(), " stays"));
  const DeletePlan apart =
      PlanDeletion(Repository().Tag(Sig("A"), "S").snapshot(), {});
  ASSERT_EQ(apart.staying_signatures.size(), 1u);
  EXPECT_EQ(
      apart.staying_signatures[0].reason,
      absl::StrCat("its subject ", D("A").str(), " is not in the repository"));
}

TEST(DeletePlanTest, DeepChainsDoNotOverflowTheStack) {
  constexpr int kDepth = 50000;
  Repository repository;
  repository.Tag("a", "0");
  for (int i = 0; i < kDepth; ++i) {
    repository.Index(absl::StrCat(i), {absl::StrCat(i + 1)});
  }
  const DeletePlan plan = PlanDeletion(repository.snapshot(), {"a"});
  ASSERT_EQ(plan.deletions.size(), kDepth + 1u);
  EXPECT_EQ(plan.deletions.back().wave, kDepth);
  EXPECT_EQ(PlanDeletion(repository.snapshot(), {}).kept.size(), kDepth + 1u);
}

}  // namespace
}  // namespace registry_manager
