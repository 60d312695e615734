// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/report/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace registry_manager {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

// 2026-11-24 02:00:00 UTC.
constexpr int64_t kBegun = 1795485600;

// A finished run without failures.
Report CleanReport() {
  Report report;
  report.run.set_run("7F3K");
  report.run.set_verb("submit");
  report.run.set_config_path("/etc/rm.yml");
  report.run.set_state(proto::RunSnapshot::FINISHED);
  report.run.set_begun_unix(kBegun);
  report.run.set_updated_unix(kBegun + 7200);
  report.run.mutable_totals()->set_tags(33104);
  report.run.mutable_totals()->set_deleted(3201);
  return report;
}

OutcomeRecord FailedDeletion(const std::string& repository,
                             const std::string& reason) {
  OutcomeRecord record;
  record.time = kBegun;
  record.policy = "delete";
  record.registry = "https://a.example";
  record.repository = repository;
  record.action = "delete";
  record.result = "failed";
  record.reference = "1.0";
  record.reason = reason;
  return record;
}

void AddFailure(const OutcomeRecord& record, Report& report) {
  report.failures.push_back(record);
  ++report.failures_total;
  report.run.mutable_totals()->set_failed(report.failures_total);
}

constexpr absl::string_view kHostile = R"(<script>alert("1")</script>'&)";

// A report whose every text is hostile, and the names of these texts.
Report HostileReport(std::vector<std::string>& names) {
  const auto hostile = [&](absl::string_view name) {
    names.emplace_back(name);
    return absl::StrCat(name, kHostile);
  };
  Report report = CleanReport();
  proto::RunSnapshot& run = report.run;
  run.set_run(hostile("run"));
  run.set_verb(hostile("verb"));
  run.set_config_path(hostile("config"));
  run.set_retry_of(hostile("retry"));
  run.add_notes(hostile("note"));
  proto::StreamSnapshot& stream = *run.add_streams();
  stream.set_policy(hostile("streampolicy"));
  stream.set_registry(hostile("streamregistry"));
  stream.set_target(hostile("streamtarget"));
  stream.set_problem(hostile("streamproblem"));
  OutcomeRecord failure;
  failure.registry = hostile("registry");
  failure.target = hostile("target");
  failure.repository = hostile("repository");
  failure.target_repository = hostile("targetrepository");
  failure.action = hostile("action");
  failure.reference = hostile("reference");
  failure.reason = hostile("reason");
  AddFailure(failure, report);
  report.slowest.push_back({hostile("workpolicy"),
                            hostile("workregistry"),
                            hostile("worktarget"),
                            hostile("workrepository"),
                            hostile("worktargetrepository"),
                            1.5,
                            {}});
  report.not_carried_out.push_back({hostile("leftpolicy"),
                                    hostile("leftregistry"),
                                    hostile("lefttarget"),
                                    hostile("leftreason"),
                                    1,
                                    {hostile("leftrepository")}});
  report.outcomes_file = hostile("outcomes");
  return report;
}

size_t Occurrences(absl::string_view page, absl::string_view text) {
  size_t count = 0;
  for (size_t at = page.find(text); at != page.npos;
       at = page.find(text, at + text.size())) {
    ++count;
  }
  return count;
}

// What stands wrong about the page's tags, "" where every one that is opened
// is closed, in order.
std::string TagError(absl::string_view page) {
  std::vector<std::string> open;
  for (size_t at = page.find('<'); at != page.npos; at = page.find('<', at)) {
    const size_t end = page.find('>', at);
    if (end == page.npos) return "a tag does not end";
    absl::string_view tag = page.substr(at + 1, end - at - 1);
    at = end;
    const std::string name(tag.substr(0, tag.find_first_of(" /", 1)));
    if (tag[0] == '/') {
      if (open.empty() || absl::StrCat("/", open.back()) != tag) {
        return absl::StrCat("no place for <", tag, ">");
      }
      open.pop_back();
    } else if (tag.back() != '/' && name != "meta" && name != "!doctype") {
      open.push_back(name);
    }
  }
  return open.empty() ? "" : absl::StrCat("not closed: ", open.back());
}

