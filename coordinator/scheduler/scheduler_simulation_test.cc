// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// A fleet of model workers that die, hang, answer late, twice and out of order,
// at registries that throttle, fall silent and refuse, driven by a simulated
// clock. A failing seed is printed; RM_SIMULATION_SEED runs it alone.

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "coordinator/scheduler/scheduler.h"
#include "gtest/gtest.h"

namespace registry_manager {
namespace {

constexpr absl::Duration kLease = absl::Seconds(30);
constexpr int kRegistries = 6;

struct ModelTask {
  TaskSpec spec;
  int outcomes = 0;
  int setbacks = 0;
};

// One attempt inside a worker.
struct ModelAttempt {
  absl::Time lease_until;
  uint64_t progress = 0;
  // Gives no sign of progress, and never ends by itself.
  bool stuck = false;
};

struct ModelGrant {
  uint64_t version = 0;
  int connections = 0;
  uint64_t permits = 0;
  uint64_t permits_wanted = 0;
};

struct ModelWorker {
  bool alive = true;
  // Does nothing before: neither reads nor writes.
  absl::Time frozen_until = absl::InfinitePast();
  // By its own reckoning the session holds until then.
  absl::Time session_until;
  std::map<std::pair<TaskKey, uint32_t>, ModelAttempt> attempts;
  std::map<std::string, ModelGrant> grants;
  // Messages to it keep their order.
  absl::Time inbox_until = absl::InfinitePast();
};

class Simulation {
 public:
  Simulation(uint64_t seed, int tasks) : random_(seed) {
    SchedulerOptions options;
    options.seed = seed;
    options.lease = kLease;
    options.stall = absl::Minutes(3);
    options.registry_patience = absl::Minutes(5);
    scheduler_ = std::make_unique<Scheduler>(options);
    for (int i = 0; i < kRegistries; ++i) {
      RegistryBudget budget;
      budget.max_connections = 1 + Below(16);
      if (Below(3) == 0) budget.requests_per_second = 5 + Below(50);
      scheduler_->AddRegistry("run", Name(i), budget);
      budgets_[Name(i)] = budget;
    }
    // The last one falls silent for good; the one before refuses in the end.
    const bool with_dead = Below(2) == 0;
    dead_from_ = with_dead ? Start() + absl::Seconds(Below(300))
                           : absl::InfiniteFuture();
    for (int i = 0; i < tasks; ++i) AddTask(i);
    for (int i = 0; i < 5; ++i) StartWorker();
  }

  // Ends when every task has ended; true if that happened in time.
  bool Run() {
    while (scheduler_->tasks() > 0 && !failed_) {
      const absl::Time wake = scheduler_->NextWake();
      if (!events_.empty() && events_.top().when <= wake) {
        Event event = events_.top();
        events_.pop();
        now_ = std::max(now_, event.when);
        event.what();
      } else if (wake == absl::InfiniteFuture()) {
        ADD_FAILURE() << "nothing will ever happen again";
        return false;
      } else {
        now_ = std::max(now_, wake);
      }
      ++steps_;
      Act(scheduler_->Poll(now_));
      Check();
      if (now_ > Start() + absl::Hours(48)) {
        ADD_FAILURE() << scheduler_->tasks() << " tasks are still there";
        return false;
      }
    }
    for (const auto& [key, task] : tasks_) {
      EXPECT_EQ(task.outcomes, 1) << "task " << key.index;
    }
    return !failed_;
  }

  uint64_t steps() const { return steps_; }
  const std::string& history() const { return history_; }

 private:
  struct Event {
    absl::Time when;
    uint64_t number;
    std::function<void()> what;
    bool operator<(const Event& other) const {
      return std::tie(when, number) > std::tie(other.when, other.number);
    }
  };

  static absl::Time Start() { return absl::UnixEpoch(); }
  static std::string Name(int i) { return absl::StrCat("registry", i); }

  uint64_t Below(uint64_t bound) { return random_() % bound; }
  bool OneIn(uint64_t n) { return Below(n) == 0; }
  absl::Duration Millis(uint64_t low, uint64_t high) {
    return absl::Milliseconds(static_cast<int64_t>(low + Below(high - low)));
  }

  void After(absl::Duration delay, std::function<void()> what) {
    events_.push({now_ + delay, ++event_number_, std::move(what)});
  }

