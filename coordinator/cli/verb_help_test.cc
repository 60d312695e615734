// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/cli/verb_help.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"

namespace registry_manager {
namespace {

ProgramHelp Program() {
  return {"tool",
          "1.2",
          "Does things.",
          {{"submit",
            "carry it out",
            "tool submit a.yml",
            "FILE",
            {{{"-c", "--config"}, "FILE", "the file"},
             {{"--fresh"}, "", "don't go on"}}},
           {"report", "what it did", "tool report", "[RUN]", {}}}};
}

TEST(ManPageTest, HasTheSectionsOfAManualInTheirOrder) {
  const std::string page = ManPage(Program());
  size_t last = 0;
  for (const char* section :
       {".TH TOOL 1", ".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION",
        ".SH VERBS", ".SH EXIT STATUS", ".SH ENVIRONMENT", ".SH FILES",
        ".SH EXAMPLES", ".SH SEE ALSO"}) {
    const size_t place = page.find(section);
    ASSERT_NE(place, std::string::npos) << section;
    EXPECT_GE(place, last) << section;
    last = place;
  }
}

TEST(ManPageTest, NamesVerbsFlagsAndExamples) {
  const std::string page = ManPage(Program());
  EXPECT_TRUE(absl::StrContains(page, ".SS submit FILE\n"));
  EXPECT_TRUE(absl::StrContains(
      page, ".TP\n\\fBtool submit a.yml\\fR\ncarry it out\n"));
  EXPECT_TRUE(absl::StrContains(
      page, "\\fB\\-c\\fR, \\fB\\-\\-config\\fR \\fIFILE\\fR\nthe file\n"));
}

TEST(ManPageTest, TextIsNoRequestOfTroffs) {
  ProgramHelp program = Program();
  program.about = "First\n.so /etc/passwd \\x";
  EXPECT_TRUE(
      absl::StrContains(ManPage(program), "First\n\\&.so /etc/passwd \\ex"));
}

TEST(BashCompletionTest, OffersVerbsFlagsAndFiles) {
  const std::string script = BashCompletion(Program());
  EXPECT_TRUE(absl::StrContains(
      script, "compgen -W \"submit report --help --version\""));
  EXPECT_TRUE(absl::StrContains(script, "compgen -W \"-c --config --fresh\""));
  EXPECT_TRUE(absl::StrContains(
      script, "-c|--config) COMPREPLY=($(compgen -f -- \"$word\")); return"));
  EXPECT_TRUE(absl::StrContains(
      script, "complete -o filenames -F _tool_complete tool"));
}

TEST(ZshCompletionTest, QuotesWhatFlagsSay) {
  const std::string script = ZshCompletion(Program());
  EXPECT_TRUE(absl::StartsWith(script, "#compdef tool registry-manager\n"));
  EXPECT_TRUE(absl::StrContains(script, "'--fresh[don'\\''t go on]'"));
  EXPECT_TRUE(absl::StrContains(script, "'-c[the file]:file:_files'"));
}

}  // namespace
}  // namespace registry_manager
