// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/policy/delete_plan.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "common/policy/manifest_graph.h"

namespace registry_manager {
namespace {

using Tag = ManifestGraph::Tag;

// Works on the numbers of a graph. What may go is settled first; then what is
// kept is taken out of it until nothing more is, each manifest and edge once.
class Planner {
 public:
  explicit Planner(const ManifestGraph& graph)
      : graph_(graph),
        doomed_(graph.size()),
        gone_(graph.size()),
        present_(graph.size()),
        planned_(graph.size()),
        kept_(graph.size()) {}

  // The manifests that the repository is known to hold.
  void RememberPresent(const RepositorySnapshot& snapshot) {
    for (const Tag& tag : graph_.tags) present_[tag.digest] = true;
    for (const auto& [digest, manifest] : snapshot.manifests) {
      present_[graph_.Find(digest.str())] = true;
    }
  }

  // Plans to delete the manifests with doomed tags, and everything that follows
  // these or the manifests that are gone.
  void PlanDoomedTags(const std::vector<Digest>& gone,
                      const std::vector<Digest>& untagged) {
    std::vector<int> work;
    for (const Digest& digest : untagged) {
      const int number = graph_.Find(digest.str());
      doomed_[number] = true;
      Mark(number, planned_, work);
    }
    for (const Digest& digest : gone) {
      const int number = graph_.Find(digest.str());
      // Guard: gone-takes-its-own-along
      gone_[number] = true;
      doomed_[number] = true;
      Mark(number, planned_, work);
    }
    for (const Tag& tag : graph_.tags) {
      if (!tag.doomed) continue;
      doomed_[tag.digest] = true;
      Mark(tag.digest, planned_, work);
    }
    while (!work.empty()) {
      const int digest = Pop(work);
      for (int next : graph_.followers[digest]) Mark(next, planned_, work);
    }
  }

  DeletePlan Finish() {
    Keep();
    DeletePlan plan;
    AddDeletions(plan);
    AddTags(plan);
    for (int digest = 0; digest < graph_.size(); ++digest) {
      if (kept_[digest]) plan.kept.push_back(*graph_.digests[digest]);
    }
    return plan;
  }

 private:
  static int Pop(std::vector<int>& work) {
    const int last = work.back();
    work.pop_back();
    return last;
  }

  static void Mark(int digest, std::vector<bool>& marks,
                   std::vector<int>& work) {
    if (marks[digest]) return;
    marks[digest] = true;
    work.push_back(digest);
  }

  // Marks the manifests that are kept. This only takes manifests out of the
  // plan and never adds one.
  void Keep() {
    std::vector<int> work;
    for (const Tag& tag : graph_.tags) {
      if (Stays(tag)) Mark(tag.digest, kept_, work);
    }
    for (const auto& [subject, manifest] : graph_.attachments) {
      const bool bears_doomed_tag_alone =
          // Guard: referrer-stays-with-subject
          doomed_[manifest] && !present_[subject];
      if (planned_[manifest] && !planned_[subject] && !bears_doomed_tag_alone) {
        Mark(manifest, kept_, work);
      }
    }
    while (!work.empty()) {
      const int digest = Pop(work);
      // Guard: reach-of-kept-is-kept
      for (int next : graph_.followers[digest]) Mark(next, kept_, work);
      for (int next : graph_.attached[digest]) Mark(next, kept_, work);
    }
  }

  bool Goes(int digest) const { return planned_[digest] && !kept_[digest]; }

  // A signature-like tag follows its subject.
  bool Stays(const Tag& tag) const {
    if (tag.doomed) return false;
    return tag.subject == ManifestGraph::kUnknown || !Goes(tag.subject);
  }

  // The manifests that are deleted and that `digest` leads to.
  std::vector<int> GoingAfter(int digest) const {
    std::vector<int> after;
    for (const ManifestGraph::Edges* edges :
         {&graph_.followers, &graph_.attached, &graph_.doomed_signatures}) {
      for (int next : (*edges)[digest]) {
        if (Goes(next)) after.push_back(next);
      }
    }
    return after;
  }

  // The manifests that are deleted, each before all that it leads to.
  // Signature-like tags, and an index that is attached to its own child, can
  // form a circle: the circle begins at a manifest with a doomed tag.
  std::vector<int> Order() const {
    struct Visit {
      int digest;
      std::vector<int> after;
      size_t next = 0;
    };
    std::vector<bool> seen(graph_.size());
    std::vector<int> order;
    std::vector<Visit> path;
    const auto enter = [&](int digest) {
      if (seen[digest]) return;
      seen[digest] = true;
      path.push_back({digest, GoingAfter(digest)});
    };
    // It is enough to start at doomed digests: all else that is deleted follows
    // one of them.
    for (int start = 0; start < graph_.size(); ++start) {
      if (!doomed_[start] || !Goes(start)) continue;
      enter(start);
      while (!path.empty()) {
        Visit& visit = path.back();
        if (visit.next < visit.after.size()) {
          enter(visit.after[visit.next++]);
        } else {
          order.push_back(visit.digest);
          path.pop_back();
        }
      }
    }
    std::reverse(order.begin(), order.end());
    return order;
  }

