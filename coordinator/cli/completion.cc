// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "coordinator/cli/verb_help.h"

namespace registry_manager {
namespace {

constexpr char kRunsFolder[] =
    "${XDG_STATE_HOME:-$HOME/.local/state}/registry-manager/runs";

// Fixed sets of values, by what help calls them.
std::string ChoicesOf(const std::string& value) {
  if (value == "LEVEL") return "error warn info debug trace";
  if (value == "FORMAT") return "text json";
  if (value == "SHELL") return "bash zsh";
  return "";
}

std::string FlagNames(const VerbHelp& verb) {
  return absl::StrJoin(verb.flags, " ",
                       [](std::string* out, const FlagHelp& flag) {
                         absl::StrAppend(out, absl::StrJoin(flag.names, " "));
                       });
}

// Returns the code by which a bash completion offers words for a value.
std::string BashValues(absl::string_view value) {
  absl::ConsumePrefix(&value, "[");
  absl::ConsumeSuffix(&value, "]");
  if (value == "FILE" || value == "CONFIG") {
    return "COMPREPLY=($(compgen -f -- \"$word\"))";
  }
  if (value == "RUN") {
    return absl::StrCat("COMPREPLY=($(compgen -W \"$(ls \"", kRunsFolder,
                        "\" 2>/dev/null)\" -- \"$word\"))");
  }
  return absl::StrCat("COMPREPLY=($(compgen -W \"",
                      ChoicesOf(std::string(value)), "\" -- \"$word\"))");
}

std::string BashVerb(const VerbHelp& verb) {
  std::string text = absl::StrCat("    ", verb.name, ")\n");
  std::string values;
  for (const FlagHelp& flag : verb.flags) {
    if (flag.value.empty()) continue;
    absl::StrAppend(&values, "        ", absl::StrJoin(flag.names, "|"), ") ",
                    BashValues(flag.value), "; return ;;\n");
  }
  if (!values.empty()) {
    absl::StrAppend(&text, "      case \"$before\" in\n", values,
                    "      esac\n");
  }
  absl::StrAppend(&text, "      if [[ $word == -* ]]; then\n",
                  "        COMPREPLY=($(compgen -W \"", FlagNames(verb),
                  "\" -- \"$word\"))\n");
  if (!verb.argument.empty()) {
    absl::StrAppend(&text, "      else\n        ", BashValues(verb.argument),
                    "\n");
  }
  return absl::StrCat(text, "      fi ;;\n");
}

// Text between single quotes and brackets of a zsh specification.
std::string ZshText(const std::string& text) {
  return absl::StrReplaceAll(
      text, {{"'", "'\\''"}, {"[", "\\["}, {"]", "\\]"}, {":", "\\:"}});
}

std::string ZshValues(absl::string_view value) {
  absl::ConsumePrefix(&value, "[");
  absl::ConsumeSuffix(&value, "]");
  const std::string name(value);
  if (value == "FILE" || value == "CONFIG") return ":file:_files";
  if (value == "RUN") {
    return absl::StrCat(":run:_files -W \"", kRunsFolder, "\" -/");
  }
  return absl::StrCat(":", name, ":(", ChoicesOf(name), ")");
}

std::string ZshVerb(const VerbHelp& verb) {
  std::string text = absl::StrCat("      ", verb.name, ")\n        _arguments");
  for (const FlagHelp& flag : verb.flags) {
    for (const std::string& name : flag.names) {
      absl::StrAppend(&text, " \\\n          '", name, "[", ZshText(flag.about),
                      "]", flag.value.empty() ? "" : ZshValues(flag.value),
                      "'");
    }
  }
  if (!verb.argument.empty()) {
    absl::StrAppend(&text, " \\\n          '1", ZshValues(verb.argument), "'");
  }
  return absl::StrCat(text, " ;;\n");
}

}  // namespace

std::string BashCompletion(const ProgramHelp& program) {
  std::string verbs, names;
  for (const VerbHelp& verb : program.verbs) {
    absl::StrAppend(&names, names.empty() ? "" : " ", verb.name);
    verbs += BashVerb(verb);
  }
  return absl::StrCat("_", program.name,
                      "_complete() {\n"
                      "  local word=\"${COMP_WORDS[COMP_CWORD]}\"\n"
                      "  local before=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
                      "  COMPREPLY=()\n"
                      "  if [[ $COMP_CWORD -eq 1 ]]; then\n"
                      "    COMPREPLY=($(compgen -W \"",
                      names,
                      " --help --version\" -- \"$word\"))\n"
                      "    return\n"
                      "  fi\n"
                      "  case \"${COMP_WORDS[1]}\" in\n",
                      verbs, "  esac\n}\ncomplete -o filenames -F _",
                      program.name, "_complete ", program.name,
                      " registry-manager\n");
}

std::string ZshCompletion(const ProgramHelp& program) {
  std::string verbs, names;
  for (const VerbHelp& verb : program.verbs) {
    absl::StrAppend(&names, "      '", verb.name, ":", ZshText(verb.about),
                    "'\n");
    verbs += ZshVerb(verb);
  }
  return absl::StrCat(
      "#compdef ", program.name, " registry-manager\n_", program.name,
      "() {\n"
      "  if (( CURRENT == 2 )); then\n"
      "    local -a verbs=(\n",
      names,
      "    )\n"
      "    _describe verb verbs\n"
      "    return\n"
      "  fi\n"
      "  local verb=$words[2]\n"
      "  shift words\n"
      "  (( CURRENT-- ))\n"
      "  case $verb in\n",
      verbs, "  esac\n}\nif [[ $funcstack[1] == _", program.name,
      " ]]; then\n  _", program.name, " \"$@\"\nelse\n  compdef _",
      program.name, " ", program.name, " registry-manager\nfi\n");
}

}  // namespace registry_manager
