// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// worker --connect ENDPOINT: joins a coordinator's fleet.

#include <signal.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/concurrency/parallel.h"
#include "common/http/transport.h"
#include "common/log/json_log.h"
#include "common/registry/api/content_cache.h"
#include "worker/grants/clock.h"
#include "worker/grants/grant_pool.h"
#include "worker/handlers/skopeo/secret_folder.h"
#include "worker/logging_transport.h"
#include "worker/session/mailbox.h"
#include "worker/task_handler.h"
#include "worker/worker.h"

namespace registry_manager {
namespace {

constexpr int kUsage = 2;
constexpr absl::Duration kCleanUp = absl::Seconds(1);

// The signals that stop the worker are read from a descriptor. To be called
// before there is any other thread.
int OpenSignals() {
  signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

// Credentials are in this process's memory.
void ForbidCoreDumps() {
  const rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
}

void Log(int verbosity, bool as_json) {
  spdlog::set_default_logger(std::make_shared<spdlog::logger>(
      "worker", std::make_shared<spdlog::sinks::stderr_sink_mt>()));
  spdlog::set_pattern("%Y-%m-%d %H:%M:%S.%e %n[%P] %l: %v");
  if (as_json) spdlog::set_formatter(NewJsonLogFormatter());
  spdlog::set_level(verbosity >= 2   ? spdlog::level::debug
                    : verbosity == 1 ? spdlog::level::info
                                     : spdlog::level::warn);
}

// Containers share names of hosts and process ids: a random number tells two
// workers apart.
std::string NewName() {
  char host[256] = {};
  gethostname(host, sizeof host - 1);
  std::random_device random;
  return absl::StrCat(host, ":", absl::Hex(random(), absl::kZeroPad8),
                      absl::Hex(random(), absl::kZeroPad8));
}

// Without one, everything is read again from registries.
void UseCache(const std::string& folder, WorkerServices& services) {
  if (folder.empty()) return;
  absl::StatusOr<std::unique_ptr<ContentCache>> cache =
      ContentCache::Open(folder);
  if (cache.ok()) {
    services.UseContentCache(*std::move(cache));
  } else {
    spdlog::info("manifests that are read are not kept: {}",
                 std::string(cache.status().message()));
  }
}

int Serve(WorkerOptions options, const std::string& cache_folder) {
  BoottimeClock clock;
  Mailbox mailbox;
  GrantPool grants(&clock, [&mailbox] { mailbox.Wake(); });
  const std::unique_ptr<HttpTransport> transport =
      NewCurlTransport("registry-manager");
  LoggingTransport logged(transport.get());
  const bool logs = spdlog::should_log(spdlog::level::debug);
  ThreadPool pool(std::min(64, 8 + 8 * options.slots));
  WorkerServices services(
      logs ? &logged : transport.get(), &pool,
      [&grants](const std::string& registry) { return grants.Gate(registry); });
  UseCache(cache_folder, services);
  Worker worker(std::move(options), &clock, &mailbox, &grants, &services,
                HandleTask);
  const absl::Status status = worker.Run();
  if (!status.ok()) spdlog::error("{}", std::string(status.message()));
  const int exit_status = status.ok() ? 0 : 1;
  // A task that does not heed its cancellation is not waited for.
  if (!worker.WaitUntilIdle(kCleanUp)) {
    spdlog::warn("a task did not end when it was cancelled");
    spdlog::shutdown();
    _exit(exit_status);
  }
  return exit_status;
}

int Main(int argc, char** argv) {
  const int signal_fd = OpenSignals();
  ForbidCoreDumps();
  WorkerOptions options;
  options.signal_fd = signal_fd;
  options.name = NewName();
  int drain_seconds = 30;
  int verbosity = 0;
  std::string log_format = "text";
  std::string cache_folder;
  CLI::App app("Carries out the tasks that a coordinator sends.", "worker");
  app.add_option("--connect", options.endpoint,
                 "Where the coordinator listens: ipc:///PATH/OF/A/SOCKET")
      ->required();
  app.add_option("--slots", options.slots, "Tasks at a time")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_option(
      "--name", options.name,
      "What the coordinator calls this worker; no other may have it");
  app.add_option("--drain-seconds", drain_seconds,
                 "How long running tasks may go on after SIGTERM")
      ->check(CLI::Range(0, 86400))
      ->capture_default_str();
  app.add_option("--cache", cache_folder,
                 "A folder to keep manifests in that were read");
  app.add_flag("-v,--verbose", verbosity, "More messages; twice: all of them");
  app.add_option("--log-format", log_format, "text, or json: a JSON a line")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  options.drain = absl::Seconds(drain_seconds);
  Log(verbosity, log_format == "json");
  SecretFolder::RemoveLeftOvers();
  return Serve(std::move(options), cache_folder);
}

}  // namespace
}  // namespace registry_manager

int main(int argc, char** argv) { return registry_manager::Main(argc, argv); }