TEST(HtmlReportTest, ARepositoryCalledLikeATagIsText) {
  Report report = CleanReport();
  AddFailure(FailedDeletion("<script>alert(1)</script>", R"("a" & 'b')"),
             report);
  const std::string page = HtmlReport(report);
  EXPECT_THAT(
      page,
      HasSubstr("a.example/&lt;script&gt;alert(1)&lt;/script&gt;:1.0</code>"));
  EXPECT_THAT(page, HasSubstr(">&quot;a&quot; &amp; &#39;b&#39;<"));
}

TEST(HtmlReportTest, NoTextFromOutsideIsTakenForHtml) {
  std::vector<std::string> names;
  const std::string page = HtmlReport(HostileReport(names));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("alert(\"")));
  EXPECT_EQ(names.size(), 27);
  for (const std::string& name : names) {
    EXPECT_THAT(page,
                HasSubstr(absl::StrCat(name,
                                       "&lt;script&gt;alert(&quot;1&quot;)&lt;/"
                                       "script&gt;&#39;&amp;")));
  }
}

TEST(HtmlReportTest, ControlCharactersAreMadeVisible) {
  Report report = CleanReport();
  AddFailure(FailedDeletion("a\x1b[2J", "one\ntwo\xff"), report);
  const std::string page = HtmlReport(report);
  EXPECT_THAT(page, HasSubstr("a\\x1b[2J:1.0"));
  EXPECT_THAT(page, HasSubstr("one\\x0atwo\\xff"));
  EXPECT_THAT(page, Not(HasSubstr("\x1b")));
}

TEST(HtmlReportTest, NeedsNothingButItself) {
  std::vector<std::string> names;
  Report report = HostileReport(names);
  report.timeline = {{1, 1}};
  const std::string page = HtmlReport(report);
  for (const char* loads :
       {"<script", "<link", "<img", "<iframe", "<use", "src=", "href=", "url(",
        "@import", "http://", "https://"}) {
    EXPECT_THAT(page, Not(HasSubstr(loads)));
  }
  EXPECT_THAT(page, HasSubstr("content=\"default-src 'none'; "
                              "style-src 'unsafe-inline'\""));
}

TEST(HtmlReportTest, IsWellFormed) {
  std::vector<std::string> names;
  Report report = HostileReport(names);
  report.timeline = {{1, 1}, {0, 0}, {3, 0}};
  EXPECT_EQ(TagError(HtmlReport(report)), "");
  EXPECT_EQ(TagError(HtmlReport(CleanReport())), "");
}

TEST(HtmlReportTest, AnEmptyReportIsAPageToo) {
  const std::string page = HtmlReport(Report());
  EXPECT_EQ(TagError(page), "");
  EXPECT_THAT(page, Not(AnyOf(HasSubstr("<svg"), HasSubstr("<table"),
                              HasSubstr("1970"))));
}

TEST(HtmlReportTest, SaysHowTheRunStands) {
  Report report = CleanReport();
  EXPECT_THAT(HtmlReport(report),
              HasSubstr("<title>Run 7F3K: finished</title>"));
  report.run.mutable_totals()->set_failed(1);
  EXPECT_THAT(HtmlReport(report),
              HasSubstr("<title>Run 7F3K: finished with failures</title>"));
  EXPECT_THAT(HtmlReport(report),
              HasSubstr("<code>coordinator retry 7F3K</code> tries again"));
  report.run.set_state(proto::RunSnapshot::INCOMPLETE);
  EXPECT_THAT(HtmlReport(report), HasSubstr("<title>Run 7F3K: incomplete<"));
  report.run.set_state(proto::RunSnapshot::INTERRUPTED);
  EXPECT_THAT(
      HtmlReport(report),
      HasSubstr("<code>coordinator submit /etc/rm.yml</code> resumes it"));
  report.run.set_state(proto::RunSnapshot::ABANDONED);
  EXPECT_THAT(HtmlReport(report), HasSubstr("abandoned for a new run"));
  report.run.set_state(proto::RunSnapshot::RUNNING);
  report.run.set_pid(4711);
  EXPECT_THAT(HtmlReport(report),
              HasSubstr("when process 4711 last updated it."));
}

