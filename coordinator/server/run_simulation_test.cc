// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// Two runs that share a registry, their scheduler and their journals under a
// simulated clock: coordinators are killed and begin again from the journals, a
// single run is interrupted and resumed beside the other one, journals go away
// and come back, workers are lost, results come late, twice and out of order. A
// failing seed is printed; RM_SIMULATION_SEED runs it alone.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <random>
#include <set>
#include <tuple>
#include <utility>
#include <variant>

#include "absl/strings/numbers.h"
#include "coordinator/run/run_fixture_for_test.h"

namespace registry_manager {
namespace {

using Kind = WorkStream::Kind;

constexpr char kC[] = "https://c.example";
constexpr int kSourceRepositories = 300;
constexpr int kPage = 40;
constexpr int kOtherRepositories = 320;
// How many tasks of one stream are handed out at most.
constexpr size_t kWindow = 256;
constexpr int kWorkers = 3;
constexpr int kSlots = 4;
constexpr size_t kFairness = 100;

// The repositories that RUN2 copies from B to C, and those of them that it
// deletes from C then.
constexpr int kCopied = 150;
constexpr int kDeletedAgain = 100;

// One run as its coordinator holds it; dies with that, or by itself.
struct LivingRun {
  LivingRun(const std::string& id, std::vector<WorkStream> streams)
      : run(id, std::move(streams)) {}

  Run run;
  Commit commit;
  // Results that are in `commit`.
  std::map<TaskKey, proto::TaskResult> unwritten;
  std::map<TaskKey, Run::Prepared> open;
  bool away = false;

  bool IsFlushed() const {
    return commit.outcomes.empty() && commit.shards.empty() &&
           commit.listings.empty();
  }
  bool IsOver() const { return IsFlushed() && run.Finished() && open.empty(); }
};

// One run as it is whoever carries it out.
struct SimulatedRun {
  SimulatedRun(std::string run_id, std::vector<WorkStream> run_streams)
      : id(std::move(run_id)), streams(std::move(run_streams)), journal(id) {}

  const std::string id;
  const std::vector<WorkStream> streams;
  JournalForTest journal;
  std::optional<LivingRun> now;
  std::set<std::string> failed_syncs;
};

// The state that dies with a coordinator, beside its runs.
struct Coordinator {
  explicit Coordinator(uint64_t seed) {
    SchedulerOptions options;
    options.seed = seed;
    options.first_contact_patience = absl::Hours(1);
    scheduler = std::make_unique<Scheduler>(options);
  }

  std::unique_ptr<Scheduler> scheduler;
  // Attempts under way by worker.
  std::map<std::string, std::map<TaskKey, uint32_t>> running;
};

class Simulation {
 public:
  explicit Simulation(uint64_t seed) : random_(seed) {
    Names names;
    for (int i = 0; i < kOtherRepositories; ++i) {
      names.push_back(absl::StrCat("other", i));
    }
    runs_.emplace_back(
        "RUN1",
        std::vector<WorkStream>{StreamFor(Kind::kSync, kA, kB),
                                StreamFor(Kind::kDelete, kA),
                                Naming(StreamFor(Kind::kDelete, kC), names)});
    Names copied;
    for (int i = 0; i < kCopied; ++i) copied.push_back(absl::StrCat("copy", i));
    const Names deleted(copied.begin(), copied.begin() + kDeletedAgain);
    runs_.emplace_back(
        "RUN2",
        std::vector<WorkStream>{Naming(StreamFor(Kind::kSync, kB, kC), copied),
                                Naming(StreamFor(Kind::kDelete, kC), deleted)});
    StartCoordinator();
  }

  // True if every task has ended, in time and as it should.
  bool Run() {
    while (!IsOver() && !testing::Test::HasFailure()) {
      AdvanceClock();
      for (SimulatedRun& run : runs_) {
        Flush(run);
        PrepareNext(run);
      }
      for (const SchedulerEffect& effect : it_->scheduler->Poll(now_)) {
        std::visit([this](const auto& one) { Do(one); }, effect);
      }
      CheckWindow();
      ++steps_;
      if (OneIn(500)) Crash();
      if (OneIn(400)) LoseJournal(Any());
      if (OneIn(700)) InterruptAndResume(Any());
      if (now_ > absl::UnixEpoch() + absl::Hours(12)) {
        ADD_FAILURE() << it_->scheduler->tasks() << " tasks are still there";
      }
    }
    if (!testing::Test::HasFailure()) {
      CheckEnd(runs_[0], kSourceRepositories,
               kSourceRepositories + kOtherRepositories);
      CheckEnd(runs_[1], kCopied, kDeletedAgain);
    }
    return !testing::Test::HasFailure();
  }

