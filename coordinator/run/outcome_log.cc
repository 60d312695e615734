// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/run/outcome_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"

namespace registry_manager {
namespace {

using nlohmann::json;

constexpr size_t kFlushAt = 64 << 10;

std::string Text(const json& object, const char* key) {
  const auto member = object.find(key);
  return member != object.end() && member->is_string()
             ? member->get<std::string>()
             : "";
}

}  // namespace

absl::StatusOr<OutcomeLog> OutcomeLog::Open(const std::string& file) {
  const int fd =
      open(file.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot open ", file, ": ", strerror(errno)));
  }
  OutcomeLog log(fd);
  // A line that a crash cut short must not swallow the next one.
  char last = '\n';
  const off_t size = lseek(fd, 0, SEEK_END);
  if (size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n') {
    log.buffer_ = "\n";
  }
  return log;
}

OutcomeLog::OutcomeLog(OutcomeLog&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), buffer_(std::move(other.buffer_)) {}

OutcomeLog::~OutcomeLog() {
  if (fd_ < 0) return;
  Flush().IgnoreError();
  close(fd_);
}

void OutcomeLog::Append(const OutcomeRecord& record) {
  json line = {{"time", record.time},         {"policy", record.policy},
               {"registry", record.registry}, {"repository", record.repository},
               {"action", record.action},     {"result", record.result}};
  if (!record.reference.empty()) line["reference"] = record.reference;
  if (!record.digest.empty()) line["digest"] = record.digest;
  if (!record.reason.empty()) line["reason"] = record.reason;
  absl::StrAppend(&buffer_,
                  line.dump(-1, ' ', false, json::error_handler_t::replace),
                  "\n");
  if (buffer_.size() > kFlushAt) Flush().IgnoreError();
}

absl::Status OutcomeLog::Flush() {
  while (!buffer_.empty()) {
    const ssize_t size = write(fd_, buffer_.data(), buffer_.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) {
      const int error = errno;
      // A full disk must not make the process grow. What was written last may
      // be a part of a line.
      if (buffer_.size() > 16 * kFlushAt) buffer_ = "\n";
      return absl::UnavailableError(
          absl::StrCat("cannot write the run's outcomes: ", strerror(error)));
    }
    buffer_.erase(0, size);
  }
  return absl::OkStatus();
}

absl::Status ReadOutcomes(
    const std::string& file,
    const std::function<void(const OutcomeRecord&)>& visit) {
  std::ifstream stream(file);
  if (!stream) return absl::NotFoundError(absl::StrCat("no file ", file));
  std::string line;
  while (std::getline(stream, line)) {
    const json object = json::parse(line, nullptr, false);
    if (!object.is_object()) continue;
    const auto time = object.find("time");
    visit({time != object.end() && time->is_number_integer()
               ? time->get<int64_t>()
               : 0,
           Text(object, "policy"), Text(object, "registry"),
           Text(object, "repository"), Text(object, "action"),
           Text(object, "result"), Text(object, "reference"),
           Text(object, "digest"), Text(object, "reason")});
  }
  return absl::OkStatus();
}

}  // namespace registry_manager