TEST(HtmlReportTest, SaysWhenItWasInLocalTime) {
  setenv("TZ", "UTC", 1);
  const std::string page = HtmlReport(CleanReport());
  EXPECT_THAT(page, HasSubstr("<dt>Begun</dt><dd>2026-11-24 02:00:00</dd>"));
  EXPECT_THAT(page, HasSubstr("<dt>Ended</dt><dd>2026-11-24 04:00:00</dd>"));
  EXPECT_THAT(page, HasSubstr("<dt>Duration</dt><dd>2 h 0 min</dd>"));
}

TEST(HtmlReportTest, ADryRunSaysThatNothingWasChanged) {
  Report report = CleanReport();
  EXPECT_THAT(HtmlReport(report), Not(HasSubstr("Nothing was changed")));
  report.run.set_dry_run(true);
  report.timeline = {{1, 0}};
  const std::string page = HtmlReport(report);
  EXPECT_THAT(page, HasSubstr(">dry run<"));
  EXPECT_THAT(page, HasSubstr("Nothing was changed. 33,104 tags: "));
  EXPECT_THAT(page, HasSubstr("1 planned, 0 failed</title>"));
}

TEST(HtmlReportTest, FailuresStandBeforeTheFigures) {
  Report report = CleanReport();
  AddFailure(FailedDeletion("app", "it is refused"), report);
  const std::string page = HtmlReport(report);
  ASSERT_THAT(page, HasSubstr("it is refused"));
  EXPECT_LT(page.find("it is refused"), page.find("tags looked at"));
}

TEST(HtmlReportTest, ARunWithoutFailuresSaysSo) {
  const std::string page = HtmlReport(CleanReport());
  EXPECT_THAT(page, HasSubstr("Nothing failed."));
  EXPECT_THAT(page, Not(HasSubstr("<table")));
}

TEST(HtmlReportTest, FailuresThatLeftNoRecordAreNotDenied) {
  Report report = CleanReport();
  report.run.mutable_totals()->set_failed(2);
  const std::string page = HtmlReport(report);
  EXPECT_THAT(page, Not(HasSubstr("Nothing failed.")));
  EXPECT_THAT(page, HasSubstr("2 failed; the outcomes hold no record of them"));
}

TEST(HtmlReportTest, FailuresThatWereMadeGoodAreSaidToBe) {
  Report report = CleanReport();
  AddFailure(FailedDeletion("app", "busy"), report);
  EXPECT_THAT(HtmlReport(report), Not(HasSubstr("tried again")));
  report.run.mutable_totals()->set_failed(0);
  EXPECT_THAT(HtmlReport(report), HasSubstr("What failed was tried again"));
}

TEST(HtmlReportTest, FailuresOfOneKindAreOneRow) {
  Report report = CleanReport();
  for (int i = 0; i < 30; ++i) {
    const std::string repository = absl::StrCat("team/app-", i);
    const std::string digest = absl::StrCat("sha256:", std::string(60, 'a'), i);
    AddFailure(
        FailedDeletion(repository,
                       absl::StrCat("DELETE https://a.example/v2/", repository,
                                    "/manifests/", digest, ": HTTP 500")),
        report);
  }
  AddFailure(FailedDeletion("team/app-0", "tag 1.0 is odd"), report);
  const std::string page = HtmlReport(report);
  EXPECT_EQ(Occurrences(page, "<td class='reason'>"), 2);
  EXPECT_THAT(page, HasSubstr("DELETE https://a.example/v2/…/manifests/"
                              "sha256:…: HTTP 500<"));
  EXPECT_THAT(page, HasSubstr("30 times"));
  EXPECT_THAT(page, HasSubstr("and 5 more<"));
  EXPECT_THAT(page, HasSubstr("tag 1.0 is odd"));
}

