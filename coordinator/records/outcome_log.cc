// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/records/outcome_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"
#include "coordinator/records/message_json.h"

namespace registry_manager {
namespace {

using nlohmann::json;

// The most bytes that are held back while the file cannot be written.
constexpr size_t kMostHeld = 16 << 20;
// The most tasks of a shard; a higher index was not written by this program.
constexpr uint32_t kMostTasks = 1 << 20;

std::string Text(const json& object, const char* key) {
  const auto member = object.find(key);
  return member != object.end() && member->is_string()
             ? member->get<std::string>()
             : "";
}

// 0 for what no clock and no run says.
double Seconds(const json& object, const char* key) {
  constexpr double kMost = 1e11;
  const auto member = object.find(key);
  if (member == object.end() || !member->is_number()) return 0;
  const double seconds = member->get<double>();
  return seconds >= 0 && seconds < kMost ? seconds : 0;
}

const char* TypeOf(OutcomeRecord::Kind kind) {
  switch (kind) {
    case OutcomeRecord::Kind::kAction:
      return "action";
    case OutcomeRecord::Kind::kRepository:
      return "repository";
    case OutcomeRecord::Kind::kCatalogue:
      return "catalogue";
  }
  return "";
}

std::optional<OutcomeRecord::Kind> KindOf(const std::string& type) {
  for (const auto kind :
       {OutcomeRecord::Kind::kAction, OutcomeRecord::Kind::kRepository,
        OutcomeRecord::Kind::kCatalogue}) {
    if (type == TypeOf(kind)) return kind;
  }
  return std::nullopt;
}

std::optional<TaskPlace> TaskOf(const std::string& text) {
  const std::pair<std::string, std::string> parts =
      absl::StrSplit(text, absl::MaxSplits(':', 1));
  TaskPlace task;
  if (!absl::SimpleAtoi(parts.first, &task.shard) ||
      !absl::SimpleAtoi(parts.second, &task.index) ||
      task.index >= kMostTasks) {
    return std::nullopt;
  }
  return task;
}

std::optional<OutcomeRecord> ReadRecord(const std::string& line) {
  const json object = json::parse(line, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  const auto kind = KindOf(Text(object, "type"));
  if (!kind) return std::nullopt;
  OutcomeRecord record;
  record.kind = *kind;
  record.time = static_cast<int64_t>(Seconds(object, "time"));
  record.policy = Text(object, "policy");
  record.registry = Text(object, "registry");
  record.target = Text(object, "target");
  record.repository = Text(object, "repository");
  record.target_repository = Text(object, "target_repository");
  record.task = TaskOf(Text(object, "task"));
  record.action = Text(object, "action");
  record.result = Text(object, "result");
  record.reference = Text(object, "reference");
  record.digest = Text(object, "digest");
  record.reason = Text(object, "reason");
  record.seconds = Seconds(object, "seconds");
  if (const auto counts = object.find("counts"); counts != object.end()) {
    ReadJson(*counts, record.counts);
  }
  if (const auto notes = object.find("notes");
      notes != object.end() && notes->is_array()) {
    for (const json& note : *notes) {
      if (note.is_string()) record.notes.push_back(note.get<std::string>());
    }
  }
  return record;
}

// Tells, reading a file for the second time, which of its lines hold.
class FinalLines {
 public:
  // For every line, in order.
  void Note(const OutcomeRecord& record) {
    if (record.kind == OutcomeRecord::Kind::kCatalogue) {
      ++pages_left_[StreamOf(record)];
    }
    if (record.kind != OutcomeRecord::Kind::kRepository || !record.task) return;
    std::vector<bool>& ended = ended_[record.task->shard];
    const uint32_t index = record.task->index;
    if (ended.size() <= index) ended.resize(index + 1);
    if (ended[index]) ++void_ends_[*record.task];
    ended[index] = true;
  }

  // And again.
  bool Holds(const OutcomeRecord& record) {
    if (record.kind == OutcomeRecord::Kind::kCatalogue) {
      const bool is_last = --pages_left_[StreamOf(record)] == 0;
      return is_last || record.result != "failed";
    }
    if (!record.task) return true;
    const auto ends = void_ends_.find(*record.task);
    if (ends == void_ends_.end()) return true;
    if (record.kind == OutcomeRecord::Kind::kAction) {
      return record.result == "done" && record.action != "keep";
    }
    if (--ends->second == 0) void_ends_.erase(ends);
    return false;
  }

 private:
  static std::string StreamOf(const OutcomeRecord& record) {
    return absl::StrCat(record.policy, "\n", record.registry, "\n",
                        record.target);
  }

  std::map<std::string, uint64_t> pages_left_;
  // By shard.
  std::map<uint32_t, std::vector<bool>> ended_;
  std::map<TaskPlace, uint64_t> void_ends_;
};

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
  log.size_ = size > 0 ? size : 0;
  if (size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n') {
    log.buffer_ = "\n";
  }
  return log;
}

OutcomeLog::OutcomeLog(OutcomeLog&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      size_(other.size_),
      is_cut_(other.is_cut_),
      buffer_(std::move(other.buffer_)) {}

OutcomeLog::~OutcomeLog() {
  if (fd_ < 0) return;
  Flush().IgnoreError();
  close(fd_);
}

std::string JsonLine(const OutcomeRecord& record) {
  const bool is_action = record.kind == OutcomeRecord::Kind::kAction;
  nlohmann::ordered_json line = {{"type", TypeOf(record.kind)},
                                 {"version", kJsonVersion},
                                 {"time", record.time},
                                 {"policy", record.policy},
                                 {"registry", record.registry}};
  const auto add = [&line](const char* key, const std::string& text) {
    if (!text.empty()) line[key] = text;
  };
  add("target", record.target);
  add("repository", record.repository);
  add("target_repository", record.target_repository);
  if (record.task) {
    line["task"] = absl::StrCat(record.task->shard, ":", record.task->index);
  }
  add("action", record.action);
  line["result"] = record.result;
  add("reference", record.reference);
  add("digest", record.digest);
  add("reason", record.reason);
  if (!is_action) {
    line["seconds"] = record.seconds;
    line["counts"] = ToJson(record.counts);
    line["notes"] = record.notes;
  }
  return line.dump(-1, ' ', false, json::error_handler_t::replace);
}

void OutcomeLog::Append(const OutcomeRecord& record) {
  if (record.kind == OutcomeRecord::Kind::kAction &&
      record.result != "failed" && size_ > kMaxActions) {
    is_cut_ = true;
    return;
  }
  const std::string line = absl::StrCat(JsonLine(record), "\n");
  size_ += line.size();
  buffer_ += line;
}

absl::Status OutcomeLog::Flush() {
  while (!buffer_.empty()) {
    const ssize_t size = write(fd_, buffer_.data(), buffer_.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) {
      const int error = errno;
      // A full disk must not make the process grow. What was written last may
      // be a part of a line.
      if (buffer_.size() > kMostHeld) buffer_ = "\n";
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
    if (const auto record = ReadRecord(line)) visit(*record);
  }
  return absl::OkStatus();
}

absl::Status ReadFinalOutcomes(
    const std::string& file,
    const std::function<void(const OutcomeRecord&)>& visit) {
  FinalLines lines;
  RETURN_IF_ERROR(ReadOutcomes(
      file, [&lines](const OutcomeRecord& record) { lines.Note(record); }));
  return ReadOutcomes(file, [&](const OutcomeRecord& record) {
    if (lines.Holds(record)) visit(record);
  });
}

}  // namespace registry_manager
