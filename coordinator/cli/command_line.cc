// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <sstream>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "common/base/version.h"
#include "common/config/nearest_name.h"
#include "common/reference/printable.h"
#include "coordinator/run/exit_status.h"

namespace registry_manager {
namespace {

constexpr char kProgram[] = "coordinator";
// The program that this one follows was called so: tools/registry-manager.
constexpr char kOtherName[] = "registry-manager";
constexpr char kAbout[] =
    "Deletes and syncs container images across registries, by policy, and "
    "picks up\nwhere it stopped.";

// Verbs by the place where help lists them.
constexpr struct {
  const char* name;
  const char* about;
  const char* example;
} kVerbs[] = {
    {"submit", "carry the config out: sync, then delete",
     "coordinator submit config.yml"},
    {"plan", "what would happen and why; changes nothing",
     "coordinator plan config.yml --details"},
    {"check", "config, addresses, credentials, permissions; changes nothing",
     "coordinator check config.yml"},
    {"list", "every image, as HOST/REPOSITORY:TAG",
     "coordinator list config.yml"},
    {"delete", "carry out the delete policy alone",
     "coordinator delete -c config.yml"},
    {"sync", "carry out the sync policy alone",
     "coordinator sync -c config.yml"},
    {"retry", "try a run's failed actions again, and nothing else",
     "coordinator retry 7F3K"},
    {"status", "how a run stands", "coordinator status"},
    {"runs", "every run", "coordinator runs"},
    {"report", "what a run did, and what failed",
     "coordinator report 7F3K --html report.html"},
    {"forget", "remove old runs from the disk of this machine",
     "coordinator forget --keep-runs 30"},
    {"completion", "a script that completes commands in your shell",
     "source <(coordinator completion bash)"},
    {"man", "the manual page", "coordinator man | man -l -"},
    {"help", "what a verb takes", "coordinator help submit"},
};

// The levels that the seed's program takes, and their numbers.
const std::map<std::string, int> kVerbosity = {
    {"0", 0},       {"1", 1},     {"2", 2},     {"3", 3},     {"4", 4},
    {"5", 5},       {"panic", 0}, {"fatal", 0}, {"error", 1}, {"warn", 2},
    {"warning", 2}, {"info", 3},  {"debug", 4}, {"trace", 5}};

// Turns a level's name into its number.
std::string ReadVerbosity(std::string& text) {
  const auto level = kVerbosity.find(absl::AsciiStrToLower(text));
  if (level == kVerbosity.end()) {
    return "write a number from 0 to 5, or error, warn, info, debug or trace";
  }
  text = absl::StrCat(level->second);
  return "";
}

// Returns the argument that a verb takes without a flag, "CONFIG" or "[RUN]";
// "": it takes none.
std::string ArgumentOf(const CLI::App& verb) {
  for (const CLI::Option* option : verb.get_options()) {
    if (!option->get_positional()) continue;
    if (option->nonpositional()) return "CONFIG";
    return option->get_required()
               ? option->get_option_text()
               : absl::StrCat("[", option->get_option_text(), "]");
  }
  return "";
}

// "coordinator plan CONFIG".
std::string CallOf(const std::string& program, const CLI::App& verb) {
  const std::string argument = ArgumentOf(verb);
  return absl::StrCat(program, " ", verb.get_name(),
                      argument.empty() ? "" : " ", argument);
}

// Opens with an example; says of a flag what it takes, and no more.
class Help : public CLI::Formatter {
 public:
  explicit Help(std::string program) : program_(std::move(program)) {
    column_width(26);
  }