  // The waves by number, for manifests that are deleted only.
  std::vector<int> Waves(const std::vector<int>& order) const {
    std::vector<size_t> position(graph_.size());
    for (size_t i = 0; i < order.size(); ++i) position[order[i]] = i;
    std::vector<int> waves(graph_.size());
    for (int digest : order) {
      for (int next : GoingAfter(digest)) {
        if (position[next] > position[digest]) {
          waves[next] = std::max(waves[next], waves[digest] + 1);
        }
      }
    }
    return waves;
  }

  void AddDeletions(DeletePlan& plan) const {
    std::vector<std::vector<std::string>> tags(graph_.size());
    for (const Tag& tag : graph_.tags) {
      if (Goes(tag.digest)) tags[tag.digest].push_back(*tag.name);
    }
    std::vector<int> order = Order();
    const std::vector<int> waves = Waves(order);
    std::sort(order.begin(), order.end(), [&waves](int a, int b) {
      return waves[a] != waves[b] ? waves[a] < waves[b] : a < b;
    });
    for (int digest : order) {
      if (gone_[digest]) continue;
      plan.deletions.push_back(
          {*graph_.digests[digest], std::move(tags[digest]), waves[digest]});
    }
  }

  // The first of the tags that stay that reaches each digest, or null.
  std::vector<const std::string*> Protectors() const {
    std::vector<const std::string*> protectors(graph_.size());
    std::vector<int> work;
    for (const Tag& tag : graph_.tags) {
      if (!Stays(tag)) continue;
      const auto reach = [&](int digest) {
        if (protectors[digest] != nullptr) return;
        protectors[digest] = tag.name;
        work.push_back(digest);
      };
      reach(tag.digest);
      while (!work.empty()) {
        const int digest = Pop(work);
        for (int next : graph_.followers[digest]) reach(next);
        for (int next : graph_.attached[digest]) reach(next);
      }
    }
    return protectors;
  }

  void AddTags(DeletePlan& plan) const {
    const std::vector<const std::string*> protectors = Protectors();
    for (const Tag& tag : graph_.tags) {
      if (Stays(tag)) {
        if (tag.signature_like) {
          plan.staying_signatures.push_back({*tag.name, WhyItStays(tag)});
        }
      } else if (!Goes(tag.digest)) {
        const std::string* protector = protectors[tag.digest];
        plan.removals.push_back({*tag.name, *graph_.digests[tag.digest],
                                 protector == nullptr ? "" : *protector});
      }
    }
  }

  std::string WhyItStays(const Tag& tag) const {
    const std::string subject = SpelledDigest(*tag.name);
    if (tag.subject == ManifestGraph::kUnknown ||
        (!planned_[tag.subject] && !kept_[tag.subject])) {
      return absl::StrCat("its subject ", subject, " is not in the repository");
    }
    return absl::StrCat("its subject ", subject, " stays");
  }

  const ManifestGraph& graph_;
  // Borne by a doomed tag, or gone.
  std::vector<bool> doomed_;
  std::vector<bool> gone_;
  std::vector<bool> present_;
  std::vector<bool> planned_;
  std::vector<bool> kept_;
};

}  // namespace

DeletePlan PlanDeletion(const RepositorySnapshot& snapshot,
                        const std::vector<std::string>& doomed,
                        const std::vector<Digest>& gone,
                        const std::vector<Digest>& untagged) {
  std::vector<Digest> further = gone;
  further.insert(further.end(), untagged.begin(), untagged.end());
  const ManifestGraph graph(snapshot, doomed, further);
  Planner planner(graph);
  planner.RememberPresent(snapshot);
  planner.PlanDoomedTags(gone, untagged);
  return planner.Finish();
}

void AddGone(const std::vector<IntendedDeletion>& intended,
             const std::vector<Digest>& gone, RepositorySnapshot& snapshot) {
  const absl::flat_hash_set<Digest> is_gone(gone.begin(), gone.end());
  for (const IntendedDeletion& one : intended) {
    for (const Digest& leader : one.attached_to) {
      if (is_gone.contains(leader)) {
        snapshot.manifests[leader].children.push_back(one.digest);
      }
    }
  }
}

}  // namespace registry_manager
