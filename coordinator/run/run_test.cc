// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/run/run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "coordinator/run/run_fixture_for_test.h"

namespace registry_manager {
namespace {

using Kind = WorkStream::Kind;
// testing::Test has a Run of its own.
using RunOfTasks = Run;
using Script = std::map<std::string, proto::TaskResult>;

// A coordinator without workers: hands tasks out, ends them as a script says,
// and can be killed at any time.
class RunTest : public testing::Test {
 protected:
  void Begin(std::vector<WorkStream> streams) {
    streams_ = std::move(streams);
    run_ = std::make_unique<RunOfTasks>("RUN1", streams_);
    Commit commit;
    run_->Begin(commit);
    ASSERT_TRUE(journal_->Write(commit).ok());
  }

  // What was not journalled is forgotten.
  void Crash() {
    handed_out_.clear();
    refused_.clear();
    run_ = std::make_unique<RunOfTasks>("RUN1", streams_);
    const absl::StatusOr<RunState> state = journal_->Read();
    ASSERT_TRUE(state.ok());
    Commit commit;
    const absl::Status status = run_->Restore(*journal_, *state, commit);
    ASSERT_TRUE(status.ok()) << status;
    ASSERT_TRUE(journal_->Write(commit).ok());
  }

  absl::Status PrepareNext() {
    Commit commit;
    RunOfTasks::NextTasks next;
    const absl::Status status = run_->PrepareNext(*journal_, commit, next);
    EXPECT_TRUE(journal_->Write(commit).ok());
    for (RunOfTasks::Prepared& task : next.prepared) {
      handed_out_.push_back(std::move(task));
    }
    for (const RunOfTasks::Refused& refusal : next.refused) {
      refused_.push_back(absl::StrCat(
          run_->Describe(refusal.key).repository, ": ",
          refusal.why == RunOfTasks::Refusal::kFailure ? "failed: "
                                                       : "skipped: ",
          refusal.reason));
      run_->Forget(refusal.key);
    }
    if (status.ok() && next.more) return PrepareNext();
    return status;
  }

  // What is handed out and has not ended.
  Names HandedOut() {
    EXPECT_TRUE(PrepareNext().ok());
    Names names;
    for (const RunOfTasks::Prepared& task : handed_out_) {
      names.push_back(Describe(task.task));
    }
    return names;
  }

  Commit End(const std::string& task, const proto::TaskResult& result) {
    Commit commit;
    for (auto one = handed_out_.begin(); one != handed_out_.end(); ++one) {
      if (Describe(one->task) != task) continue;
      const TaskKey key = one->spec.key;
      handed_out_.erase(one);
      EXPECT_TRUE(run_->End(key, result, commit)) << task;
      run_->Forget(key);
      return commit;
    }
    ADD_FAILURE() << task << " was not handed out";
    return commit;
  }
  void EndAndWrite(const std::string& task, const proto::TaskResult& result) {
    EXPECT_TRUE(journal_->Write(End(task, result)).ok());
  }

  // Ends so many tasks, in the order in which they were handed out; returns
  // those that ended. Tasks that the script does not name are done.
  Names Work(const Script& script, size_t steps = 1000) {
    Names ended;
    while (ended.size() < steps) {
      EXPECT_TRUE(PrepareNext().ok());
      if (handed_out_.empty()) break;
      const std::string task = Describe(handed_out_.front().task);
      const auto result = script.find(task);
      EndAndWrite(task, result == script.end() ? Done() : result->second);
      ended.push_back(task);
    }
    return ended;
  }