  uint64_t steps() const { return steps_; }
  int crashes() const { return epoch_ - 1; }
  int absences() const { return absences_; }
  int interruptions() const { return interruptions_; }

 private:
  struct Event {
    absl::Time when;
    uint64_t number;
    std::function<void()> what;
    bool operator<(const Event& other) const {
      return std::tie(when, number) > std::tie(other.when, other.number);
    }
  };

  uint64_t Below(uint64_t bound) { return random_() % bound; }
  bool OneIn(uint64_t n) { return Below(n) == 0; }
  absl::Duration Millis(uint64_t low, uint64_t high) {
    return absl::Milliseconds(static_cast<int64_t>(low + Below(high - low)));
  }
  void After(absl::Duration delay, std::function<void()> what) {
    events_.push({now_ + delay, ++event_number_, std::move(what)});
  }

  void AdvanceClock() {
    const absl::Time wake = it_->scheduler->NextWake();
    if (!events_.empty() && events_.top().when <= wake) {
      const Event event = events_.top();
      events_.pop();
      now_ = std::max(now_, event.when);
      event.what();
    } else if (wake != absl::InfiniteFuture()) {
      now_ = std::max(now_, wake);
    } else {
      ADD_FAILURE() << "nothing will ever happen again";
    }
  }

  // --- coordinators ---

  void StartCoordinator() {
    ++epoch_;
    it_ = std::make_unique<Coordinator>(random_());
    for (SimulatedRun& run : runs_) StartRun(run);
    for (int i = 0; i < kWorkers; ++i) StartWorker();
  }

  // Begins the run, or resumes it from its journal.
  void StartRun(SimulatedRun& run) {
    for (const char* registry : {kA, kB, kC}) {
      it_->scheduler->AddRegistry(run.id, registry, RegistryBudget());
    }
    LivingRun& living = run.now.emplace(run.id, run.streams);
    const absl::StatusOr<RunState> state = run.journal.Read();
    ASSERT_TRUE(state.ok());
    const absl::Status status =
        living.run.Restore(run.journal, *state, living.commit);
    ASSERT_TRUE(status.ok()) << status;
    if (state->shards == 0 && state->listings.empty()) {
      living.run.Begin(living.commit);
    }
  }

  // Results that are under way arrive all the same.
  void Crash() {
    for (SimulatedRun& run : runs_) run.journal.failing_writes = 0;
    StartCoordinator();
  }

  // The other run goes on; results of this one come and find nobody, or the
  // run that was resumed.
  void InterruptAndResume(SimulatedRun& run) {
    it_->scheduler->RemoveRun(run.id);
    run.journal.failing_writes = 0;
    StartRun(run);
    ++interruptions_;
  }

  void LoseJournal(SimulatedRun& run) {
    run.journal.failing_writes = static_cast<int>(1 + Below(20));
    ++absences_;
  }

  SimulatedRun& Any() { return runs_[Below(runs_.size())]; }
  SimulatedRun& RunOf(const TaskKey& key) {
    return key.run == runs_[0].id ? runs_[0] : runs_[1];
  }
  bool IsOver() const {
    return std::all_of(runs_.begin(), runs_.end(), [](const SimulatedRun& run) {
      return run.now->IsOver();
    });
  }

  void Flush(SimulatedRun& run) {
    if (run.now->IsFlushed()) return;
    const absl::Status status = run.journal.Write(run.now->commit);
    run.now->away = !status.ok();
    it_->scheduler->Hold(run.id, run.now->away);
    if (run.now->away) {
      ASSERT_TRUE(absl::IsUnavailable(status)) << status;
      After(Millis(50, 500), [] {});
      return;
    }
    for (const Outcome& outcome : run.now->commit.outcomes) {
      Written(run, outcome);
    }
    run.now->commit = Commit();
    run.now->unwritten.clear();
  }