  // The program's own fits into a window of 80 columns and 24 rows.
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override {
    if (app->get_parent() != nullptr) {
      return Formatter::make_help(app, name, mode);
    }
    std::string text = absl::StrCat(Example(kVerbs[0].example), kAbout,
                                    "\n\nUsage: ", program_,
                                    " VERB [FLAGS], or --help, or --version\n");
    for (const auto& verb : kVerbs) {
      absl::StrAppend(&text,
                      absl::StrFormat("  %-12s%s\n", verb.name, verb.about));
    }
    return absl::StrCat(text, app->get_footer(), "\n");
  }
  std::string make_description(const CLI::App* app) const override {
    std::string text;
    for (const auto& verb : kVerbs) {
      if (app->get_name() == verb.name) text = Example(verb.example);
    }
    return absl::StrCat(text, app->get_description(), "\n\n");
  }
  std::string make_usage(const CLI::App* app,
                         std::string /*name*/) const override {
    return absl::StrCat("Usage: ", CallOf(program_, *app), " [FLAGS]\n");
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    const std::string& text = option->get_option_text();
    return text.empty() ? "" : absl::StrCat(" ", text);
  }
  // It is among the flags, too.
  std::string make_positionals(const CLI::App* app) const override {
    return app->get_option_no_throw("--config") != nullptr
               ? ""
               : Formatter::make_positionals(app);
  }

 private:
  // Under the name that the program was called by.
  std::string Example(absl::string_view example) const {
    absl::ConsumePrefix(&example, kProgram);
    const bool is_own = absl::StartsWith(example, " ");
    return absl::StrCat("Example: ", is_own ? program_ : "", example, "\n\n");
  }

  const std::string program_;
};

// The flags of every verb that prints for people.
void AddOutputFlags(CLI::App& verb, RunCommand& command) {
  verb.add_flag("--json", command.json, "JSON on standard output");
}

void AddConfigFlags(CLI::App& verb, RunCommand& command) {
  verb.add_option("config,-c,--config", command.config,
                  "the config file; the same as CONFIG")
      ->required()
      ->option_text("FILE");
}

void AddRedisFlags(CLI::App& verb, RunCommand& command) {
  verb.add_option("--redis", command.redis,
                  "a Redis of yours: redis://HOST:PORT/DB, unix:///PATH")
      ->option_text("URL");
  verb.add_option("--redis-file", command.redis_file,
                  "a file with that URL, password and all")
      ->option_text("FILE");
}

void AddWorkFlags(CLI::App& verb, RunCommand& command) {
  verb.add_option("-r,--retry", command.retries,
                  "how often a request is repeated (3)")
      ->check(CLI::Range(0, 100))
      ->option_text("N");
  verb.add_option("-p,--process-limit", command.process_limit,
                  "requests at once, for every registry")
      ->check(CLI::Range(1, 1000))
      ->option_text("N");
  verb.add_option("-v,--verbosity", command.verbosity,
                  "what is logged: 0 to 5, or error … trace")
      ->transform(CLI::Validator(ReadVerbosity, "LEVEL", "verbosity"))
      ->option_text("LEVEL");
  verb.add_option_function<std::string>(
          "--log-format",
          [&command](const std::string& format) {
            command.log_json = format == "json";
          },
          "what is logged: text, or json, one object a line")
      ->check(CLI::IsMember({"text", "json"}))
      ->option_text("FORMAT");
  verb.add_option("--workers", command.workers, "worker processes (one a core)")
      ->check(CLI::Range(1, 256))
      ->option_text("N");
  verb.add_option("--slots", command.slots, "tasks at a time in a worker (4)")
      ->check(CLI::Range(1, 64))
      ->option_text("N");
  verb.add_flag("--details", command.details,
                "a line for every tag, with its reason");
  verb.add_flag_callback(
      "--no-progress", [&command] { command.progress = false; },
      "no display and no progress lines");
  AddOutputFlags(verb, command);
}

void AddKeepFlags(CLI::App& verb, RunLimits& keep) {
  constexpr int kMost = 1'000'000;
  verb.add_option("--keep-runs", keep.runs, "how many runs stay on disk (100)")
      ->check(CLI::Range(0, kMost))
      ->option_text("N");
  verb.add_option("--keep-days", keep.days, "for how many days (90)")
      ->check(CLI::Range(0, kMost))
      ->option_text("N");
}

void AddForgetFlags(CLI::App& verb, std::vector<std::string>& runs, bool& dry) {
  verb.add_option("runs", runs, "these runs, instead of the oldest")
      ->option_text("RUN")
      ->excludes("--keep-runs")
      ->excludes("--keep-days");
  verb.add_flag("--dry-run", dry, "say what would be removed");
}

void AddDryFlags(CLI::App& verb, bool& dry, bool& no_dry) {
  CLI::Option* dry_run = verb.add_flag(
      "--dry-run", dry, "change nothing, whatever the config says");
  verb.add_flag("--no-dry-run", no_dry,
                "carry it out, whatever the config says")
      ->excludes(dry_run);
}

std::string NameOf(const CLI::Option& option) {
  const auto& names = option.get_lnames();
  return names.empty() ? "" : absl::StrCat("--", names.front());
}

// Says which verb or flag does not exist; empty: something else is wrong.
std::string UnknownWord(const CLI::App& app, int argc,
                        const char* const* argv) {
  const CLI::App* verb = nullptr;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const bool is_flag = absl::StartsWith(word, "--") && word.size() > 2;
    if (verb == nullptr && absl::StartsWith(word, "-")) {
      return absl::StrCat("there is no flag '", Printable(word), "'",
                          word == "-v"
                              ? "; did you mean '--version'?"
                              : SuggestName(word, {"--help", "--version"},
                                            "before a verb there are"));
    }
    if (verb == nullptr && !absl::StartsWith(word, "-")) {
      std::vector<std::string> names;
      for (const CLI::App* known : app.get_subcommands({})) {
        if (known->get_name() == word) verb = known;
        names.push_back(known->get_name());
      }
      if (verb != nullptr) continue;
      return absl::StrCat("there is no verb '", Printable(word), "'",
                          SuggestName(word, names, "verbs are"));
    }
    if (!is_flag || verb == nullptr) continue;
    const std::string name = word.substr(0, word.find('='));
    if (verb->get_option_no_throw(name) != nullptr) continue;
    std::vector<std::string> names;
    for (const CLI::Option* option : verb->get_options()) {
      if (!NameOf(*option).empty()) names.push_back(NameOf(*option));
    }
    return absl::StrCat(verb->get_name(), " has no flag '", Printable(name),
                        "'", SuggestName(name, names, "its flags are"));
  }
  return "";
}

// Says what is missing; empty: something else is wrong.
std::string MissingWord(const CLI::App& app) {
  const std::vector<CLI::App*> verbs = app.get_subcommands();
  if (verbs.empty()) {
    return absl::StrCat("name a verb, such as: ", kVerbs[0].example, "; `",
                        kProgram, " help` lists them");
  }
  const CLI::App& verb = *verbs.front();
  const std::string argument = ArgumentOf(verb);
  if (argument.empty() || absl::StartsWith(argument, "[")) return "";
  return absl::StrCat(verb.get_name(), " needs a ", argument, ": ",
                      CallOf(kProgram, verb));
}

FlagHelp HelpOf(const CLI::Option& option) {
  FlagHelp flag;
  for (const std::string& name : option.get_snames()) {
    flag.names.push_back(absl::StrCat("-", name));
  }
  for (const std::string& name : option.get_lnames()) {
    flag.names.push_back(absl::StrCat("--", name));
  }
  flag.value = option.get_option_text();
  flag.about = option.get_description();
  return flag;
}

}  // namespace