  std::optional<JournalForTest> journal_{std::in_place};
  std::vector<WorkStream> streams_;
  std::unique_ptr<RunOfTasks> run_;
  std::deque<RunOfTasks::Prepared> handed_out_;
  Names refused_;
};

TEST_F(RunTest, CarriesOutWhatTheConfigNames) {
  Begin({Naming(StreamFor(Kind::kDelete, kA), {"x", "y"})});
  EXPECT_EQ(HandedOut(), Names({"delete a.example/x", "delete a.example/y"}));
  EXPECT_FALSE(run_->Finished());
  Work({});
  EXPECT_TRUE(run_->Finished());
  EXPECT_FALSE(run_->Incomplete());
}

TEST_F(RunTest, WorksOffACatalogueWhileItIsListed) {
  Begin({StreamFor(Kind::kDelete, kA)});
  EXPECT_EQ(HandedOut(), Names({"page a.example "}));
  EndAndWrite("page a.example ", Page({"x"}, "next"));
  EXPECT_EQ(HandedOut(), Names({"page a.example next", "delete a.example/x"}));
  EndAndWrite("delete a.example/x", Done());
  EXPECT_FALSE(run_->Finished());
  EndAndWrite("page a.example next", Page({"x", "y"}, ""));
  EXPECT_EQ(HandedOut(), Names({"delete a.example/y"}));
  Work({});
  EXPECT_TRUE(run_->Finished());
}

TEST_F(RunTest, KeepsToItsWindow) {
  Names names;
  for (int i = 0; i < 1000; ++i) names.push_back(absl::StrCat("r", i));
  Begin({Naming(StreamFor(Kind::kDelete, kA), names)});
  EXPECT_EQ(HandedOut().size(), 256u);
  EndAndWrite("delete a.example/r3", Done());
  EXPECT_EQ(HandedOut().size(), 256u);
  EXPECT_EQ(Work({}, 2000).size(), 999u);
  EXPECT_TRUE(run_->Finished());
}

TEST_F(RunTest, LeavesOutTheFirstRepositories) {
  WorkStream stream = Naming(StreamFor(Kind::kDelete, kA), {"x", "y", "z"});
  stream.start = 2;
  Begin({stream});
  EXPECT_EQ(HandedOut(), Names({"delete a.example/z"}));
}

TEST_F(RunTest, AStartThatIsGivenWhenResumingIsIgnored) {
  Begin({StreamFor(Kind::kDelete, kA)});
  HandedOut();
  EndAndWrite("page a.example ", Page({"w"}, "next"));
  streams_[0].start = 1000;
  Crash();
  HandedOut();
  EndAndWrite("page a.example next", Page({"x", "y"}, ""));
  EXPECT_EQ(HandedOut(), Names({"delete a.example/w", "delete a.example/x",
                                "delete a.example/y"}));
}

TEST_F(RunTest, AListingThatBeginsAgainLeavesTheSameNamesOutAfterACrash) {
  WorkStream stream = StreamFor(Kind::kDelete, kA);
  stream.start = 2;
  Begin({stream});
  HandedOut();
  EndAndWrite("page a.example ", Page({"w", "x", "y"}, "next"));
  Crash();
  HandedOut();
  proto::TaskResult again = Page({"w", "x", "y", "z"}, "");
  again.set_listed_again(true);
  EndAndWrite("page a.example next", again);
  EXPECT_EQ(HandedOut(), Names({"delete a.example/y", "delete a.example/z"}));
}

TEST_F(RunTest, ACatalogueWhosePagesBringNothingNewFails) {
  Begin({StreamFor(Kind::kDelete, kA)});
  HandedOut();
  EndAndWrite("page a.example ", Page({"w", "x"}, "next"));
  HandedOut();
  EndAndWrite("page a.example next", Page({"w", "x"}, "another"));
  HandedOut();
  EXPECT_TRUE(absl::StrContains(run_->Snapshot().streams(0).problem(),
                                "goes round in circles"));
}

TEST_F(RunTest, AListingThatBeginsAgainMayBringKnownPages) {
  Begin({StreamFor(Kind::kDelete, kA)});
  HandedOut();
  EndAndWrite("page a.example ", Page({"w", "x"}, "next"));
  Crash();
  HandedOut();
  proto::TaskResult again = Page({"w"}, "second");
  again.set_listed_again(true);
  EndAndWrite("page a.example next", again);
  HandedOut();
  EndAndWrite("page a.example second", Page({"x"}, "third"));
  HandedOut();
  EndAndWrite("page a.example third", Page({"y"}, ""));
  EXPECT_EQ(run_->Snapshot().streams(0).problem(), "");
  EXPECT_EQ(HandedOut(), Names({"delete a.example/w", "delete a.example/x",
                                "delete a.example/y"}));
}

TEST_F(RunTest, GoesOnCountingWhatEarlierCoordinatorsTried) {
  Begin({Naming(StreamFor(Kind::kDelete, kA), {"x", "y"})});
  ASSERT_TRUE(journal_->WriteAttempts({0, 1, 2, 1}).ok());
  Crash();
  HandedOut();
  ASSERT_EQ(handed_out_.size(), 2u);
  EXPECT_EQ(handed_out_[0].attempts, 0);
  EXPECT_EQ(handed_out_[0].losses, 0);
  EXPECT_EQ(handed_out_[1].attempts, 2);
  EXPECT_EQ(handed_out_[1].losses, 1);
}

TEST_F(RunTest, CountsTheRequestsOfAListingAlsoAfterACrash) {
  Begin({StreamFor(Kind::kDelete, kA)});
  HandedOut();
  proto::TaskResult page = Page({"x"}, "next");
  page.mutable_counts()->set_requests(2);
  EndAndWrite("page a.example ", page);
  Crash();
  HandedOut();
  page = Page({"y"}, "");
  page.mutable_counts()->set_requests(3);
  EndAndWrite("page a.example next", page);
  EXPECT_EQ(run_->Snapshot().totals().requests(), 5u);
}

// --- the order of sync and delete ---

TEST_F(RunTest, DeletingWaitsForEverySyncOfItsRegistry) {
  Begin({Naming(StreamFor(Kind::kSync, kA, kB), {"x", "y"}),
         Naming(StreamFor(Kind::kDelete, kA), {"x"}),
         Naming(StreamFor(Kind::kDelete, kB), {"x"}),
         Naming(StreamFor(Kind::kDelete, "https://c.example"), {"x"})});
  EXPECT_EQ(HandedOut(), Names({"sync a.example/x", "sync a.example/y",
                                "delete c.example/x"}));
  EndAndWrite("sync a.example/x", Done());
  EXPECT_EQ(HandedOut().size(), 2u);
  EndAndWrite("sync a.example/y", Done());
  EXPECT_EQ(HandedOut(), Names({"delete c.example/x", "delete a.example/x",
                                "delete b.example/x"}));
}

class FailedSyncTest : public RunTest {
 protected:
  // dev/… of A is prod/… of B.
  void BeginAll() {
    WorkStream sync =
        Naming(StreamFor(Kind::kSync, kA, kB), {"dev/bad", "dev/good"});
    sync.rename = {{"dev", "prod"}};
    Begin({sync, Naming(StreamFor(Kind::kDelete, kA), {"dev/bad", "dev/good"}),
           Naming(StreamFor(Kind::kDelete, kB),
                  {"dev/bad", "prod/bad", "prod/good"})});
    HandedOut();
  }