  void Written(SimulatedRun& run, const Outcome& outcome) {
    if (outcome.state == TaskState::kSplit) return;
    const TaskKey key = {run.id, outcome.shard, outcome.index};
    EXPECT_TRUE(ended_.insert(key).second)
        << "task " << run.id << " " << outcome.shard << ":" << outcome.index
        << " ended twice";
    const auto result = run.now->unwritten.find(key);
    // A parent ends with its last batch.
    if (result == run.now->unwritten.end()) return;
    if (streams_of_[key] == Kind::kSync &&
        (outcome.state == TaskState::kDead ||
         result->second.counts().failed() > 0)) {
      run.failed_syncs.insert(names_[key]);
    }
  }

  void PrepareNext(SimulatedRun& run) {
    if (run.now->away || !run.now->IsFlushed()) return;
    Run::NextTasks next;
    const absl::Status status =
        run.now->run.PrepareNext(run.journal, run.now->commit, next);
    ASSERT_TRUE(status.ok()) << status;
    for (const Run::Refused& refusal : next.refused) {
      const std::string name = run.now->run.Describe(refusal.key).repository;
      EXPECT_TRUE(refusal.why == Run::Refusal::kSyncFailed &&
                  run.failed_syncs.contains(name))
          << name << ": " << refusal.reason;
      run.now->run.Forget(refusal.key);
    }
    for (Run::Prepared& task : next.prepared) {
      const TaskKey key = task.spec.key;
      const Run::About about = run.now->run.Describe(key);
      names_[key] = about.repository;
      streams_of_[key] = about.stream->kind;
      ASSERT_TRUE(
          it_->scheduler->AddTask(task.spec, task.attempts, task.losses));
      run.now->open[key] = std::move(task);
    }
    Flush(run);
  }

  // --- workers ---

  void StartWorker() {
    const std::string session = absl::StrCat("epoch", epoch_, "-", ++sessions_);
    it_->running[session];
    it_->scheduler->Join(session, kSlots, now_);
    After(Millis(0, 5000), [this, session] { Beat(session); });
  }

  void Beat(const std::string& session) {
    const auto worker = it_->running.find(session);
    if (worker == it_->running.end()) return;
    if (OneIn(60)) {
      it_->running.erase(worker);
      it_->scheduler->Leave(session, /*lost=*/true, now_);
      StartWorker();
      return;
    }
    std::vector<Scheduler::RunningTask> running;
    for (const auto& [key, attempt] : worker->second) {
      running.push_back({key, attempt, steps_});
    }
    const auto reply = it_->scheduler->Heartbeat(session, running, now_);
    for (const auto& lost : reply.lost) Stop(session, lost.task, lost.attempt);
    After(Millis(4000, 6000), [this, session] { Beat(session); });
  }

  void Stop(const std::string& session, const TaskKey& key, uint32_t attempt) {
    const auto worker = it_->running.find(session);
    if (worker == it_->running.end()) return;
    const auto task = worker->second.find(key);
    if (task != worker->second.end() && task->second == attempt) {
      worker->second.erase(task);
    }
  }

  void Do(const DispatchTask& dispatch) {
    const auto& open = RunOf(dispatch.task).now->open;
    const auto prepared = open.find(dispatch.task);
    ASSERT_NE(prepared, open.end()) << "a task that is not open";
    EXPECT_FALSE(ended_.contains(dispatch.task)) << "a task that has ended";
    CheckOrder(RunOf(dispatch.task), prepared->second.task);
    CheckFairness(prepared->second.spec);
    it_->running[dispatch.worker][dispatch.task] = dispatch.attempt;
    const proto::TaskResult result = ResultOf(prepared->second.task);
    const absl::Duration delay = Millis(5, OneIn(40) ? 60000 : 1000);
    After(delay, [this, dispatch] {
      Stop(dispatch.worker, dispatch.task, dispatch.attempt);
    });
    for (int copies = OneIn(10) ? 2 : 1; copies > 0; --copies) {
      After(delay + Millis(1, OneIn(30) ? 40000 : 50),
            [this, dispatch, result] { Report(dispatch, result); });
    }
  }