  void AddTask(int index) {
    ModelTask task;
    task.spec.key =
        TaskKey{absl::StrCat("run", Below(2)), 0, static_cast<uint32_t>(index)};
    const int first = static_cast<int>(Below(kRegistries));
    task.spec.registries = {Name(first)};
    if (OneIn(3)) {
      const int second = static_cast<int>(Below(kRegistries));
      if (second != first) task.spec.registries.push_back(Name(second));
    }
    if (OneIn(10)) task.spec.connections = 6;
    task.spec.urgent = OneIn(50);
    if (!OneIn(4)) {
      task.spec.writes =
          absl::StrCat(task.spec.registries.back(), "/", Below(8));
      if (OneIn(4)) task.spec.write_group = absl::StrCat("group", Below(3));
    }
    tasks_[task.spec.key] = task;
    ASSERT_TRUE(scheduler_->AddTask(task.spec));
  }

  void StartWorker() {
    const std::string session = absl::StrCat("session", ++sessions_);
    ModelWorker& worker = workers_[session];
    worker.session_until = now_ + kLease;
    scheduler_->Join(session, static_cast<int>(1 + Below(6)), now_);
    After(Millis(0, 5000), [this, session] { Beat(session); });
  }

  bool Frozen(const ModelWorker& worker) const {
    return now_ < worker.frozen_until;
  }

  // Runs `what` when a message reaches the worker, unless it is lost.
  void ToWorker(const std::string& session, std::function<void()> what) {
    ModelWorker& worker = workers_[session];
    worker.inbox_until =
        std::max(worker.inbox_until, now_ + Millis(1, OneIn(20) ? 3000 : 20));
    After(worker.inbox_until - now_,
          [this, session, what] { Deliver(session, what); });
  }
  void Deliver(const std::string& session, const std::function<void()>& what) {
    const ModelWorker& worker = workers_[session];
    if (!worker.alive) return;
    if (Frozen(worker)) {
      After(worker.frozen_until - now_,
            [this, session, what] { Deliver(session, what); });
    } else {
      what();
    }
  }

  void Beat(const std::string& session) {
    ModelWorker& worker = workers_[session];
    if (!worker.alive) return;
    if (Frozen(worker)) {
      After(worker.frozen_until - now_, [this, session] { Beat(session); });
      return;
    }
    if (OneIn(150)) {
      Die(session);
      return;
    }
    if (OneIn(100)) worker.frozen_until = now_ + Millis(1000, 90000);
    std::vector<Scheduler::RunningTask> running;
    for (auto& [key, attempt] : worker.attempts) {
      if (!attempt.stuck) ++attempt.progress;
      running.push_back({key.first, key.second, attempt.progress});
    }
    const absl::Time sent = now_;
    After(Millis(1, OneIn(30) ? 8000 : 30), [this, session, running, sent] {
      ReceiveBeat(session, running, sent);
    });
    After(Millis(4000, 6000), [this, session] { Beat(session); });
  }

  void ReceiveBeat(const std::string& session,
                   const std::vector<Scheduler::RunningTask>& running,
                   absl::Time sent) {
    const bool known = scheduler_->Knows(session);
    const auto reply = scheduler_->Heartbeat(session, running, now_);
    ToWorker(session, [this, session, known, reply, sent] {
      ModelWorker& worker = workers_[session];
      if (!known) {
        worker.alive = false;  // begins a new session
        StartWorker();
        return;
      }
      worker.session_until = std::max(worker.session_until, sent + kLease);
      for (const auto& one : reply.renewed) {
        const auto it = worker.attempts.find({one.task, one.attempt});
        if (it == worker.attempts.end()) continue;
        it->second.lease_until =
            std::max(it->second.lease_until, sent + kLease);
      }
      for (const auto& one : reply.lost) {
        Stop(session, one.task, one.attempt);
      }
    });
  }

  void Die(const std::string& session) {
    workers_[session].alive = false;
    if (OneIn(2)) {
      After(Millis(1, 1000), [this, session] {
        scheduler_->Leave(session, /*lost=*/true, now_);
      });
    }
    After(Millis(1000, 20000), [this] { StartWorker(); });
  }

  void Act(const std::vector<SchedulerEffect>& effects) {
    for (const SchedulerEffect& effect : effects) {
      std::visit([this](const auto& one) { Do(one); }, effect);
    }
  }

  void Do(const GrantConnections& grant) {
    absl::StrAppend(&history_, "g", grant.worker, grant.registry, grant.version,
                    ":", grant.connections, "/", grant.permits, "\n");
    permits_[grant.registry][grant.worker] = grant.permits;
    ToWorker(grant.worker, [this, grant] {
      ModelGrant& own = workers_[grant.worker].grants[grant.registry];
      own.version = grant.version;
      own.connections = grant.connections;
      own.permits = grant.permits;
      SendWant(grant.worker, grant.registry);
    });
  }

  // What the journal would hold: each setback once, none after the last.
  void Do(const RecordFailures& count) {
    ModelTask& task = tasks_.at(count.task);
    ++task.setbacks;
    EXPECT_EQ(count.attempts + count.losses, task.setbacks);
    EXPECT_LT(count.attempts, SchedulerOptions().max_attempts);
    EXPECT_LT(count.losses, SchedulerOptions().max_losses);
  }

