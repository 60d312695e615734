// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include <signal.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <map>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "coordinator/cli/exit_status.h"
#include "coordinator/cli/inspect.h"
#include "coordinator/cli/run_command.h"

namespace registry_manager {
namespace {

// Signals are read by the run loop; no thread is to be interrupted by them.
void PrepareProcess() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) {
    sigaddset(&signals, signal);
  }
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  // A core would hold credentials.
  const rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
}

// What the seed's program takes, and numbers.
const std::map<std::string, int> kVerbosity = {
    {"0", 0},       {"1", 1},     {"2", 2},     {"3", 3},     {"4", 4},
    {"5", 5},       {"panic", 0}, {"fatal", 0}, {"error", 1}, {"warn", 2},
    {"warning", 2}, {"info", 3},  {"debug", 4}, {"trace", 5}};

constexpr char kVersion[] = "registry-manager 0.1.0";

// Turns a level's name into its number.
std::string ReadVerbosity(std::string& text) {
  const auto level = kVerbosity.find(absl::AsciiStrToLower(text));
  if (level == kVerbosity.end()) {
    return "write a number from 0 to 5, or error, warn, info, debug or trace";
  }
  text = absl::StrCat(level->second);
  return "";
}

struct Choice {
  RunCommand command;
  std::string run;
  bool dry = false;
  bool no_dry = false;
};

void AddRunOptions(CLI::App& verb, Choice& choice) {
  RunCommand& command = choice.command;
  verb.add_option("config,-c,--config", command.config, "the config file")
      ->required();
  verb.add_option("-r,--retry", command.retries,
                  "how often a request is repeated")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  verb.add_option("-p,--process-limit", command.process_limit,
                  "requests under way at once at every registry")
      ->check(CLI::Range(1, 1000));
  verb.add_option("-v,--verbosity", command.verbosity,
                  "how much is logged: 0 to 5, or error … trace")
      ->transform(CLI::Validator(ReadVerbosity, "LEVEL", "verbosity"))
      ->option_text("LEVEL");
  verb.add_option("--workers", command.workers,
                  "worker processes (default: one a core)")
      ->check(CLI::Range(1, 256));
  verb.add_option("--slots", command.slots, "tasks at a time in each worker")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  verb.add_flag("--details", command.details,
                "a line for every tag, with its reason");
  verb.add_flag("!--no-progress", command.progress,
                "no display and no progress lines");
}

void AddJournalOptions(CLI::App& verb, Choice& choice) {
  CLI::Option* dry = verb.add_flag("--dry-run", choice.dry,
                                   "change nothing, whatever the "
                                   "config says");
  verb.add_flag("--no-dry-run", choice.no_dry,
                "carry it out, whatever the config says")
      ->excludes(dry);
  verb.add_flag("--fresh", choice.command.fresh,
                "plan anew, instead of going on with an unfinished run");
  verb.add_option("--redis", choice.command.redis,
                  "redis://HOST:PORT/DB or unix:///PATH instead of a private "
                  "Redis (a password: RM_REDIS_URL or --redis-file)");
  verb.add_option("--redis-file", choice.command.redis_file,
                  "a file whose first line is the Redis URL");
}

int Dispatch(const CLI::App& app, Choice& choice) {
  static const std::map<std::string, Verb> kRunVerbs = {
      {"submit", Verb::kSubmit},
      {"plan", Verb::kPlan},
      {"list", Verb::kList},
      {"delete", Verb::kDelete},
      {"sync", Verb::kSync}};
  const std::string name = app.get_subcommands().front()->get_name();
  if (const auto verb = kRunVerbs.find(name); verb != kRunVerbs.end()) {
    choice.command.verb = verb->second;
    if (choice.dry) choice.command.dry_run = true;
    if (choice.no_dry) choice.command.dry_run = false;
    return RunConfig(choice.command);
  }
  if (name == "status") return ShowStatus(choice.run);
  if (name == "runs") return ShowRuns();
  return ShowReport(choice.run, choice.command.details);
}

int Main(int argc, char** argv) {
  PrepareProcess();
  CLI::App app(
      "Deletes and syncs container images across registries, by policy.\n"
      "Example: coordinator submit config.yml",
      "coordinator");
  app.footer(
      "Exit status: 0 all done; 1 some actions failed; 2 command line or\n"
      "config wrong; 3 a registry, Redis or run cannot be reached; 4 "
      "interrupted,"
      "\nthe same command goes on.");
  app.set_version_flag("--version", kVersion);
  app.require_subcommand(1);
  Choice choice;
  for (const auto& [name, about] :
       {std::pair("submit", "carry the config out: sync, then delete"),
        std::pair("delete", "carry out the delete policy alone"),
        std::pair("sync", "carry out the sync policy alone")}) {
    CLI::App& verb = *app.add_subcommand(name, about);
    AddRunOptions(verb, choice);
    AddJournalOptions(verb, choice);
  }
  AddRunOptions(
      *app.add_subcommand("plan", "what would happen and why; changes nothing"),
      choice);
  AddRunOptions(
      *app.add_subcommand("list", "every image, as HOST/REPOSITORY:TAG"),
      choice);
  app.add_subcommand("status", "how a run stands")
      ->add_option("run", choice.run, "the run (default: the latest)");
  app.add_subcommand("runs", "every run");
  CLI::App& report = *app.add_subcommand("report", "what a run did");
  report.add_option("run", choice.run, "the run (default: the latest)");
  report.add_flag("--details", choice.command.details, "every action");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kAllDone : kUsage;
  }
  return Dispatch(app, choice);
}

}  // namespace
}  // namespace registry_manager

int main(int argc, char** argv) { return registry_manager::Main(argc, argv); }
