// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/connection/retry.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace registry_manager {
namespace {

constexpr absl::Duration kFirst = absl::Milliseconds(200);
constexpr absl::Duration kLongest = absl::Seconds(30);
constexpr absl::Duration kLongestRetryAfter = absl::Hours(24);
constexpr int kMaxOtherRepetitions = 3;

// Nobody is asked to wait for thirty years: these count from 1970.
constexpr double kLeastUnixSeconds = 1e9;
constexpr double kLeastUnixMilliseconds = 1e12;

absl::Duration WaitOf(double number, absl::Time now) {
  if (!std::isfinite(number)) {
    return number > 0 ? kLongestRetryAfter : absl::ZeroDuration();
  }
  if (number >= kLeastUnixMilliseconds) {
    return absl::UnixEpoch() + absl::Milliseconds(number) - now;
  }
  if (number >= kLeastUnixSeconds) {
    return absl::UnixEpoch() + absl::Seconds(number) - now;
  }
  return absl::Seconds(number);
}

// `now` if `text` is no date. The three forms of an HTTP date are in UTC.
absl::Time DateOf(absl::string_view text, absl::Time now) {
  for (const char* format :
       {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
        "%a %b %e %H:%M:%S %Y", "%a, %d %b %Y %H:%M:%S %z",
        "%a, %d %b %Y %H:%M:%S UTC", "%d %b %Y %H:%M:%S GMT",
        absl::RFC3339_full, "%Y-%m-%d %H:%M:%S"}) {
    absl::Time date;
    if (absl::ParseTime(format, std::string(text), &date, nullptr)) {
      return date;
    }
  }
  return now;
}

}  // namespace

absl::Duration BackOff(int attempt) {
  thread_local std::mt19937_64 random{std::random_device{}()};
  const absl::Duration ceiling =
      std::min(kFirst * (int64_t{1} << std::min(attempt, 20)), kLongest);
  std::uniform_real_distribution<double> part(0.1, 1.0);
  return ceiling * part(random);
}

absl::Duration ParseRetryAfter(absl::string_view value, absl::Time now) {
  // A proxy may have put two into one.
  const absl::string_view text = absl::StripAsciiWhitespace(value);
  const absl::string_view first =
      absl::StripAsciiWhitespace(text.substr(0, text.find(',')));
  double number = 0;
  absl::Duration wait = absl::ZeroDuration();
  if (absl::SimpleAtod(first, &number)) {
    wait = WaitOf(number, now);
  } else if (!absl::ParseDuration(first, &wait)) {
    wait = DateOf(text, now) - now;
  }
  return std::clamp(wait, absl::ZeroDuration(), kLongestRetryAfter);
}

absl::Duration RetryAfterOf(const HttpResponse& response, absl::Time now) {
  const absl::Duration told =
      ParseRetryAfter(response.headers.Get("Retry-After").value_or(""), now);
  if (told > absl::ZeroDuration() || response.status != 429) return told;
  for (const char* name : {"RateLimit-Reset", "X-RateLimit-Reset",
                           "X-Rate-Limit-Reset", "X-RateLimit-Reset-After",
                           "X-RateLimit-Retry-After", "X-Retry-After"}) {
    const absl::Duration reset =
        ParseRetryAfter(response.headers.Get(name).value_or(""), now);
    if (reset > absl::ZeroDuration()) return reset;
  }
  for (const char* name : {"Retry-After-Ms", "X-Ms-Retry-After-Ms"}) {
    const absl::string_view value =
        absl::StripAsciiWhitespace(response.headers.Get(name).value_or(""));
    if (value.empty()) continue;
    const absl::Duration reset =
        ParseRetryAfter(absl::StrCat(value, "ms"), now);
    if (reset > absl::ZeroDuration()) return reset;
  }
  return absl::ZeroDuration();
}

bool Tries::Again(const absl::Status& status) {
  const bool failed =
      (absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
       absl::IsDataLoss(status)) &&
      gate_.ParkedFor() == absl::ZeroDuration();
  return failed ? ++failures_ <= retries_ : ++others_ <= kMaxOtherRepetitions;
}

}  // namespace registry_manager
