// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/report/html.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "coordinator/report/html_chart.h"
#include "coordinator/report/html_failures.h"
#include "coordinator/report/html_parts.h"
#include "coordinator/report/html_style.h"
#include "coordinator/words/count_words.h"
#include "coordinator/words/text.h"

namespace registry_manager {
namespace {

constexpr absl::string_view kHead =
    "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>\n"
    "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; "
    "style-src 'unsafe-inline'\">\n"
    "<meta name='viewport' content='width=device-width, initial-scale=1'>\n"
    "<meta name='color-scheme' content='light dark'>\n";

std::string Pair(absl::string_view term, absl::string_view description,
                 absl::string_view element = "div") {
  return absl::StrCat(
      In(element, absl::StrCat(In("dt", term), In("dd", description))), "\n");
}

struct Standing {
  const char* look;
  const char* words;
  // HTML.
  std::string advice;
};

// The command that the run came from.
std::string Again(const proto::RunSnapshot& run) {
  if (!run.retry_of().empty()) {
    return Code(absl::StrCat("coordinator retry ", run.retry_of()));
  }
  return Code(absl::StrCat(
      "coordinator ", run.verb(), " ",
      run.config_path().empty() ? run.config() : run.config_path()));
}

Standing StandingOf(const proto::RunSnapshot& run) {
  const bool goes_on = run.verb() != "plan" && run.verb() != "list";
  switch (run.state()) {
    case proto::RunSnapshot::RUNNING:
      return {"live", "running",
              absl::StrCat("This is how it stood when process ", run.pid(),
                           " last updated it.")};
    case proto::RunSnapshot::INTERRUPTED:
      return {"warn", "interrupted",
              goes_on ? absl::StrCat(Again(run), " resumes it.") : ""};
    case proto::RunSnapshot::INCOMPLETE:
      return {"warn", "incomplete",
              goes_on ? absl::StrCat("Once the registries that were set "
                                     "aside answer, ",
                                     Again(run), " resumes it.")
                      : "A registry was set aside."};
    case proto::RunSnapshot::ABANDONED:
      return {"warn", "interrupted", "It was abandoned for a new run."};
    default:
      if (run.totals().failed() == 0) return {"good", "finished", ""};
      return {"bad", "finished with failures",
              goes_on ? absl::StrCat(
                            Code(absl::StrCat("coordinator retry ", run.run())),
                            " tries again what failed.")
                      : ""};
  }
}

std::string NameOf(const proto::RunSnapshot& run) {
  if (run.verb() == "plan") return "The plan";
  return absl::StrCat("Run ", Escape(run.run()));
}

std::string Facts(const proto::RunSnapshot& run) {
  const std::string& config =
      run.config_path().empty() ? run.config() : run.config_path();
  std::string facts;
  if (!config.empty()) facts += Pair("Config", Code(config));
  if (run.begun_unix() > 0) {
    const bool has_ended = run.state() == proto::RunSnapshot::FINISHED ||
                           run.state() == proto::RunSnapshot::INCOMPLETE;
    absl::StrAppend(
        &facts, Pair("Begun", TimeText(run.begun_unix())),
        Pair(has_ended ? "Ended" : "Last news", TimeText(run.updated_unix())),
        Pair("Duration", DurationText(Lasted(run))));
  }
  if (!run.retry_of().empty()) {
    facts += Pair("Retries the failures of",
                  absl::StrCat("run ", Escape(run.retry_of())));
  }
  return facts.empty() ? "" : In("dl class='facts'", facts);
}

std::string Header(const proto::RunSnapshot& run) {
  const Standing standing = StandingOf(run);
  std::string title =
      absl::StrCat(In("h1", NameOf(run)),
                   In(absl::StrCat("span class='badge ", standing.look, "'"),
                      standing.words));
  std::string lead;
  if (run.dry_run()) {
    title += In("span class='badge'", "dry run");
    lead = "Nothing was changed. ";
  }
  if (run.totals().tags() > 0) {
    absl::StrAppend(&lead, CountsLine(run.totals()), ". ");
  }
  lead += standing.advice;
  return In("header",
            absl::StrCat(In("p class='kind'", absl::StrCat("registry-manager ",
                                                           Escape(run.verb()))),
                         In("div class='title'", title), "\n",
                         In("p class='lead'", lead), "\n", Facts(run)));
}

std::string InUnit(uint64_t number, CountWords::Unit unit) {
  switch (unit) {
    case CountWords::Unit::kBytes:
      return Bytes(number);
    case CountWords::Unit::kMilliseconds:
      return DurationText(absl::Milliseconds(number));
    case CountWords::Unit::kNumber:
      break;
  }
  return Number(number);
}

std::string Figures(const proto::Counts& counts) {
  std::string figures;
  for (const CountWords& words : AllCountWords()) {
    const uint64_t number = words.count(counts);
    if (number == 0) continue;
    const std::string text = InUnit(number, words.unit);
    figures += words.group == CountGroup::kFailed
                   ? Pair(words.many, text, "div class='failed'")
                   : Pair(words.many, text);
  }
  return figures.empty()
             ? ""
             : Section("Figures", In("dl class='figures'", figures));
}

std::string StreamBar(const proto::StreamSnapshot& stream) {
  const uint64_t left = std::min(stream.not_carried_out(), stream.skipped());
  const uint64_t known =
      stream.done() + stream.skipped() + stream.failed() + stream.set_aside();
  const uint64_t open = std::max(stream.repositories(), known) - known;
  std::string bar, legend;
  const auto add = [&](uint64_t count, absl::string_view look,
                       absl::string_view words) {
    if (count == 0) return;
    absl::StrAppend(&bar, "<i class='", look, "' style='flex:", count,
                    "'></i>");
    legend += LegendItem(look, absl::StrCat(Number(count), " ", words));
  };
  add(stream.done(), "done", "done");
  add(stream.skipped() - left, "idle", "with nothing to do");
  add(stream.failed(), "failed", "with failures");
  add(left, "left", "not carried out");
  add(stream.set_aside(), "aside", "set aside");
  add(open, "open", "not yet");
  if (bar.empty()) return "";
  return absl::StrCat(In("div class='bar'", bar),
                      In("ul class='legend'", legend));
}

std::string RepositoriesOf(const proto::StreamSnapshot& stream) {
  if (stream.repositories() == 0 && !stream.listed()) return "not listed";
  return absl::StrCat(
      stream.listed() ? "" : "at least ",
      Plural(stream.repositories(), "repository", "repositories"));
}

std::string StreamCard(const proto::StreamSnapshot& stream) {
  std::string name =
      absl::StrCat(In("span class='soft'", Escape(stream.policy())), " ",
                   Escape(DisplayRegistry(stream.registry())));
  if (!stream.target().empty()) {
    absl::StrAppend(&name, " → ", Escape(DisplayRegistry(stream.target())));
  }
  if (stream.dry_run() && stream.policy() != "list") {
    name += In("span class='soft'", " (dry run)");
  }
  std::string card = absl::StrCat(
      In("h3", name), "\n", In("span class='soft'", RepositoriesOf(stream)));
  if (!stream.problem().empty()) {
    card += In("p class='problem warn'", Escape(stream.problem()));
  }
  card += StreamBar(stream);
  const std::string actions = ActionsLine(stream.counts());
  if (!actions.empty()) card += In("p class='soft'", actions);
  return absl::StrCat(In("div class='card stream'", card), "\n");
}

std::string Streams(const proto::RunSnapshot& run) {
  if (run.streams().empty()) return "";
  std::vector<const proto::StreamSnapshot*> streams;
  for (const proto::StreamSnapshot& stream : run.streams()) {
    streams.push_back(&stream);
  }
  std::stable_partition(streams.begin(), streams.end(), [](const auto* stream) {
    return !stream->problem().empty() || stream->failed() > 0;
  });
  std::string cards;
  for (const proto::StreamSnapshot* stream : streams) {
    cards += StreamCard(*stream);
  }
  return Section("By registry", cards);
}

std::string Seconds(double seconds) {
  const auto tenths = static_cast<uint64_t>(std::llround(seconds * 10));
  return absl::StrCat(Number(tenths / 10), ".", tenths % 10);
}

std::string WorkRow(const Report::RepositoryWork& work) {
  std::string where = ImageName(work.registry, work.repository);
  if (!work.target.empty()) {
    absl::StrAppend(&where, " → ",
                    ImageName(work.target, work.target_repository));
  }
  return absl::StrCat(
      In("tr",
         absl::StrCat(
             In("td class='number' data-unit='s'", Seconds(work.seconds)),
             In("td", absl::StrCat(Escape(work.policy), " ", Code(where))),
             In("td class='number' data-unit='requests'",
                Number(work.counts.requests())),
             In("td", ActionsLine(work.counts)))),
      "\n");
}

std::string Slowest(const Report& report) {
  if (report.slowest.empty()) return "";
  std::string rows;
  for (const Report::RepositoryWork& work : report.slowest) {
    rows += WorkRow(work);
  }
  return Section(
      "Slowest repositories",
      In("table",
         absl::StrCat(In("thead",
                         "<tr><th class='number'>Seconds</th><th>Where</th>"
                         "<th class='number'>Requests</th><th>Actions</th>"
                         "</tr>"),
                      "\n", In("tbody", rows))));
}

std::string NotCarriedOut(const Report& report) {
  std::string items;
  for (const Report::NotCarriedOut& group : report.not_carried_out) {
    std::string names;
    for (const std::string& repository : group.repositories) {
      absl::StrAppend(&names, names.empty() ? "" : ", ", Code(repository));
    }
    if (group.total > group.repositories.size()) {
      absl::StrAppend(&names, " and ",
                      Number(group.total - group.repositories.size()), " more");
    }
    std::string where = absl::StrCat(Escape(group.policy), " ",
                                     Escape(DisplayRegistry(group.registry)));
    if (!group.target.empty()) {
      absl::StrAppend(&where, " → ", Escape(DisplayRegistry(group.target)));
    }
    items += In("li", absl::StrCat(In("b", where), ": ", Escape(group.reason),
                                   ": ", names));
  }
  return items.empty()
             ? ""
             : Section("Not carried out", In("ul class='notes'", items));
}

std::string Notes(const proto::RunSnapshot& run) {
  std::string notes;
  for (const std::string& note : run.notes()) notes += In("li", Escape(note));
  if (run.totals().deleted() > 0) {
    notes += In("li",
                "Deleting frees no storage by itself: run the registry's "
                "garbage collection.");
  }
  return notes.empty() ? "" : Section("Notes", In("ul class='notes'", notes));
}

}  // namespace

std::string HtmlReport(const Report& report) {
  const proto::RunSnapshot& run = report.run;
  const std::string title =
      absl::StrCat(NameOf(run), ": ", StandingOf(run).words);
  return absl::StrCat(
      kHead, In("title", title), "\n", In("style", kHtmlStyle),
      "</head>\n<body><main>\n", Header(run), "\n", FailuresSection(report),
      NotCarriedOut(report), Figures(run.totals()), ChartSection(report),
      Streams(run), Slowest(report), Notes(run),
      In("footer",
         absl::StrCat("Every action has its line, with its reason, in ",
                      Code(report.outcomes_file), ".")),
      "\n</main></body></html>\n");
}

}  // namespace registry_manager