CommandLine::CommandLine()
    : app_(std::make_unique<CLI::App>(kAbout, kProgram)) {
  app_->formatter(std::make_shared<Help>(kProgram));
  app_->set_version_flag("--version",
                         absl::StrCat("registry-manager ", kVersion));
  app_->require_subcommand(1);
  std::map<std::string, CLI::App*> verbs;
  for (const auto& verb : kVerbs) {
    verbs[verb.name] = app_->add_subcommand(verb.name, verb.about);
  }
  // Verbs made before do not take it over.
  app_->footer(
      "Exit status: 0 all done; 1 some actions failed; 2 the command line or "
      "the\n"
      "config is wrong; 3 a registry or Redis cannot be reached; 4 "
      "interrupted, "
      "the\nsame command goes on");
  RunCommand& command = command_.run_command;
  for (const char* name :
       {"submit", "delete", "sync", "plan", "list", "check"}) {
    AddConfigFlags(*verbs[name], command);
  }
  for (const char* name :
       {"submit", "delete", "sync", "plan", "list", "retry"}) {
    AddWorkFlags(*verbs[name], command);
  }
  for (const char* name : {"submit", "delete", "sync"}) {
    AddDryFlags(*verbs[name], dry_, no_dry_);
    verbs[name]->add_flag("--fresh", command.fresh,
                          "plan anew: do not go on with an unfinished run");
  }
  for (const char* name : {"submit", "delete", "sync", "retry", "forget"}) {
    AddKeepFlags(*verbs[name], command.keep);
  }
  AddForgetFlags(*verbs["forget"], command_.runs, dry_);
  for (const char* name :
       {"submit", "delete", "sync", "retry", "check", "forget"}) {
    AddRedisFlags(*verbs[name], command);
  }
  for (const char* name : {"check", "status", "runs", "report", "forget"}) {
    AddOutputFlags(*verbs[name], command);
  }
  for (const char* name : {"status", "report"}) {
    verbs[name]
        ->add_option("run", command_.run, "the run (the latest)")
        ->option_text("RUN");
  }
  verbs["retry"]
      ->add_option("run", command_.run,
                   "the run whose failures are tried again")
      ->required()
      ->option_text("RUN");
  verbs["report"]->add_flag("--details", command.details, "every action");
  verbs["report"]
      ->add_option("--html", command_.html_file,
                   "write a page that a browser shows (-: to standard output)")
      ->option_text("FILE");
  verbs["help"]->add_option("verb", help_of_, "the verb")->option_text("VERB");
  verbs["completion"]
      ->add_option("shell", command_.shell, "bash or zsh")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh"}))
      ->option_text("SHELL");
}

