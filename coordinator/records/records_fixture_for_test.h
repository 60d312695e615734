// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_RECORDS_RECORDS_FIXTURE_FOR_TEST_H_
#define REGISTRY_MANAGER_COORDINATOR_RECORDS_RECORDS_FIXTURE_FOR_TEST_H_

#include <string>

#include "coordinator/run/run_fixture_for_test.h"
#include "proto/control.pb.h"
#include "proto/task.pb.h"

namespace registry_manager {

inline proto::Action MakeAction(proto::Action::Verb verb,
                                proto::Action::Result result,
                                const std::string& reference,
                                const std::string& reason) {
  proto::Action action;
  action.set_verb(verb);
  action.set_result(result);
  action.set_reference(reference);
  action.set_reason(reason);
  return action;
}

// One tag was deleted, the other one was refused.
inline proto::TaskResult TwoTags() {
  proto::TaskResult result = Done();
  result.mutable_counts()->set_tags(2);
  result.mutable_counts()->set_deleted(1);
  result.mutable_counts()->set_failed(1);
  *result.add_actions() =
      MakeAction(proto::Action::DELETE_TAG, proto::Action::DONE, "1.0", "");
  *result.add_actions() = MakeAction(proto::Action::DELETE_TAG,
                                     proto::Action::FAILED, "2.0", "denied");
  return result;
}

inline proto::RunSnapshot Running() {
  proto::RunSnapshot snapshot;
  snapshot.set_run("RUN1");
  snapshot.set_state(proto::RunSnapshot::RUNNING);
  return snapshot;
}

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_RECORDS_RECORDS_FIXTURE_FOR_TEST_H_