  proto::TaskResult ResultOf(const proto::Task& task) {
    if (OneIn(15)) {
      proto::TaskResult again = Failed("busy");
      again.mutable_problem()->set_kind(proto::Problem::TRANSIENT);
      return again;
    }
    if (task.has_list_catalog()) return PageAfter(task.list_catalog().cursor());
    if (OneIn(30)) return Failed("broken");
    if (OneIn(30)) return DoneWithFailure();
    proto::TaskResult result = Done();
    if (task.has_delete_repository()) {
      result.mutable_counts()->set_deleted(1);
    } else if (task.has_sync_repository() && OneIn(10)) {
      Names batches;
      for (uint64_t i = 0; i <= Below(5); ++i) {
        batches.push_back(absl::StrCat(i));
      }
      result = SplitInto(batches);
    }
    return result;
  }

  static proto::TaskResult PageAfter(const std::string& cursor) {
    int first = 0;
    EXPECT_TRUE(cursor.empty() || absl::SimpleAtoi(cursor, &first));
    Names names;
    for (int i = first; i < std::min(first + kPage, kSourceRepositories); ++i) {
      names.push_back(absl::StrCat("app", i));
    }
    const int next = first + kPage;
    return Page(names, next < kSourceRepositories ? absl::StrCat(next) : "");
  }

  void Report(const DispatchTask& dispatch, const proto::TaskResult& result) {
    if (!it_->scheduler->Knows(dispatch.worker)) return;
    Scheduler::Verdict verdict = Scheduler::Ended();
    if (result.problem().kind() == proto::Problem::TRANSIENT) {
      verdict = Scheduler::TryAgain{result.problem().message()};
    }
    if (it_->scheduler->Result(dispatch.worker, dispatch.task, dispatch.attempt,
                               verdict,
                               now_) == Scheduler::Acceptance::kEnded) {
      End(dispatch.task, result);
    }
  }

  void End(const TaskKey& key, proto::TaskResult result) {
    if (result.outcome() == proto::TaskResult::FAILED) {
      result.mutable_counts()->set_failed(1);
    }
    LivingRun& living = *RunOf(key).now;
    EXPECT_EQ(living.open.erase(key), 1u);
    EXPECT_TRUE(living.run.End(key, result, living.commit));
    living.run.Forget(key);
    living.unwritten[key] = std::move(result);
  }

  void Do(const GiveUpTask& give_up) {
    End(give_up.task, Failed(give_up.reason));
  }
  void Do(const CancelTask& cancel) {
    Stop(cancel.worker, cancel.task, cancel.attempt);
  }
  void Do(const RecordFailures& count) {
    if (names_[count.task].empty()) return;  // a catalogue's page
    const absl::Status status =
        RunOf(count.task)
            .journal.WriteAttempts({count.task.shard, count.task.index,
                                    count.attempts, count.losses});
    EXPECT_TRUE(status.ok()) << status;
  }
  void Do(const GrantConnections& grant) {
    const std::string session = grant.worker;
    After(absl::Milliseconds(1), [this, grant, session] {
      if (!it_->running.contains(session)) return;
      it_->scheduler->Want(session, grant.registry, grant.version, 0, kSlots,
                           grant.permits);
    });
  }
  void Do(const SetRegistryAside& aside) {
    ADD_FAILURE() << aside.registry << " was set aside: " << aside.reason;
  }

  // --- what holds at every step ---

  void CheckWindow() const {
    size_t open = 0;
    for (const SimulatedRun& run : runs_) {
      // Besides, each catalogue has one page under way.
      EXPECT_LE(run.now->open.size(), run.streams.size() * (kWindow + 1));
      open += run.now->open.size();
    }
    EXPECT_EQ(it_->scheduler->tasks(), open);
  }

  // Nothing is deleted before every sync of the same run from or to the
  // registry has ended, nor where one failed. RUN1 copies from A to B, RUN2
  // from B to C; what RUN1 deletes from C waits for nobody.
  void CheckOrder(const SimulatedRun& run, const proto::Task& task) const {
    const proto::DeleteRepository& deletion = task.delete_repository();
    if (!task.has_delete_repository()) return;
    if (run.id == "RUN1" && deletion.registry() != kA) return;
    const std::string& name = deletion.entry().repository();
    EXPECT_FALSE(run.failed_syncs.contains(name)) << name;
    for (const auto& [key, kind] : streams_of_) {
      if (key.run != run.id || kind != Kind::kSync) continue;
      const bool is_page = names_.at(key).empty();
      EXPECT_TRUE(is_page || ended_.contains(key))
          << "before the sync of " << names_.at(key);
    }
  }

