// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/records/state_folder.h"

#include <fcntl.h>
#include <google/protobuf/util/json_util.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/os/private_folder.h"
#include "common/reference/printable.h"

namespace registry_manager {
namespace {

namespace fs = std::filesystem;

constexpr absl::string_view kLockFile = "/alive";

absl::Status CannotWrite(const std::string& file) {
  return absl::UnavailableError(
      absl::StrCat("cannot write ", Printable(file), ": ", strerror(errno)));
}

}  // namespace

bool IsRunId(absl::string_view id) {
  return id.size() == 4 && std::all_of(id.begin(), id.end(), isalnum);
}

absl::StatusOr<StateFolder> StateFolder::Open() {
  const char* state = getenv("XDG_STATE_HOME");
  const char* home = getenv("HOME");
  std::string base;
  if (state != nullptr && *state == '/') {
    base = state;
  } else if (home != nullptr && *home == '/') {
    base = absl::StrCat(home, "/.local/state");
  } else {
    return absl::FailedPreconditionError(
        "neither XDG_STATE_HOME nor HOME is set, so that there is no folder to "
        "keep runs in; set one of them");
  }
  StateFolder folder(absl::StrCat(base, "/registry-manager"));
  for (const std::string& part :
       {folder.path_, folder.locks(), folder.path_ + "/runs"}) {
    RETURN_IF_ERROR(MakePrivateFolder(part).status());
  }
  return folder;
}

std::string StateFolder::NewRunId() const {
  // Without letters and digits that look alike.
  constexpr absl::string_view kAlphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
  std::random_device random;
  std::string id;
  do {
    id.clear();
    for (int i = 0; i < 4; ++i) {
      id.push_back(kAlphabet[random() % kAlphabet.size()]);
    }
  } while (fs::exists(run(id)));
  return id;
}

absl::StatusOr<ProcessLock> StateFolder::MakeRun(const std::string& id) const {
  RETURN_IF_ERROR(MakePrivateFolder(run(id)).status());
  return ProcessLock::Hold(absl::StrCat(run(id), kLockFile));
}

absl::StatusOr<ProcessLock> StateFolder::HoldRun(const std::string& id) const {
  return ProcessLock::Hold(absl::StrCat(run(id), kLockFile));
}

bool StateFolder::IsCarriedOut(const std::string& id) const {
  return ProcessLock::IsHeld(absl::StrCat(run(id), kLockFile));
}

absl::Status StateFolder::WriteSnapshot(
    const proto::RunSnapshot& snapshot) const {
  std::string json;
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.add_whitespace = true;
  if (!google::protobuf::util::MessageToJsonString(snapshot, &json, options)
           .ok()) {
    return absl::InternalError("the run's snapshot cannot be written as JSON");
  }
  const std::string file = absl::StrCat(run(snapshot.run()), "/snapshot.json");
  const std::string temporary = file + ".new";
  const int fd =
      open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return CannotWrite(temporary);
  const bool written =
      write(fd, json.data(), json.size()) == static_cast<ssize_t>(json.size());
  close(fd);
  if (!written || rename(temporary.c_str(), file.c_str()) != 0) {
    return CannotWrite(file);
  }
  return absl::OkStatus();
}

absl::StatusOr<proto::RunSnapshot> StateFolder::ReadSnapshot(
    const std::string& id) const {
  const absl::Status unknown = absl::NotFoundError(absl::StrCat(
      "there is no run ", Printable(id), "; `coordinator runs` lists them"));
  if (!IsRunId(id)) return unknown;
  std::ifstream stream(absl::StrCat(run(id), "/snapshot.json"));
  if (!stream) return unknown;
  std::ostringstream json;
  json << stream.rdbuf();
  proto::RunSnapshot snapshot;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  if (!google::protobuf::util::JsonStringToMessage(json.str(), &snapshot,
                                                   options)
           .ok()) {
    return absl::DataLossError(
        absl::StrCat("the snapshot of run ", id, " cannot be read"));
  }
  // The id in the file may be damaged, or the file may have been copied.
  snapshot.set_run(id);
  return snapshot;
}

std::vector<proto::RunSnapshot> StateFolder::ReadSnapshots() const {
  // A snapshot's own times are whole seconds: its file's tell more.
  std::vector<std::pair<fs::file_time_type, proto::RunSnapshot>> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path_ + "/runs", error)) {
    absl::StatusOr<proto::RunSnapshot> snapshot =
        ReadSnapshot(entry.path().filename());
    if (!snapshot.ok()) continue;
    std::error_code unknown;
    found.emplace_back(
        fs::last_write_time(entry.path() / "snapshot.json", unknown),
        *std::move(snapshot));
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return std::pair(a.second.updated_unix(), a.first) >
           std::pair(b.second.updated_unix(), b.first);
  });
  std::vector<proto::RunSnapshot> snapshots;
  for (auto& [written, snapshot] : found) {
    snapshots.push_back(std::move(snapshot));
  }
  return snapshots;
}

absl::StatusOr<TemporaryFolder> MakeRunSockets() {
  const char* runtime = getenv("XDG_RUNTIME_DIR");
  // A socket's path may have 107 bytes.
  const bool usable = runtime != nullptr && *runtime == '/' &&
                      strlen(runtime) < 60 && access(runtime, W_OK) == 0;
  return TemporaryFolder::Make(usable ? runtime : "/tmp", "sockets");
}

}  // namespace registry_manager