  void SendWant(const std::string& session, const std::string& registry) {
    ModelGrant& own = workers_[session].grants[registry];
    int tasks = 0;
    for (const auto& [key, attempt] : workers_[session].attempts) {
      const auto& all = tasks_.at(key.first).spec.registries;
      tasks += static_cast<int>(std::count(all.begin(), all.end(), registry));
    }
    const int wanted = tasks == 0 ? 0 : static_cast<int>(Below(20));
    own.permits_wanted = std::max(own.permits_wanted,
                                  own.permits + static_cast<uint64_t>(tasks));
    const ModelGrant copy = own;
    // In the order in which they were sent: the delay does not vary.
    After(absl::Milliseconds(5), [this, session, registry, copy, wanted] {
      scheduler_->Want(session, registry, copy.version,
                       std::min(wanted, copy.connections), wanted,
                       copy.permits_wanted);
    });
  }

  void Do(const DispatchTask& dispatch) {
    absl::StrAppend(&history_, "d", dispatch.worker, dispatch.task.index, ":",
                    dispatch.attempt, "\n");
    const absl::Time lease_until = now_ + kLease;
    const auto receive = [this, dispatch, lease_until] {
      Receive(dispatch, lease_until);
    };
    if (OneIn(150)) return;  // lost on its way
    if (OneIn(80)) {         // or given up for lost, and then it comes
      After(Millis(9000, 28000),
            [this, dispatch, receive] { Deliver(dispatch.worker, receive); });
    } else {
      ToWorker(dispatch.worker, receive);
    }
  }

  void Receive(const DispatchTask& dispatch, absl::Time lease_until) {
    ModelWorker& worker = workers_[dispatch.worker];
    ModelAttempt attempt;
    attempt.lease_until = lease_until;
    attempt.stuck = OneIn(60);
    worker.attempts[{dispatch.task, dispatch.attempt}] = attempt;
    for (const auto& name : tasks_.at(dispatch.task).spec.registries) {
      SendWant(dispatch.worker, name);
    }
    if (attempt.stuck) return;
    After(Millis(10, OneIn(10) ? 60000 : 2000),
          [this, dispatch] { Finish(dispatch); });
  }

  void Finish(const DispatchTask& dispatch) {
    ModelWorker& worker = workers_[dispatch.worker];
    if (!worker.alive) return;
    if (Frozen(worker)) {
      After(worker.frozen_until - now_, [this, dispatch] { Finish(dispatch); });
      return;
    }
    if (worker.attempts.erase({dispatch.task, dispatch.attempt}) == 0) return;
    const auto& registries = tasks_.at(dispatch.task).spec.registries;
    Scheduler::Verdict verdict = Scheduler::Ended();
    const bool dead =
        now_ >= dead_from_ &&
        std::count(registries.begin(), registries.end(), Name(kRegistries - 1));
    if (dead) {
      verdict = Scheduler::Unreachable{Name(kRegistries - 1), "silent"};
    } else if (OneIn(15)) {
      verdict = Scheduler::TryAgain{"busy"};
    } else if (OneIn(40)) {
      verdict = Scheduler::HandedBack();
    } else if (OneIn(60)) {
      verdict = Scheduler::Unreachable{registries[0], "reset"};
    } else if (OneIn(5000)) {
      verdict = Scheduler::Refused{registries[0], "401"};
    }
    const int copies = OneIn(10) ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
      After(Millis(1, OneIn(30) ? 50000 : 50), [this, dispatch, verdict, dead] {
        Report(dispatch, verdict, dead);
      });
    }
    for (const auto& name : registries) SendWant(dispatch.worker, name);
  }

  void Report(const DispatchTask& dispatch, const Scheduler::Verdict& verdict,
              bool dead) {
    const auto& registries = tasks_.at(dispatch.task).spec.registries;
    if (!dead) {
      for (const auto& name : registries) scheduler_->Answered(name);
    }
    if (OneIn(100)) {
      scheduler_->Throttled(registries[0], Millis(0, 3000), now_);
    }
    if (scheduler_->Result(dispatch.worker, dispatch.task, dispatch.attempt,
                           verdict, now_) == Scheduler::Acceptance::kEnded) {
      EndedOnce(dispatch.task);
    }
  }

  void Do(const CancelTask& cancel) {
    absl::StrAppend(&history_, "c", cancel.worker, cancel.task.index, "\n");
    ToWorker(cancel.worker, [this, cancel] {
      Stop(cancel.worker, cancel.task, cancel.attempt);
    });
  }

