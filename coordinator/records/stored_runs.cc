// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/records/stored_runs.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <random>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/os/process_lock.h"
#include "common/reference/printable.h"
#include "proto/control.pb.h"

namespace registry_manager {
namespace {

namespace fs = std::filesystem;

// No run's name: `runs` and NewRunId() pass it over.
constexpr absl::string_view kForgotten = ".forgotten-";
// A run that was killed before it did anything leaves an empty folder.
constexpr absl::Duration kEmptyFor = absl::Hours(24);

bool IsOver(const proto::RunSnapshot& snapshot) {
  return snapshot.state() == proto::RunSnapshot::FINISHED ||
         snapshot.state() == proto::RunSnapshot::ABANDONED;
}

// Unix seconds; 0: there is no such file.
int64_t ChangedAt(const std::string& path) {
  struct stat info;
  return lstat(path.c_str(), &info) == 0 ? info.st_mtime : 0;
}

StoredRun Describe(const StateFolder& folder, const std::string& id,
                   const absl::StatusOr<proto::RunSnapshot>& snapshot) {
  StoredRun run;
  run.id = id;
  run.bytes = BytesBelow(folder.run(id));
  run.state = "unknown";
  if (snapshot.ok()) {
    if (snapshot->state() != 0) {
      run.state = absl::AsciiStrToLower(
          proto::RunSnapshot::State_Name(snapshot->state()));
    }
    run.updated_unix = snapshot->updated_unix();
    if (!IsOver(*snapshot)) {
      run.held = absl::StrCat(
          "it is not finished; submit its config again, or remove ",
          Printable(folder.run(run.id), 4096), " by hand");
    }
  } else {
    const bool is_empty =
        run.bytes == 0 && absl::IsNotFound(snapshot.status()) &&
        absl::FromUnixSeconds(ChangedAt(folder.run(id))) + kEmptyFor <
            absl::Now();
    if (!is_empty) run.held = "it is not known to be finished";
  }
  if (run.updated_unix <= 0) run.updated_unix = ChangedAt(folder.run(id));
  if (folder.IsCarriedOut(id)) run.held = "a process is using it";
  return run;
}

}  // namespace

std::vector<StoredRun> FindStoredRuns(const StateFolder& folder,
                                      const std::set<std::string>& in_use) {
  // A snapshot's own times are whole seconds: its file's tell more.
  std::vector<std::pair<fs::file_time_type, StoredRun>> found;
  // Run that is tried again -> the unfinished run that does.
  std::map<std::string, std::string> tried_again;
  std::error_code error;
  for (fs::directory_iterator i(folder.runs(), error), end; !error && i != end;
       i.increment(error)) {
    const std::string id = i->path().filename();
    if (!IsRunId(id)) continue;
    const absl::StatusOr<proto::RunSnapshot> snapshot = folder.ReadSnapshot(id);
    if (snapshot.ok() && !IsOver(*snapshot) && !snapshot->retry_of().empty()) {
      tried_again[snapshot->retry_of()] = id;
    }
    std::error_code unknown;
    found.emplace_back(
        fs::last_write_time(i->path() / "snapshot.json", unknown),
        Describe(folder, id, snapshot));
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return std::pair(a.second.updated_unix, a.first) >
           std::pair(b.second.updated_unix, b.first);
  });
  std::vector<StoredRun> runs;
  for (auto& [written, run] : found) {
    const auto again = tried_again.find(run.id);
    if (again != tried_again.end() && run.held.empty()) {
      run.held = absl::StrCat("run ", again->second,
                              ", which is not finished, tries again what "
                              "failed in it");
    }
    if (in_use.count(run.id) > 0 && run.held.empty()) {
      run.held =
          "the journal needs it: it, or a deletion of it, is not finished";
    }
    runs.push_back(std::move(run));
  }
  return runs;
}

absl::StatusOr<bool> RemoveRun(const StateFolder& folder,
                               const std::string& id) {
  const std::string path = folder.run(id);
  absl::StatusOr<std::optional<ProcessLock>> alone =
      ProcessLock::HoldAlone(path + "/alive");
  if (!alone.ok() && !fs::exists(path)) return false;
  if (!alone.ok()) return alone.status();
  // Guard: run-in-use-not-removed
  if (!alone->has_value()) return false;
  // Another run may have been made in the place of the one that was looked at.
  const absl::StatusOr<proto::RunSnapshot> snapshot = folder.ReadSnapshot(id);
  const bool is_over =
      snapshot.ok() ? IsOver(*snapshot) : BytesBelow(path) == 0;
  // Guard: unfinished-run-not-removed
  if (!is_over) return false;
  std::random_device random;
  const std::string doomed =
      absl::StrCat(folder.runs(), "/", kForgotten, id, "-", random());
  if (rename(path.c_str(), doomed.c_str()) != 0) {
    if (errno == ENOENT) return false;
    return absl::UnavailableError(absl::StrCat("cannot remove run ", id, " (",
                                               Printable(path),
                                               "): ", strerror(errno)));
  }
  std::error_code error;
  fs::remove_all(doomed, error);
  // Another process may sweep there.
  if (error && fs::exists(doomed)) {
    return absl::UnavailableError(absl::StrCat("cannot remove all of run ", id,
                                               " (", Printable(doomed),
                                               "): ", error.message()));
  }
  return true;
}

void SweepForgotten(const StateFolder& folder) {
  std::error_code error;
  for (fs::directory_iterator i(folder.runs(), error), end; !error && i != end;
       i.increment(error)) {
    if (!absl::StartsWith(i->path().filename().native(), kForgotten)) continue;
    std::error_code ignored;
    fs::remove_all(i->path(), ignored);
  }
}

uint64_t BytesBelow(const std::string& folder) {
  uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator i(folder, error), end;
       !error && i != end; i.increment(error)) {
    struct stat info;
    if (lstat(i->path().c_str(), &info) == 0 && S_ISREG(info.st_mode)) {
      bytes += info.st_size;
    }
  }
  return bytes;
}

}  // namespace registry_manager