  void ExpectBothSidesSpared() {
    EXPECT_EQ(HandedOut(),
              Names({"delete a.example/dev/good", "delete b.example/dev/bad",
                     "delete b.example/prod/good"}));
    EXPECT_EQ(refused_.size(), 2u);
    Work({});
    EXPECT_TRUE(run_->Finished());
  }
};

TEST_F(FailedSyncTest, SparesBothSides) {
  BeginAll();
  EndAndWrite("sync a.example/dev/bad", Failed("no"));
  EndAndWrite("sync a.example/dev/good", Done());
  ExpectBothSidesSpared();
}

TEST_F(FailedSyncTest, SparesBothSidesWhereOneActionFailed) {
  BeginAll();
  EndAndWrite("sync a.example/dev/bad", DoneWithFailure());
  EndAndWrite("sync a.example/dev/good", Done());
  ExpectBothSidesSpared();
}

TEST_F(FailedSyncTest, SparesBothSidesAfterACrash) {
  BeginAll();
  EndAndWrite("sync a.example/dev/bad", DoneWithFailure());
  Crash();
  EXPECT_EQ(HandedOut(), Names({"sync a.example/dev/good"}));
  EndAndWrite("sync a.example/dev/good", Done());
  ExpectBothSidesSpared();
}

TEST_F(FailedSyncTest, SparesBothSidesOfABatchThatFailedBeforeACrash) {
  BeginAll();
  EndAndWrite("sync a.example/dev/bad", SplitInto({"1", "2"}));
  EndAndWrite("sync a.example/dev/good", Done());
  HandedOut();
  EndAndWrite("batch a.example/dev/bad 1", DoneWithFailure());
  Crash();
  EXPECT_EQ(HandedOut(), Names({"batch a.example/dev/bad 2"}));
  EndAndWrite("batch a.example/dev/bad 2", Done());
  ExpectBothSidesSpared();
}

TEST_F(FailedSyncTest, SparesBothSidesOfASplitWithAFailureOfItsOwn) {
  for (const bool crash : {false, true}) {
    SCOPED_TRACE(crash);
    journal_.emplace();
    refused_.clear();
    BeginAll();
    proto::TaskResult split = SplitInto({"1"});
    split.mutable_counts()->set_failed(1);
    EndAndWrite("sync a.example/dev/bad", split);
    EndAndWrite("sync a.example/dev/good", Done());
    if (crash) Crash();
    HandedOut();
    EndAndWrite("batch a.example/dev/bad 1", Done());
    ExpectBothSidesSpared();
    // The task itself counts as failed.
    EXPECT_EQ(run_->Snapshot().streams(0).failed(), 1u);
  }
}

TEST_F(RunTest, ASyncThatIsRefusedSparesBothSides) {
  WorkStream sync = Naming(StreamFor(Kind::kSync, kA, kB), {"dev/x", "prod/x"});
  sync.rename = {{"dev", "prod"}};
  Begin({sync, Naming(StreamFor(Kind::kDelete, kA), {"dev/x", "prod/x"})});
  EXPECT_EQ(HandedOut(), Names({"sync a.example/dev/x"}));
  ASSERT_EQ(refused_.size(), 1u);
  EXPECT_TRUE(absl::StartsWith(refused_[0], "prod/x: failed: ")) << refused_[0];
  // What is refused makes the run one with failures.
  EXPECT_EQ(run_->totals.failed(), 1u);
  EXPECT_EQ(journal_->Read()->totals.failed(), 1u);
  EXPECT_EQ(run_->Describe(handed_out_.front().spec.key).target_repository,
            "prod/x");
  EndAndWrite("sync a.example/dev/x", Done());
  EXPECT_EQ(HandedOut(), Names({"delete a.example/dev/x"}));
}

TEST_F(RunTest, NothingIsDeletedWhereTheSyncsCatalogueCannotBeListed) {
  Begin({StreamFor(Kind::kSync, kA, kB),
         Naming(StreamFor(Kind::kDelete, kA), {"x"}),
         StreamFor(Kind::kDelete, kB)});
  HandedOut();
  EndAndWrite("page a.example ", Page({"x", "y"}, "next"));
  HandedOut();
  proto::TaskResult broken = Failed("broken");
  broken.mutable_counts()->set_failed(1);
  EndAndWrite("page a.example next", broken);
  // What is known is copied.
  EXPECT_EQ(HandedOut(), Names({"sync a.example/x", "sync a.example/y"}));
  Work({});
  EXPECT_TRUE(run_->Finished());
  EXPECT_EQ(refused_.size(), 1u);
  EXPECT_EQ(run_->totals.failed(), 1u);
}

// --- listings ---

TEST_F(RunTest, AListingThatFailsEndsItsStreamWithWhatWasFrozen) {
  Names names;
  for (int i = 0; i < 600; ++i) names.push_back(absl::StrCat("r", i));
  Begin({StreamFor(Kind::kDelete, kA)});
  HandedOut();
  EndAndWrite("page a.example ", Page(names, "next"));
  HandedOut();
  EndAndWrite("page a.example next", Failed("broken"));
  EXPECT_EQ(Work({}).size(), 600u);
  EXPECT_TRUE(run_->Finished());
  EXPECT_EQ(run_->Snapshot().streams(0).problem(), "broken");
}

TEST_F(RunTest, OneAndTheSameRegistryIsListedToItsEndFirst) {
  WorkStream sync = StreamFor(Kind::kSync, kA, kA);
  sync.rename = {{"dev", "prod"}};
  Begin({sync});
  HandedOut();
  EndAndWrite("page a.example ", Page({"prod/x", "dev/y"}, "next"));
  EXPECT_EQ(HandedOut(), Names({"page a.example next"}));
  Crash();
  EXPECT_EQ(HandedOut(), Names({"page a.example next"}));
  EndAndWrite("page a.example next", Page({"dev/x"}, ""));
  // prod/x is a product: dev/x makes it.
  EXPECT_EQ(HandedOut(),
            Names({"sync a.example/dev/y", "sync a.example/dev/x"}));
  EXPECT_EQ(refused_.size(), 1u);
  Work({});
  EXPECT_TRUE(run_->Finished());
  EXPECT_EQ(run_->totals.failed(), 0u);
}

TEST_F(RunTest, OneAndTheSameRegistryThatCannotBeListedIsNotCopied) {
  WorkStream sync = StreamFor(Kind::kSync, kA, kA);
  sync.rename = {{"dev", "prod"}};
  Begin({sync});
  HandedOut();
  EndAndWrite("page a.example ", Page({"dev/x"}, "next"));
  HandedOut();
  EndAndWrite("page a.example next", Failed("broken"));
  EXPECT_EQ(HandedOut(), Names());
  EXPECT_TRUE(run_->Finished());
}

// --- batches ---

TEST_F(RunTest, AParentEndsWithItsLastBatch) {
  Begin({Naming(StreamFor(Kind::kSync, kA, kB), {"x"})});
  HandedOut();
  EndAndWrite("sync a.example/x", SplitInto({"1", "2"}));
  HandedOut();
  EndAndWrite("batch a.example/x 2", Done());
  EXPECT_FALSE(run_->Finished());
  EXPECT_EQ(run_->Snapshot().streams(0).done(), 0u);
  EndAndWrite("batch a.example/x 1", Done());
  EXPECT_TRUE(run_->Finished());
  EXPECT_EQ(run_->Snapshot().streams(0).done(), 1u);
  EXPECT_EQ(journal_->ReadOutcomes(0, 1).value()[0], TaskState::kDone);
}

TEST_F(RunTest, AParentWhoseEndWasNotWrittenEndsOnResuming) {
  Begin({Naming(StreamFor(Kind::kSync, kA, kB), {"x"})});
  HandedOut();
  EndAndWrite("sync a.example/x", SplitInto({"1"}));
  HandedOut();
  Commit commit = End("batch a.example/x 1", Done());
  // The journal writes many outcomes in several steps.
  ASSERT_EQ(commit.outcomes.size(), 2u);
  commit.outcomes.resize(1);
  commit.counts.resize(1);
  ASSERT_TRUE(journal_->Write(commit).ok());
  Crash();
  EXPECT_TRUE(run_->Finished());
  EXPECT_EQ(journal_->ReadOutcomes(0, 1).value()[0], TaskState::kDone);
}

TEST_F(RunTest, ASplitWithoutBatchesIsDone) {
  Begin({Naming(StreamFor(Kind::kSync, kA, kB), {"x"})});
  HandedOut();
  EndAndWrite("sync a.example/x", SplitInto({}));
  EXPECT_TRUE(run_->Finished());
}

TEST_F(RunTest,
       BatchesOfOneRepositoryAreWrittenTogetherAndDryOnesWriteNothing) {
  for (const bool dry : {false, true}) {
    WorkStream sync = Naming(StreamFor(Kind::kSync, kA, kB), {"x"});
    sync.dry_run = dry;
    RunOfTasks run("RUN1", {sync});
    JournalForTest journal;
    Commit commit;
    run.Begin(commit);
    ASSERT_TRUE(journal.Write(commit).ok());
    RunOfTasks::NextTasks next;
    ASSERT_TRUE(run.PrepareNext(journal, commit, next).ok());
    commit = Commit();
    ASSERT_TRUE(
        run.End(next.prepared[0].spec.key, SplitInto({"1", "2"}), commit));
    ASSERT_TRUE(journal.Write(commit).ok());
    next = RunOfTasks::NextTasks();
    ASSERT_TRUE(run.PrepareNext(journal, commit, next).ok());
    ASSERT_EQ(next.prepared.size(), 2u);
    for (const RunOfTasks::Prepared& batch : next.prepared) {
      EXPECT_EQ(batch.spec.writes, dry ? "" : "https://b.example/x");
      EXPECT_EQ(batch.spec.write_group, next.prepared[0].spec.write_group);
      EXPECT_EQ(batch.spec.write_group.empty(), dry);
    }
  }
}

// --- crashes ---

// Two pages, a split, a failure, a delete on either side.
class EveryPointTest : public RunTest {
 protected:
  std::vector<WorkStream> Streams() {
    return {StreamFor(Kind::kSync, kA, kB),
            Naming(StreamFor(Kind::kDelete, kA), {"s1", "s2", "s3"}),
            StreamFor(Kind::kDelete, kB)};
  }
  Script Results() {
    return {{"page a.example ", Page({"s1", "s2"}, "next")},
            {"page a.example next", Page({"s2", "s3"}, "")},
            {"page b.example ", Page({"s1", "s2", "s3", "other"}, "")},
            {"sync a.example/s2", SplitInto({"1", "2", "3"})},
            {"sync a.example/s3", DoneWithFailure()}};
  }
  // Every task, once.
  static Names Everything() {
    return {"batch a.example/s2 1", "batch a.example/s2 2",
            "batch a.example/s2 3", "delete a.example/s1",
            "delete a.example/s2",  "delete b.example/other",
            "delete b.example/s1",  "delete b.example/s2",
            "page a.example ",      "page a.example next",
            "page b.example ",      "sync a.example/s1",
            "sync a.example/s2",    "sync a.example/s3"};
  }
};

TEST_F(EveryPointTest, NoTaskIsLostOrDoneTwiceWhereverItCrashes) {
  const size_t steps = Everything().size();
  for (size_t first = 0; first <= steps; ++first) {
    for (size_t second = 0; second <= steps - first; ++second) {
      SCOPED_TRACE(absl::StrCat("crashes after ", first, " and ", second));
      journal_.emplace();
      Begin(Streams());
      Names ended = Work(Results(), first);
      Crash();
      for (const std::string& task : Work(Results(), second)) {
        ended.push_back(task);
      }
      Crash();
      for (const std::string& task : Work(Results())) ended.push_back(task);
      EXPECT_TRUE(run_->Finished());
      std::sort(ended.begin(), ended.end());
      EXPECT_EQ(ended, Everything());
      EXPECT_EQ(run_->totals.failed(), 1u);
    }
  }
}

TEST_F(EveryPointTest, AResultThatWasNotWrittenIsDoneAgain) {
  Begin(Streams());
  Work(Results(), 3);
  ASSERT_TRUE(PrepareNext().ok());
  const std::string task = Describe(handed_out_.front().task);
  End(task, Done());
  Crash();
  const Names again = HandedOut();
  EXPECT_NE(std::find(again.begin(), again.end(), task), again.end());
}

TEST_F(RunTest, AJournalThatGoesAwayWhileFeedingLosesNoTask) {
  WorkStream same = StreamFor(Kind::kSync, kA, kA);
  same.rename = {{"dev", "prod"}};
  for (int reads = 0; reads < 10; ++reads) {
    SCOPED_TRACE(reads);
    journal_.emplace();
    handed_out_.clear();
    Begin({Naming(StreamFor(Kind::kDelete, kB), {"x"}), same,
           Naming(StreamFor(Kind::kDelete, "https://c.example"), {"y"})});
    const Script script = {{"page a.example ", Page({"dev/1"}, "next")},
                           {"page a.example next", Page({"dev/2"}, "")}};
    // Away once, then back.
    journal_->reads_until_failure = reads;
    Names ended;
    for (int i = 0; i < 20; ++i) {
      if (!PrepareNext().ok()) continue;
      for (const std::string& task : Work(script, 1)) ended.push_back(task);
    }
    EXPECT_TRUE(run_->Finished());
    EXPECT_EQ(run_->totals.failed(), 0u);
    std::sort(ended.begin(), ended.end());
    EXPECT_EQ(ended, Names({"delete b.example/x", "delete c.example/y",
                            "page a.example ", "page a.example next",
                            "sync a.example/dev/1", "sync a.example/dev/2"}));
  }
}

// --- registries that stop ---

TEST_F(RunTest, WhatTouchesASilentRegistryWaitsForTheNextSubmit) {
  Begin({Naming(StreamFor(Kind::kSync, kA, kB), {"x"}),
         Naming(StreamFor(Kind::kDelete, kA), {"x"}),
         Naming(StreamFor(Kind::kDelete, "https://c.example"), {"x"})});
  HandedOut();
  run_->SetAside(kB, "no answer");
  EXPECT_FALSE(run_->Finished());
  EndAndWrite("delete c.example/x", Done());
  // The delete on A waits for its sync.
  EXPECT_EQ(HandedOut(), Names({"sync a.example/x"}));
  EXPECT_TRUE(run_->Finished());
  EXPECT_TRUE(run_->Incomplete());
  EXPECT_EQ(run_->Snapshot().streams(0).set_aside(), 1u);
  EXPECT_FALSE(run_->Snapshot().streams(1).problem().empty());
  Crash();
  EXPECT_EQ(Work({}), Names({"sync a.example/x", "delete a.example/x"}));
  EXPECT_TRUE(run_->Finished());
  EXPECT_FALSE(run_->Incomplete());
}

TEST_F(RunTest, ARegistryThatFallsSilentAfterItsWorkIsDoneChangesNothing) {
  Begin({Naming(StreamFor(Kind::kDelete, kA), {"x"})});
  HandedOut();
  EndAndWrite("delete a.example/x", Done());
  run_->SetAside(kA, "no answer");
  EXPECT_TRUE(run_->Finished());
  EXPECT_FALSE(run_->Incomplete());
}

TEST_F(RunTest, StoppedDeletesAreSkippedWithoutListingOn) {
  Names names;
  for (int i = 0; i < 3000; ++i) names.push_back(absl::StrCat("r", i));
  Begin({StreamFor(Kind::kDelete, kA),
         Naming(StreamFor(Kind::kDelete, kB), {"x"})});
  HandedOut();
  EndAndWrite("page a.example ", Page(names, "next"));
  EXPECT_EQ(HandedOut().size(), 256u + 2);
  Commit stop;
  run_->StopDeletes(kA, "it does not delete", stop);
  ASSERT_TRUE(journal_->Write(stop).ok());
  EXPECT_TRUE(run_->IsStopped(handed_out_[2].spec.key));
  EXPECT_FALSE(run_->IsStopped(handed_out_[0].spec.key));
  EndAndWrite("page a.example next", Page({"more"}, "and more"));
  Work({});
  EXPECT_TRUE(run_->Finished());
  EXPECT_FALSE(run_->Incomplete());
  EXPECT_EQ(refused_.size(), 3001u - 256u);
  EXPECT_EQ(run_->Snapshot().streams(0).problem(), "it does not delete");
}

}  // namespace
}  // namespace registry_manager
