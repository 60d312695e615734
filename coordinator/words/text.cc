// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/words/text.h"

#include <algorithm>
#include <initializer_list>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "common/reference/printable.h"
#include "coordinator/words/count_words.h"

namespace registry_manager {
namespace {

constexpr int kFailuresInSummary = 20;

// "3 deleted" for each part that is not 0.
class Parts {
 public:
  void Add(uint64_t number, absl::string_view what) { Add(number, what, what); }
  void Add(uint64_t number, absl::string_view one, absl::string_view many) {
    if (number > 0) parts_.push_back(Plural(number, one, many));
  }
  std::string Join(absl::string_view none) const {
    return parts_.empty() ? std::string(none) : absl::StrJoin(parts_, ", ");
  }

 private:
  std::vector<std::string> parts_;
};

void AddGroups(const proto::Counts& counts,
               std::initializer_list<CountGroup> groups, Parts& parts) {
  for (const CountWords& words : AllCountWords()) {
    if (absl::c_linear_search(groups, words.group)) {
      parts.Add(words.count(counts), words.one, words.many);
    }
  }
}

void AddActions(const proto::Counts& counts, Parts& parts) {
  AddGroups(counts,
            {CountGroup::kPlanned, CountGroup::kChanged,
             CountGroup::kPassedOver, CountGroup::kFailed},
            parts);
}

void AddStaying(const proto::Counts& counts, Parts& parts) {
  AddGroups(counts, {CountGroup::kStaying}, parts);
}

// "; frees up to 1.2 GiB".
std::string ToFree(const proto::Counts& counts) {
  return counts.bytes_to_free() == 0
             ? ""
             : absl::StrCat("; frees up to ", Bytes(counts.bytes_to_free()));
}

uint64_t Ended(const proto::StreamSnapshot& stream) {
  return stream.done() + stream.skipped() + stream.failed();
}

std::string StreamLine(const proto::StreamSnapshot& stream) {
  std::string line = absl::StrCat("  ", Printable(stream.policy()), " ",
                                  DisplayRegistry(stream.registry()));
  absl::StrAppend(&line, ToTarget(stream.target(), ""));
  if (stream.dry_run() && stream.policy() != "list") {
    absl::StrAppend(&line, " (dry run)");
  }
  if (stream.repositories() == 0 && !stream.listed()) {
    absl::StrAppend(&line, ": not listed",
                    stream.problem().empty() ? " yet" : "");
  } else {
    absl::StrAppend(
        &line, ": ", Number(Ended(stream) - stream.not_carried_out()), " of ",
        stream.listed() ? "" : "at least ",
        Plural(stream.repositories(), "repository", "repositories"));
  }
  if (stream.failed() > 0) {
    absl::StrAppend(&line, ", ", Number(stream.failed()), " with failures");
  }
  if (stream.not_carried_out() > 0) {
    absl::StrAppend(&line, ", ", Number(stream.not_carried_out()),
                    " not carried out");
  }
  if (stream.set_aside() > 0) {
    absl::StrAppend(&line, ", ", Number(stream.set_aside()), " set aside");
  }
  if (!stream.problem().empty()) {
    absl::StrAppend(&line, "\n    ", Printable(stream.problem(), 2000));
  }
  return line;
}

// Runs of `plan` and `list` are not kept, so nobody can ask for them by their
// names.
std::string RunName(const proto::RunSnapshot& snapshot) {
  if (snapshot.verb() == "plan" || snapshot.verb() == "list") {
    return absl::StrCat("the ", snapshot.verb());
  }
  return absl::StrCat("run ", snapshot.run());
}

// A shorter time does not count as silence yet.
constexpr absl::Duration kSilence = absl::Seconds(2);

absl::Duration Rest(int64_t until_unix_ms, absl::Time now) {
  return absl::Ceil(absl::FromUnixMillis(until_unix_ms) - now,
                    absl::Seconds(1));
}

}  // namespace

std::string FailureText(const proto::Failure& failure) {
  return absl::StrCat(
      ImageName(failure.registry(), failure.repository(), failure.reference()),
      ToTarget(failure.target(), failure.target_repository()), ": ",
      Printable(failure.reason(), 2000));
}

std::string ActionsLine(const proto::Counts& counts) {
  Parts parts;
  AddActions(counts, parts);
  AddStaying(counts, parts);
  std::string line = parts.Join("");
  if (counts.bytes_copied() > 0) {
    absl::StrAppend(&line, line.empty() ? "" : ", ",
                    Bytes(counts.bytes_copied()), " of blobs sent");
  }
  return line;
}

std::string DisplayRegistry(absl::string_view registry) {
  if (!absl::ConsumePrefix(&registry, "https://")) {
    absl::ConsumePrefix(&registry, "http://");
  }
  return Printable(registry);
}

std::string ImageName(absl::string_view registry,
                      absl::string_view repository) {
  if (repository.empty()) return DisplayRegistry(registry);
  return absl::StrCat(DisplayRegistry(registry), "/", Printable(repository));
}

std::string ImageName(absl::string_view registry, absl::string_view repository,
                      absl::string_view reference) {
  const std::string name = ImageName(registry, repository);
  if (reference.empty()) return name;
  const bool is_digest = absl::StrContains(reference, ':');
  return absl::StrCat(name, is_digest ? "@" : ":", Printable(reference));
}

std::string ToTarget(absl::string_view target, absl::string_view repository) {
  return target.empty() ? ""
                        : absl::StrCat(" -> ", ImageName(target, repository));
}

std::string Number(uint64_t number) {
  if (number < 1000) return absl::StrCat(number);
  return absl::StrFormat("%s,%03d", Number(number / 1000), number % 1000);
}

std::string Plural(uint64_t number, absl::string_view one,
                   absl::string_view many) {
  return absl::StrCat(Number(number), " ", number == 1 ? one : many);
}

std::string Bytes(uint64_t bytes) {
  if (bytes < 1024) return absl::StrCat(bytes, " B");
  double value = static_cast<double>(bytes);
  const char* unit = "B";
  for (const char* larger : {"KiB", "MiB", "GiB", "TiB", "PiB"}) {
    if (value < 1024) break;
    value /= 1024;
    unit = larger;
  }
  return absl::StrFormat("%.1f %s", value, unit);
}

std::string DurationText(absl::Duration duration) {
  if (duration < absl::Seconds(10)) {
    const std::string text =
        absl::StrFormat("%.1f", absl::ToDoubleSeconds(duration));
    return absl::StrCat(absl::StripSuffix(text, ".0"), " s");
  }
  const int64_t seconds = absl::ToInt64Seconds(duration);
  const int64_t minutes = seconds / 60;
  if (minutes == 0) return absl::StrCat(seconds, " s");
  if (minutes < 60) return absl::StrCat(minutes, " min ", seconds % 60, " s");
  return absl::StrCat(minutes / 60, " h ", minutes % 60, " min");
}

absl::Duration Lasted(const proto::RunSnapshot& run) {
  // An earlier version wrote no milliseconds.
  return run.begun_unix_ms() == 0
             ? absl::Seconds(run.updated_unix() - run.begun_unix())
             : absl::Milliseconds(run.updated_unix_ms() - run.begun_unix_ms());
}

std::string TimeText(int64_t unix_seconds) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S",
                          absl::FromUnixSeconds(unix_seconds),
                          absl::LocalTimeZone());
}