CommandLine::~CommandLine() = default;

std::optional<int> CommandLine::Parse(int argc, const char* const* argv) {
  const std::string called = std::filesystem::path(argv[0]).filename();
  if (called == kOtherName) {
    const auto help = std::make_shared<Help>(called);
    app_->formatter(help);
    for (CLI::App* verb : app_->get_subcommands({})) verb->formatter(help);
  }
  try {
    app_->parse(argc, argv);
  } catch (const CLI::Success& shown) {
    std::ostringstream text;
    const int exit_status = app_->exit(shown, text);
    printf("%s", text.str().c_str());
    return exit_status;
  } catch (const CLI::ParseError& error) {
    std::string wrong = UnknownWord(*app_, argc, argv);
    if (wrong.empty() && dynamic_cast<const CLI::RequiredError*>(&error)) {
      wrong = MissingWord(*app_);
    }
    if (wrong.empty()) {
      app_->exit(error);
    } else {
      fprintf(stderr, "%s\n", wrong.c_str());
    }
    return kUsage;
  }
  command_.verb = app_->get_subcommands().front()->get_name();
  if (command_.verb == "help") return ShowHelp();
  // Ids are of capital letters and digits.
  command_.run = absl::AsciiStrToUpper(command_.run);
  for (std::string& run : command_.runs) run = absl::AsciiStrToUpper(run);
  if (dry_) command_.run_command.dry_run = true;
  if (no_dry_) command_.run_command.dry_run = false;
  return std::nullopt;
}

int CommandLine::ShowHelp() const {
  std::vector<std::string> names;
  for (const CLI::App* verb : app_->get_subcommands({})) {
    names.push_back(verb->get_name());
    if (help_of_ != verb->get_name()) continue;
    printf("%s", verb->help().c_str());
    return kAllDone;
  }
  if (help_of_.empty()) {
    // help() would be that of the verb.
    printf("%s", app_->get_formatter()
                     ->make_help(app_.get(), "", CLI::AppFormatMode::Normal)
                     .c_str());
    return kAllDone;
  }
  fprintf(stderr, "there is no verb '%s'%s\n", Printable(help_of_).c_str(),
          SuggestName(help_of_, names, "verbs are").c_str());
  return kUsage;
}

ProgramHelp CommandLine::help() const {
  ProgramHelp program{kProgram, kVersion, kAbout, {}};
  for (const auto& known : kVerbs) {
    const CLI::App* app = app_->get_subcommand(known.name);
    VerbHelp verb{known.name, known.about, known.example, ArgumentOf(*app), {}};
    for (const CLI::Option* option : app->get_options()) {
      if (option->nonpositional()) verb.flags.push_back(HelpOf(*option));
    }
    program.verbs.push_back(std::move(verb));
  }
  return program;
}

}  // namespace registry_manager