TEST(HtmlReportTest, NamesWhatWasNotCarriedOutAndWhereEveryActionIs) {
  Report report = CleanReport();
  report.not_carried_out.push_back(
      {"delete", "https://a.example", "", "its sync failed", 12, {"r1", "r2"}});
  report.outcomes_file = "/state/runs/7F3K/outcomes.jsonl";
  const std::string page = HtmlReport(report);
  EXPECT_THAT(page, HasSubstr("<b>delete a.example</b>: its sync failed: "
                              "<code>r1</code>, <code>r2</code> and 10 more"));
  EXPECT_THAT(page,
              HasSubstr("in <code>/state/runs/7F3K/outcomes.jsonl</code>."));
}

TEST(HtmlReportTest, TenThousandFailuresStayASmallPage) {
  Report report = CleanReport();
  for (int i = 0; i < 10000; ++i) {
    AddFailure(FailedDeletion(absl::StrCat(i, std::string(250, '"')),
                              absl::StrCat(i, std::string(5000, '&'))),
               report);
  }
  report.failures_total = 10400;
  const std::string page = HtmlReport(report);
  EXPECT_LT(page.size(), 4'000'000);
  EXPECT_THAT(page, HasSubstr("400 are shown, 10,000 more are in the run's "
                              "outcomes.jsonl."));
}

TEST(HtmlReportTest, FiguresAreGroupedAndNoneIsZero) {
  Report report = CleanReport();
  report.run.mutable_totals()->set_bytes_copied(uint64_t{3} << 30);
  report.run.mutable_totals()->set_throttled_ms(307000);
  const std::string page = HtmlReport(report);
  EXPECT_THAT(page, HasSubstr("<dt>tags looked at</dt><dd>33,104</dd>"));
  EXPECT_THAT(page, HasSubstr("<dt>deleted</dt><dd>3,201</dd>"));
  EXPECT_THAT(page, HasSubstr("<dd>3.0 GiB</dd>"));
  EXPECT_THAT(
      page,
      HasSubstr("<dt>waited because a registry asked to (Retry-After)</dt>"
                "<dd>5 min 7 s</dd>"));
  EXPECT_THAT(page, Not(HasSubstr("<dd>0</dd>")));
  EXPECT_THAT(page, Not(HasSubstr("mounted")));
}

TEST(HtmlReportTest, TheChartHasABarForEveryIntervalThatIsNotEmpty) {
  Report report = CleanReport();
  report.timeline = {{5, 0}, {0, 0}, {0, 2}, {3, 1}};
  const std::string page = HtmlReport(report);
  EXPECT_EQ(Occurrences(page, "<g class='interval'>"), 3);
  EXPECT_EQ(Occurrences(page, "<rect class='done'"), 2);
  EXPECT_EQ(Occurrences(page, "<rect class='failed'"), 2);
}

TEST(HtmlReportTest, BarsAreStackedToScale) {
  Report report = CleanReport();
  report.timeline = {{5, 0}, {3, 3}};
  const std::string page = HtmlReport(report);
  EXPECT_THAT(page, HasSubstr("<rect class='done' x='0.00%' y='16.67%' "
                              "width='10.00%' height='83.33%'/>"));
  EXPECT_THAT(page, HasSubstr("<rect class='done' x='50.00%' y='50.00%' "
                              "width='10.00%' height='50.00%'/>"
                              "<rect class='failed' x='50.00%' y='0.00%' "
                              "width='10.00%' height='50.00%'/>"));
}

TEST(HtmlReportTest, OneFailureAmongThousandsCanBeSeen) {
  Report report = CleanReport();
  report.timeline = {{9999, 1}};
  EXPECT_THAT(
      HtmlReport(report),
      ::testing::ContainsRegex("<rect class='failed' [^>]* height='2.50%'/>"));
}

