// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/log/json_log.h"

#include <spdlog/details/log_msg.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

namespace registry_manager {
namespace {

absl::string_view View(spdlog::string_view_t text) {
  return {text.data(), text.size()};
}

class JsonLogFormatter : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message,
              spdlog::memory_buf_t& out) override {
    const std::string line =
        JsonLogLine(absl::FromChrono(message.time), View(message.logger_name),
                    View(spdlog::level::to_string_view(message.level)),
                    View(message.payload));
    out.append(line.data(), line.data() + line.size());
    out.push_back('\n');
  }
  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<JsonLogFormatter>();
  }
};

}  // namespace

std::string JsonLogLine(absl::Time time, absl::string_view program,
                        absl::string_view level, absl::string_view message) {
  const nlohmann::ordered_json line = {
      {"type", "log"},
      {"version", 1},
      {"time",
       absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone())},
      {"program", program},
      {"pid", getpid()},
      {"level", level},
      {"message", message}};
  return line.dump(-1, ' ', false,
                   nlohmann::ordered_json::error_handler_t::replace);
}

std::unique_ptr<spdlog::formatter> NewJsonLogFormatter() {
  return std::make_unique<JsonLogFormatter>();
}

}  // namespace registry_manager
