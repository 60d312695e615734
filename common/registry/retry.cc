// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/retry.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"

namespace registry_manager {
namespace {

constexpr absl::Duration kFirst = absl::Milliseconds(200);
constexpr absl::Duration kLongest = absl::Seconds(30);
constexpr absl::Duration kLongestRetryAfter = absl::Hours(24);
constexpr int kMaxOtherRepetitions = 3;

}  // namespace

absl::Duration BackOff(int attempt) {
  thread_local std::mt19937_64 random{std::random_device{}()};
  const absl::Duration ceiling =
      std::min(kFirst * (int64_t{1} << std::min(attempt, 20)), kLongest);
  std::uniform_real_distribution<double> part(0.1, 1.0);
  return ceiling * part(random);
}

absl::Duration ParseRetryAfter(absl::string_view value, absl::Time now) {
  const absl::string_view text = absl::StripAsciiWhitespace(value);
  int64_t seconds = 0;
  absl::Duration wait = absl::ZeroDuration();
  if (!text.empty() &&
      std::all_of(text.begin(), text.end(), absl::ascii_isdigit)) {
    // More digits than fit are a long time.
    wait = absl::SimpleAtoi(text, &seconds) ? absl::Seconds(seconds)
                                            : kLongestRetryAfter;
  } else {
    // The three forms of an HTTP date; all are in UTC.
    for (const char* format :
         {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
          "%a %b %e %H:%M:%S %Y"}) {
      absl::Time date;
      if (absl::ParseTime(format, std::string(text), &date, nullptr)) {
        wait = date - now;
        break;
      }
    }
  }
  return std::clamp(wait, absl::ZeroDuration(), kLongestRetryAfter);
}

bool Tries::Again(const absl::Status& status) {
  const bool failed =
      (absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
       absl::IsDataLoss(status)) &&
      gate_.ParkedFor() == absl::ZeroDuration();
  return failed ? ++failures_ <= retries_ : ++others_ <= kMaxOtherRepetitions;
}

}  // namespace registry_manager
