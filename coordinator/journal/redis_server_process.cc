// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/journal/redis_server_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/status_macros.h"
#include "common/os/spawn.h"
#include "common/reference/printable.h"
#include "coordinator/journal/file_lock.h"

namespace registry_manager {
namespace {

namespace fs = std::filesystem;

constexpr absl::Duration kPoll = absl::Milliseconds(2);
// Everything is on disk already: the time is for an orderly end.
constexpr absl::Duration kEndWithin = absl::Seconds(5);
constexpr absl::Duration kPredecessorEndsWithin = absl::Seconds(20);

absl::StatusOr<std::string> FindProgram() {
  const char* path = std::getenv("PATH");
  for (absl::string_view folder : absl::StrSplit(
           path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin", ':')) {
    std::string program = absl::StrCat(folder, "/redis-server");
    if (!folder.empty() && access(program.c_str(), X_OK) == 0) return program;
  }
  return absl::NotFoundError(
      "redis-server is not installed: apt-get install redis-server, or give "
      "--redis URL");
}

// A word of redis.conf. Its quoting is that of C.
std::string Quoted(absl::string_view text) {
  return absl::StrCat("\"", absl::CHexEscape(text), "\"");
}

std::string Config(const RedisServerProcess::Options& options) {
  std::string config = absl::StrCat(
      "# Written by registry-manager at each start.\n"
      "port 0\n"
      "unixsocket ",
      Quoted(options.socket),
      "\n"
      "unixsocketperm 600\n"
      "dir ",
      Quoted(options.folder),
      "\n"
      "daemonize no\n"
      "logfile \"\"\n"
      "databases 1\n"
      "save \"\"\n"
      "appendonly yes\n"
      "appendfsync always\n"
      "aof-use-rdb-preamble yes\n"
      "aof-load-truncated yes\n"
      "maxmemory-policy noeviction\n");
  for (const std::string& setting : options.settings) {
    absl::StrAppend(&config, setting, "\n");
  }
  return config;
}

absl::Status CannotWrite(const std::string& path) {
  return absl::ErrnoToStatus(errno,
                             absl::StrCat("cannot write ", Printable(path)));
}

// A new, empty file for this user only; -1: errno says why not.
int OpenNew(const std::string& path) {
  unlink(path.c_str());
  return open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC,
              0600);
}

absl::Status WriteConfig(const std::string& path, const std::string& config) {
  const int fd = OpenNew(path);
  if (fd < 0) return CannotWrite(path);
  const ssize_t written = write(fd, config.data(), config.size());
  absl::Status status;
  if (written != static_cast<ssize_t>(config.size())) {
    if (written >= 0) errno = ENOSPC;
    status = CannotWrite(path);
  }
  close(fd);
  return status;
}

absl::StatusOr<FileLock> TakeLifeSign(const std::string& folder) {
  const absl::Time deadline = absl::Now() + kPredecessorEndsWithin;
  while (true) {
    auto lock = FileLock::Try(folder + "/alive");
    if (!lock.ok()) return lock.status();
    if (lock->has_value()) return **std::move(lock);
    if (absl::Now() > deadline) {
      return absl::UnavailableError(absl::StrCat(
          "a redis-server that nobody looks after any more still runs on ",
          Printable(folder), ": end it (its process has ", Printable(folder),
          "/alive open)"));
    }
    absl::SleepFor(kPoll);
  }
}

// A server that was killed while it rewrote its file leaves a copy.
void RemoveLeftOvers(const std::string& folder) {
  for (const std::string& place : {folder, folder + "/appendonlydir"}) {
    std::error_code error;
    for (fs::directory_iterator i(place, error), end; !error && i != end;
         i.increment(error)) {
      if (!absl::StartsWith(i->path().filename().native(), "temp-")) continue;
      std::error_code ignored;
      fs::remove(i->path(), ignored);
    }
  }
}

absl::StatusOr<pid_t> StartServer(const std::string& program,
                                  const std::string& config, int log,
                                  int life_sign) {
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null < 0) return absl::ErrnoToStatus(errno, "cannot open /dev/null");
  SpawnOptions options;
  options.arguments = {program, config};
  // The server needs nothing of the environment, which may hold secrets.
  options.environment = {"LC_ALL=C"};
  options.input = null;
  options.output = log;
  options.errors = log;
  // The server holds it for as long as it runs, whatever becomes of us.
  options.fourth = life_sign;
  options.umask = 077;
  const absl::StatusOr<pid_t> pid = Spawn(options);
  close(null);
  return pid;
}

// The last thing of note in the log: Redis marks warnings with "#".
std::string LastWords(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::string last;
  std::string last_warning;
  while (std::getline(file, line)) {
    if (line.empty()) continue;
    last = line;
    const size_t mark = line.find(" # ");
    if (mark != std::string::npos) last_warning = line.substr(mark + 3);
  }
  return last_warning.empty() ? last : last_warning;
}

}  // namespace

absl::StatusOr<std::unique_ptr<RedisServerProcess>> RedisServerProcess::Spawn(
    const Options& options) {
  auto program = FindProgram();
  if (!program.ok()) return program.status();
  auto life_sign = TakeLifeSign(options.folder);
  if (!life_sign.ok()) return life_sign.status();
  RemoveLeftOvers(options.folder);
  const std::string config = options.folder + "/redis.conf";
  RETURN_IF_ERROR(WriteConfig(config, Config(options)));
  const std::string log_path = options.folder + "/redis.log";
  const int log = OpenNew(log_path);
  if (log < 0) return CannotWrite(log_path);
  const absl::StatusOr<pid_t> pid =
      StartServer(*program, config, log, life_sign->fd());
  close(log);
  if (!pid.ok()) return pid.status();
  return std::unique_ptr<RedisServerProcess>(
      new RedisServerProcess(*pid, options.folder));
}

RedisServerProcess::~RedisServerProcess() {
  if (!Running()) return;
  kill(pid_, SIGTERM);
  const absl::Time deadline = absl::Now() + kEndWithin;
  while (Running()) {
    if (absl::Now() > deadline) kill(pid_, SIGKILL);
    absl::SleepFor(kPoll);
  }
}

bool RedisServerProcess::Running() {
  if (running_) {
    const pid_t ended = waitpid(pid_, &wait_status_, WNOHANG);
    // ECHILD: somebody else has waited for it.
    running_ = ended == 0 || (ended < 0 && errno != ECHILD);
  }
  return running_;
}

absl::Status RedisServerProcess::WhyEnded() const {
  if (WIFSIGNALED(wait_status_)) {
    return absl::UnavailableError(absl::StrCat(
        "redis-server was ended by signal ", WTERMSIG(wait_status_),
        " (its log: ", Printable(folder_), "/redis.log)"));
  }
  const std::string words = LastWords(folder_ + "/redis.log");
  std::string advice;
  if (absl::StrContains(words, "AOF write error")) {
    advice = "; is there space on its disk?";
  } else if (absl::StrContains(words, "file format") ||
             absl::StrContains(words, "append only file")) {
    advice = absl::StrCat(
        "; keep a copy of ", Printable(folder_),
        " and run redis-check-aof --fix ", Printable(folder_),
        "/appendonlydir/appendonly.aof.manifest, or move that folder away to "
        "begin anew");
  }
  return absl::UnavailableError(absl::StrCat(
      "redis-server ended by itself; it said last: ", Printable(words, 512),
      advice, " (its log: ", Printable(folder_), "/redis.log)"));
}

}  // namespace registry_manager