TEST(HtmlReportTest, TheChartIsMarkedWithRoundTimesAndCounts) {
  setenv("TZ", "UTC", 1);
  Report report = CleanReport();
  report.interval_seconds = 120;
  report.timeline.assign(60, {117, 0});
  const std::string page = HtmlReport(report);
  for (const char* mark : {">02:00<", ">02:30<", ">04:00<", ">60<", ">120<"}) {
    EXPECT_THAT(page, HasSubstr(mark));
  }
  EXPECT_THAT(page, HasSubstr("02:02:00–02:04:00: 117 done, 0 failed"));
}

TEST(HtmlReportTest, AMarkAtMidnightNamesTheDay) {
  setenv("TZ", "UTC", 1);
  Report report = CleanReport();
  report.run.set_begun_unix(kBegun + 20 * 3600);
  report.interval_seconds = 3600;
  report.timeline.assign(6, {1, 0});
  EXPECT_THAT(HtmlReport(report), HasSubstr(">25 Nov<"));
}

TEST(HtmlReportTest, ARegistrysBarSharesOutItsRepositories) {
  Report report = CleanReport();
  proto::StreamSnapshot& stream = *report.run.add_streams();
  stream.set_policy("sync");
  stream.set_registry("https://a.example");
  stream.set_target("https://b.example");
  stream.set_repositories(1204);
  stream.set_done(1000);
  stream.set_skipped(100);
  stream.set_not_carried_out(40);
  stream.set_failed(20);
  stream.set_set_aside(50);
  const std::string page = HtmlReport(report);
  EXPECT_THAT(page, HasSubstr("a.example → b.example"));
  EXPECT_THAT(page, HasSubstr("at least 1,204 repositories"));
  EXPECT_THAT(page, HasSubstr("<i class='done' style='flex:1000'></i>"
                              "<i class='idle' style='flex:60'></i>"
                              "<i class='failed' style='flex:20'></i>"
                              "<i class='left' style='flex:40'></i>"
                              "<i class='aside' style='flex:50'></i>"
                              "<i class='open' style='flex:34'></i>"));
  for (const char* words :
       {"1,000 done", "60 with nothing to do", "20 with failures",
        "40 not carried out", "50 set aside", "34 not yet"}) {
    EXPECT_THAT(page, HasSubstr(words));
  }
}

TEST(HtmlReportTest, ARegistryWithAProblemStandsFirst) {
  Report report = CleanReport();
  report.run.add_streams()->set_registry("https://fine.example");
  proto::StreamSnapshot& stream = *report.run.add_streams();
  stream.set_registry("https://ill.example");
  stream.set_problem("it does not delete");
  const std::string page = HtmlReport(report);
  EXPECT_THAT(page, HasSubstr("it does not delete"));
  EXPECT_LT(page.find("ill.example"), page.find("fine.example"));
}

TEST(HtmlReportTest, TheSlowestRepositoriesSayWhatTookSoLong) {
  Report report = CleanReport();
  Report::RepositoryWork work{
      "delete", "https://a.example", "", "app", "", 4213.25, {}};
  work.counts.set_requests(12000);
  work.counts.set_deleted(3000);
  report.slowest = {work};
  const std::string page = HtmlReport(report);
  for (const char* text :
       {">4,213.3<", "a.example/app<", ">12,000<", ">3,000 deleted<"}) {
    EXPECT_THAT(page, HasSubstr(text));
  }
}

TEST(HtmlReportTest, NotesStandAtTheEnd) {
  Report report = CleanReport();
  report.run.add_notes("it was resumed");
  const std::string page = HtmlReport(report);
  EXPECT_THAT(page, HasSubstr("<li>it was resumed</li>"));
  EXPECT_THAT(page, HasSubstr("run the registry's garbage collection"));
  EXPECT_GT(page.find("it was resumed"), page.find("tags looked at"));
}

}  // namespace
}  // namespace registry_manager