  // What needs nobody else is not held up by those that are busy.
  void CheckFairness(const TaskSpec& spec) {
    if (spec.registries.front() == kC) {
      passed_over_ = 0;
      return;
    }
    size_t waiting = 0;
    for (const SimulatedRun& run : runs_) {
      for (const auto& [key, task] : run.now->open) {
        waiting += task.spec.registries.front() == kC;
      }
    }
    passed_over_ = waiting > kWindow / 2 ? passed_over_ + 1 : 0;
    EXPECT_LE(passed_over_, kFairness) << "C is starved";
  }

  void CheckEnd(SimulatedRun& run, int synced_in_all, int deleted_in_all) {
    const absl::StatusOr<RunState> state = run.journal.Read();
    ASSERT_TRUE(state.ok());
    std::set<std::string> synced, deleted;
    uint64_t deletions = 0;
    for (uint32_t number = 0; number < state->shards; ++number) {
      const absl::StatusOr<proto::Shard> shard = run.journal.ReadShard(number);
      ASSERT_TRUE(shard.ok());
      const int size = std::max(shard->entries_size(), shard->batches_size());
      const auto states = run.journal.ReadOutcomes(number, size);
      ASSERT_TRUE(states.ok());
      for (int i = 0; i < size; ++i) {
        const TaskState outcome = (*states)[i];
        EXPECT_TRUE(outcome == TaskState::kDone ||
                    outcome == TaskState::kSkipped ||
                    outcome == TaskState::kDead);
        if (shard->has_parent()) continue;
        const std::string& name = shard->entries(i).repository();
        if (shard->stream() == 0) {
          EXPECT_TRUE(synced.insert(name).second) << name;
        } else {
          EXPECT_TRUE(deleted.insert(name).second) << name;
          deletions += outcome == TaskState::kDone;
          EXPECT_EQ(outcome == TaskState::kSkipped,
                    run.failed_syncs.contains(name));
        }
      }
    }
    EXPECT_EQ(synced.size(), static_cast<size_t>(synced_in_all));
    EXPECT_EQ(deleted.size(), static_cast<size_t>(deleted_in_all));
    // Counters are what the bitmaps say, in the journal and in memory.
    EXPECT_EQ(state->totals.deleted(), deletions);
    EXPECT_EQ(run.now->run.totals.deleted(), deletions);
    EXPECT_EQ(run.now->run.totals.failed(), state->totals.failed());
  }

  std::mt19937_64 random_;
  std::deque<SimulatedRun> runs_;
  std::unique_ptr<Coordinator> it_;
  absl::Time now_ = absl::UnixEpoch();
  std::priority_queue<Event> events_;
  uint64_t event_number_ = 0;
  uint64_t steps_ = 0;
  int sessions_ = 0;
  int epoch_ = 0;
  int absences_ = 0;
  int interruptions_ = 0;
  size_t passed_over_ = 0;
  // By what was written, whichever coordinator wrote it.
  std::set<TaskKey> ended_;
  std::map<TaskKey, std::string> names_;
  std::map<TaskKey, Kind> streams_of_;
};

TEST(RunSimulationTest, EveryTaskEndsOnceWhateverCrashes) {
  uint64_t first = 1;
  uint64_t last = 8;
  if (const char* given = std::getenv("RM_SIMULATION_SEED")) {
    ASSERT_TRUE(absl::SimpleAtoi(given, &first));
    last = first;
  }
  uint64_t steps = 0;
  int crashes = 0;
  int absences = 0;
  int interruptions = 0;
  for (uint64_t seed = first; seed <= last; ++seed) {
    SCOPED_TRACE(absl::StrCat("RM_SIMULATION_SEED=", seed));
    Simulation simulation(seed);
    ASSERT_TRUE(simulation.Run());
    steps += simulation.steps();
    crashes += simulation.crashes();
    absences += simulation.absences();
    interruptions += simulation.interruptions();
  }
  RecordProperty("steps", static_cast<int>(steps));
  RecordProperty("crashes", crashes);
  RecordProperty("absences", absences);
  RecordProperty("interruptions", interruptions);
  if (first == last) return;
  EXPECT_GT(crashes, 10);
  EXPECT_GT(absences, 10);
  EXPECT_GT(interruptions, 10);
}

}  // namespace
}  // namespace registry_manager