std::string CountsLine(const proto::Counts& counts) {
  Parts parts;
  AddActions(counts, parts);
  AddStaying(counts, parts);
  // A batch of a large repository: its tags were counted with the others.
  const std::string actions = parts.Join("");
  if (counts.tags() == 0 && !actions.empty()) return actions;
  return absl::StrCat(Plural(counts.tags(), "tag", "tags"), ": ",
                      parts.Join("nothing to do"), ToFree(counts));
}

std::string ProgressLine(const proto::RunSnapshot& snapshot) {
  uint64_t known = 0, ended = 0;
  bool listed = true;
  for (const proto::StreamSnapshot& stream : snapshot.streams()) {
    known += stream.repositories();
    ended += Ended(stream);
    listed = listed && stream.listed();
  }
  Parts parts;
  AddActions(snapshot.totals(), parts);
  parts.Add(snapshot.totals().skipped(), "unchanged");
  const std::string repositories =
      known == 0 && !listed
          ? "no repository listed yet"
          : absl::StrCat(Number(ended), " of ", listed ? "" : "at least ",
                         Plural(known, "repository", "repositories"));
  return absl::StrCat(RunName(snapshot), ": ", repositories, ", ",
                      parts.Join("nothing done yet"));
}

std::string ParkedText(const proto::RegistrySnapshot& registry,
                       absl::Time now) {
  const absl::Time until =
      absl::FromUnixMillis(registry.parked_until_unix_ms());
  return absl::StrCat(DisplayRegistry(registry.registry()),
                      " asked to be left alone until ",
                      TimeText(absl::ToUnixSeconds(until)), ", for ",
                      DurationText(until - now));
}

std::string Roughly(absl::Duration duration) {
  const int64_t seconds = absl::ToInt64Seconds(duration);
  if (seconds < 100) return absl::StrCat(seconds, " s");
  const int64_t minutes = seconds / 60;
  if (minutes < 100) return absl::StrCat(minutes, " min");
  return absl::StrCat(minutes / 60, " h ", minutes % 60, " min");
}

