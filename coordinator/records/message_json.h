// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_RECORDS_MESSAGE_JSON_H_
#define REGISTRY_MANAGER_COORDINATOR_RECORDS_MESSAGE_JSON_H_

#include <google/protobuf/message.h>

#include <nlohmann/json.hpp>

#include "proto/control.pb.h"

namespace registry_manager {

// The version of everything that is printed as JSON (docs/json.md): it changes
// where a reader of the old form could not read the new one.
inline constexpr int kJsonVersion = 1;

// A message as JSON for programs: every field under its own name, also one that
// has its default, in the order of the .proto; numbers as numbers (protobuf's
// own JSON has 64 bits as text), enumerations in lower case.
nlohmann::ordered_json ToJson(const google::protobuf::Message& message);

// A snapshot with its `type`: "run".
nlohmann::ordered_json RunJson(const proto::RunSnapshot& run);

// Sets the whole numbers of `message` that `object` holds. What else it holds
// is left out.
void ReadJson(const nlohmann::json& object, google::protobuf::Message& message);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_RECORDS_MESSAGE_JSON_H_