  // What is stuck may take its time to stop.
  void Stop(const std::string& session, const TaskKey& task, uint32_t number) {
    auto& attempts = workers_[session].attempts;
    const auto it = attempts.find({task, number});
    if (it == attempts.end()) return;
    if (it->second.stuck && OneIn(2)) {
      After(Millis(1, 60000), [this, session, task, number] {
        workers_[session].attempts.erase({task, number});
      });
    } else {
      attempts.erase(it);
    }
  }

  void Do(const GiveUpTask& give_up) {
    absl::StrAppend(&history_, "u", give_up.task.index, "\n");
    EndedOnce(give_up.task);
  }

  void Do(const SetRegistryAside& aside) {
    absl::StrAppend(&history_, "a", aside.registry, "\n");
    for (auto& [key, task] : tasks_) {
      const auto& all = task.spec.registries;
      // What was set aside, given up or ended before has its outcome.
      if (task.outcomes == 0 &&
          std::count(all.begin(), all.end(), aside.registry) > 0) {
        EndedOnce(key);
      }
    }
  }

  void EndedOnce(const TaskKey& key) {
    if (++tasks_.at(key).outcomes != 1) {
      ADD_FAILURE() << "task " << key.index << " ended twice";
      failed_ = true;
    }
  }

  void Check() {
    std::map<std::string, std::multiset<std::string>> writers;
    std::map<std::string, int> connections;
    for (const auto& [session, worker] : workers_) {
      if (!worker.alive) continue;
      bool leased = now_ < worker.session_until;
      for (const auto& [key, attempt] : worker.attempts) {
        if (now_ >= attempt.lease_until) continue;
        leased = true;
        const TaskSpec& spec = tasks_.at(key.first).spec;
        if (!spec.writes.empty()) writers[spec.writes].insert(spec.write_group);
      }
      if (!leased) continue;
      for (const auto& [registry, grant] : worker.grants) {
        connections[registry] += grant.connections;
      }
    }
    for (const auto& [repository, groups] : writers) {
      if (groups.size() > 1 &&
          (*groups.begin() != *groups.rbegin() || groups.begin()->empty())) {
        ADD_FAILURE() << "two write to " << repository;
        failed_ = true;
      }
    }
    for (const auto& [registry, sum] : connections) {
      if (sum > budgets_.at(registry).max_connections) {
        ADD_FAILURE() << sum << " connections to " << registry;
        failed_ = true;
      }
    }
    for (const auto& [registry, shares] : permits_) {
      const auto& rate = budgets_.at(registry).requests_per_second;
      if (!rate) continue;
      double sum = 0;
      for (const auto& [session, count] : shares) {
        sum += static_cast<double>(count);
      }
      const double seconds = absl::ToDoubleSeconds(now_ - Start());
      if (sum > seconds * *rate + std::max(1.0, *rate * 0.1) + 1e-3) {
        ADD_FAILURE() << sum << " permits for " << registry;
        failed_ = true;
      }
    }
  }

  std::mt19937_64 random_;
  std::unique_ptr<Scheduler> scheduler_;
  absl::Time now_ = Start();
  absl::Time dead_from_;
  std::priority_queue<Event> events_;
  uint64_t event_number_ = 0;
  uint64_t steps_ = 0;
  int sessions_ = 0;
  bool failed_ = false;
  std::map<TaskKey, ModelTask> tasks_;
  std::map<std::string, ModelWorker> workers_;
  std::map<std::string, RegistryBudget> budgets_;
  std::map<std::string, std::map<std::string, uint64_t>> permits_;
  std::string history_;
};

TEST(SchedulerSimulationTest, EveryTaskEndsOnceAndNoBudgetIsExceeded) {
  uint64_t first = 1;
  uint64_t last = 10;
  if (const char* given = std::getenv("RM_SIMULATION_SEED")) {
    ASSERT_TRUE(absl::SimpleAtoi(given, &first));
    last = first;
  }
  uint64_t steps = 0;
  for (uint64_t seed = first; seed <= last; ++seed) {
    SCOPED_TRACE(absl::StrCat("RM_SIMULATION_SEED=", seed));
    Simulation simulation(seed, 300);
    ASSERT_TRUE(simulation.Run());
    ASSERT_FALSE(testing::Test::HasFailure());
    steps += simulation.steps();
  }
  RecordProperty("steps", static_cast<int>(steps));
}

TEST(SchedulerSimulationTest, EqualEventsHaveEqualEffects) {
  Simulation one(77, 100);
  Simulation other(77, 100);
  ASSERT_TRUE(one.Run());
  ASSERT_TRUE(other.Run());
  EXPECT_EQ(one.history(), other.history());
}

}  // namespace
}  // namespace registry_manager