std::string SilentText(const proto::RegistrySnapshot& registry,
                       absl::Time now) {
  if (registry.silent_since_unix_ms() == 0 || registry.set_aside()) return "";
  const absl::Duration silence =
      now - absl::FromUnixMillis(registry.silent_since_unix_ms());
  if (silence < kSilence) return "";
  std::string text = absl::StrCat("no answer for ", Roughly(silence));
  if (registry.set_aside_at_unix_ms() == 0) return text;
  const absl::Duration rest = Rest(registry.set_aside_at_unix_ms(), now);
  absl::StrAppend(&text, ", ",
                  rest > absl::ZeroDuration()
                      ? absl::StrCat("set aside in ", Roughly(rest))
                      : "one more try");
  return text;
}

std::string Red(const std::string& line, bool is_colored) {
  return is_colored ? absl::StrCat("\033[31m", line, "\033[0m") : line;
}

std::string Summary(const proto::RunSnapshot& snapshot, bool is_colored) {
  std::vector<std::string> lines;
  const bool is_kept = snapshot.verb() != "plan" && snapshot.verb() != "list";
  std::string state;
  switch (snapshot.state()) {
    case proto::RunSnapshot::RUNNING:
      state = absl::StrCat("is running (process ", snapshot.pid(), ")");
      break;
    case proto::RunSnapshot::INTERRUPTED:
      state = is_kept ? "was interrupted; the same command resumes it"
                      : "was interrupted";
      break;
    case proto::RunSnapshot::INCOMPLETE:
      state = is_kept
                  ? "is incomplete; once the registries that were set aside "
                    "answer, the same command resumes it"
                  : "is incomplete: a registry was set aside";
      break;
    case proto::RunSnapshot::ABANDONED:
      state = "was interrupted, and abandoned for a new one";
      break;
    default:
      state = snapshot.totals().failed() > 0 ? "finished, with failures"
                                             : "finished";
  }
  lines.push_back(absl::StrCat(RunName(snapshot), " ", state));
  for (const proto::StreamSnapshot& stream : snapshot.streams()) {
    lines.push_back(StreamLine(stream));
  }
  if (snapshot.state() == proto::RunSnapshot::RUNNING) {
    const absl::Time saved = absl::FromUnixMillis(snapshot.updated_unix_ms());
    for (const proto::RegistrySnapshot& registry : snapshot.registries()) {
      if (absl::FromUnixMillis(registry.parked_until_unix_ms()) > saved) {
        lines.push_back(absl::StrCat("  ", ParkedText(registry, saved)));
      }
      const std::string silence = SilentText(registry, saved);
      if (!silence.empty()) {
        lines.push_back(absl::StrCat("  ", DisplayRegistry(registry.registry()),
                                     ": ", silence));
      }
    }
  }
  Parts parts;
  AddActions(snapshot.totals(), parts);
  AddStaying(snapshot.totals(), parts);
  // If no repository could be looked at, there is nothing to say about tags.
  const std::string actions =
      parts.Join(snapshot.totals().tags() > 0 ? "nothing to do" : "");
  if (!actions.empty()) {
    lines.push_back(
        absl::StrCat(Plural(snapshot.totals().tags(), "tag", "tags"), ": ",
                     actions, ToFree(snapshot.totals())));
  }
  if (snapshot.totals().bytes_copied() > 0) {
    lines.push_back(absl::StrCat(
        Bytes(snapshot.totals().bytes_copied()), " copied in ",
        Plural(snapshot.totals().blobs_copied(), "blob", "blobs"), ", ",
        Number(snapshot.totals().blobs_mounted()), " mounted, ",
        Number(snapshot.totals().blobs_present()), " already there"));
  }
  for (const std::string& note : snapshot.notes()) {
    lines.push_back(Printable(note, 2000));
  }
  if (snapshot.totals().deleted() > 0) {
    lines.push_back(
        "deleting frees no storage by itself: run the registry's garbage "
        "collection");
  }
  const int shown = std::min(snapshot.failures_size(), kFailuresInSummary);
  if (shown > 0) lines.push_back("failures:");
  for (int i = 0; i < shown; ++i) {
    lines.push_back(
        Red(absl::StrCat("  ", FailureText(snapshot.failures(i))), is_colored));
  }
  if (snapshot.failures_total() > static_cast<uint64_t>(shown)) {
    lines.push_back(absl::StrCat("  and ",
                                 Number(snapshot.failures_total() - shown),
                                 " more: coordinator report ", snapshot.run()));
  }
  return absl::StrCat(absl::StrJoin(lines, "\n"), "\n");
}

}  // namespace registry_manager
