// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "coordinator/cli/verb_help.h"

namespace registry_manager {
namespace {

constexpr char kExitStatus[] = R"(.SH EXIT STATUS
.TP
.B 0
All done.
.TP
.B 1
Some actions failed; they are listed with their reasons.
.TP
.B 2
The command line or the config is wrong.
.TP
.B 3
A registry or Redis cannot be reached or refuses the credentials, or a run ended
incomplete because a registry stopped answering.
.TP
.B 4
Interrupted; the same command goes on.
)";

constexpr char kEnvironment[] = R"(.SH ENVIRONMENT
.TP
.B XDG_STATE_HOME
Runs are kept in its folder registry\-manager; otherwise in
.IR ~/.local/state/registry\-manager .
.TP
.B RM_REDIS_URL
A Redis of yours, with its password.
.TP
.B DOCKER_CONFIG
Where credentials are looked up that the config does not have.
.TP
.B NO_COLOR
Set to anything: no colors.
)";

constexpr char kFiles[] = R"(.SH FILES
.TP
.I ~/.local/state/registry\-manager/runs/RUN/snapshot.json
How a run stands, or stood in the end.
.TP
.I ~/.local/state/registry\-manager/runs/RUN/outcomes.jsonl
A line of JSON for every action of a run, with its reason.
.TP
.I ~/.local/state/registry\-manager/manifests
Content that was read from registries, by its digest. May be removed.
.TP
.I ~/.docker/config.json
Credentials that the config does not have.
)";

constexpr char kSeeAlso[] = R"(.SH SEE ALSO
.BR skopeo (1),
.BR redis\-server (1)
)";

// As troff takes it: a line that begins with a dot would be a request.
std::string Escaped(const std::string& text) {
  return absl::StrReplaceAll(
      text, {{"\\", "\\e"}, {"-", "\\-"}, {"\n.", "\n\\&."}, {"'", "\\(aq"}});
}

std::string Bold(const std::string& text) {
  return absl::StrCat("\\fB", Escaped(text), "\\fR");
}

std::string FlagText(const FlagHelp& flag) {
  std::string names = absl::StrJoin(
      flag.names, ", ", [](std::string* out, const std::string& name) {
        absl::StrAppend(out, Bold(name));
      });
  if (!flag.value.empty()) {
    absl::StrAppend(&names, " \\fI", Escaped(flag.value), "\\fR");
  }
  return absl::StrCat(".TP\n", names, "\n", Escaped(flag.about), "\n");
}

std::string VerbText(const VerbHelp& verb) {
  std::string text =
      absl::StrCat(".SS ", Escaped(verb.name), " ", Escaped(verb.argument),
                   "\n", Escaped(verb.about), ".\n");
  for (const FlagHelp& flag : verb.flags) text += FlagText(flag);
  return text;
}

}  // namespace

std::string ManPage(const ProgramHelp& program) {
  std::string page = absl::StrCat(
      ".TH ", absl::AsciiStrToUpper(program.name),
      " 1 \"\" \"registry-manager ", program.version, "\"\n.SH NAME\n",
      Escaped(program.name),
      " \\- delete and sync container images across registries, by policy\n"
      ".SH SYNOPSIS\n",
      Bold(program.name), " \\fIVERB\\fR [\\fIFLAGS\\fR]\n.SH DESCRIPTION\n",
      Escaped(program.about), "\n.SH VERBS\n");
  std::string examples = ".SH EXAMPLES\n";
  for (const VerbHelp& verb : program.verbs) {
    page += VerbText(verb);
    absl::StrAppend(&examples, ".TP\n", Bold(verb.example), "\n",
                    Escaped(verb.about), "\n");
  }
  return absl::StrCat(page, kExitStatus, kEnvironment, kFiles, examples,
                      kSeeAlso);
}

}  // namespace registry_manager
