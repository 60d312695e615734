// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_LOG_JSON_LOG_H_
#define REGISTRY_MANAGER_COMMON_LOG_JSON_LOG_H_

#include <spdlog/formatter.h>

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace registry_manager {

// One message as one line of JSON, for `--log-format json` (docs/json.md):
//   {"type":"log","version":1,"time":"2026-11-24T04:57:03.120Z",
//    "program":"worker","pid":4711,"level":"warning","message":"…"}
// Without a line end. Text that is no UTF-8 is replaced.
std::string JsonLogLine(absl::Time time, absl::string_view program,
                        absl::string_view level, absl::string_view message);

// Returns a formatter that makes such lines for a spdlog logger, whose name is
// the name of the program.
std::unique_ptr<spdlog::formatter> NewJsonLogFormatter();

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_LOG_JSON_LOG_H_
