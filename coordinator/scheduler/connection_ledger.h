// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_SCHEDULER_CONNECTION_LEDGER_H_
#define REGISTRY_MANAGER_COORDINATOR_SCHEDULER_CONNECTION_LEDGER_H_

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace registry_manager {

// Decides how many of one registry's connections each session may use.
//
// A session is *granted* connections. Until it says that it complies with a
// grant it may still act by an earlier one, so it is *charged* the most that it
// was granted since the grant that it complied with last. The charges together
// never exceed the limit, except after the limit itself has shrunk; then grants
// shrink at once, and charges as the sessions comply.
//
// A session *needs* what its running tasks need to begin, and *wants* what they
// could use. Needs are met before wants. Connections beyond the needs are
// shared so that the smallest share is as large as possible. Not thread-safe.
class ConnectionLedger {
 public:
  // True if the session can be granted what one more task of it needs; the
  // caller must ask before Begin. A need beyond the limit is met by all of the
  // limit.
  bool CanBegin(const std::string& session, int connections, int limit) const;
  void Begin(const std::string& session, int connections, int limit);
  void End(const std::string& session, int connections);

  void Want(const std::string& session, int wanted);
  // The session acts by grant `version` or a later one.
  void Comply(const std::string& session, uint64_t version);
  void Forget(const std::string& session);

  // Lowers and raises grants. `held_back` connections beyond the needs are kept
  // free for tasks that wait for them.
  void Rebalance(int limit, int held_back);

  // Notes that the session is being told its grant; returns the version.
  uint64_t Announce(const std::string& session);

  // The sums over all sessions.
  int total_need() const { return total_need_; }
  int total_charge() const { return total_charge_; }

  int Granted(const std::string& session) const;
  int Charge(const std::string& session) const;

  struct Entry {
    int need = 0;
    int wanted = 0;
    int granted = 0;
    // Counts what was announced, from 1.
    uint64_t version = 0;
    int announced = 0;
    // Versions that the session may still act by, and what they grant. Only
    // those that no later one exceeds: falling, and short.
    std::deque<std::pair<uint64_t, int>> unconfirmed;

    int Charge() const;
  };
  const std::map<std::string, Entry>& entries() const { return entries_; }

 private:
  void SetGranted(Entry& entry, int granted);
  // Returns the grant that each entry should have, in the order of entries_.
  std::vector<int> Targets(int limit, int held_back) const;

  std::map<std::string, Entry> entries_;
  int total_need_ = 0;
  int total_charge_ = 0;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_SCHEDULER_CONNECTION_LEDGER_H_
