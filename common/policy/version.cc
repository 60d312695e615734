// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/policy/version.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"

namespace registry_manager {
namespace {

bool IsIdentifierCharacter(char c) {
  return absl::ascii_isalnum(c) || c == '-' || c == '~';
}

bool IsNumeric(absl::string_view identifier) {
  return std::all_of(identifier.begin(), identifier.end(), absl::ascii_isdigit);
}

std::string WithoutLeadingZeros(absl::string_view digits) {
  const size_t first = digits.find_first_not_of('0');
  return first == absl::string_view::npos ? "0"
                                          : std::string(digits.substr(first));
}

// '.'-separated, none empty; numeric ones without leading zeros. nullopt where
// `text` is not that.
std::optional<std::vector<std::string>> ParseIdentifiers(
    absl::string_view text) {
  std::vector<std::string> identifiers;
  for (absl::string_view identifier : absl::StrSplit(text, '.')) {
    if (identifier.empty() || !std::all_of(identifier.begin(), identifier.end(),
                                           IsIdentifierCharacter)) {
      return std::nullopt;
    }
    identifiers.push_back(IsNumeric(identifier)
                              ? WithoutLeadingZeros(identifier)
                              : std::string(identifier));
  }
  return identifiers;
}

// Takes `number {"." number}` off the front of `text`. Empty where it does not
// begin so, or a number is missing after a ".": no other part begins with one.
std::vector<std::string> TakeNumbers(absl::string_view& text) {
  std::vector<std::string> numbers;
  while (true) {
    const size_t digits =
        std::find_if_not(text.begin(), text.end(), absl::ascii_isdigit) -
        text.begin();
    if (digits == 0) return {};
    numbers.push_back(WithoutLeadingZeros(text.substr(0, digits)));
    text.remove_prefix(digits);
    if (text.empty() || text[0] != '.') return numbers;
    text.remove_prefix(1);
  }
}

// `text` is not empty.
std::optional<std::vector<std::string>> ParsePrerelease(
    absl::string_view text) {
  if (text[0] == '-') {
    // A leading "-" is the separator where that leaves identifiers, otherwise
    // (`1.0-`, `1.0-.a`) the first identifier itself.
    auto identifiers = ParseIdentifiers(text.substr(1));
    if (identifiers.has_value()) return identifiers;
  }
  // Attached identifiers begin with no digit: the numbers have taken those.
  return ParseIdentifiers(text);
}

// Both without leading zeros.
std::weak_ordering CompareNumbers(const std::string& a, const std::string& b) {
  if (a.size() != b.size()) return a.size() <=> b.size();
  return a.compare(b) <=> 0;
}

std::weak_ordering CompareIdentifiers(const std::string& a,
                                      const std::string& b) {
  const bool a_numeric = IsNumeric(a), b_numeric = IsNumeric(b);
  if (a_numeric && b_numeric) return CompareNumbers(a, b);
  if (a_numeric != b_numeric) return b_numeric <=> a_numeric;
  return a.compare(b) <=> 0;
}

// The first difference decides; of two where one begins with the other, the
// shorter is less.
template <typename Compare>
std::weak_ordering CompareLists(const std::vector<std::string>& a,
                                const std::vector<std::string>& b,
                                Compare compare) {
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    const std::weak_ordering order = compare(a[i], b[i]);
    if (order != 0) return order;
  }
  return a.size() <=> b.size();
}

}  // namespace

std::optional<Version> Version::Parse(absl::string_view text) {
  if (!text.empty() && (text[0] == 'v' || text[0] == 'V')) {
    text.remove_prefix(1);
  }
  Version version;
  version.numbers_ = TakeNumbers(text);
  if (version.numbers_.empty()) return std::nullopt;
  while (!version.numbers_.empty() && version.numbers_.back() == "0") {
    version.numbers_.pop_back();
  }

  const size_t plus = text.find('+');
  if (plus != absl::string_view::npos) {
    if (!ParseIdentifiers(text.substr(plus + 1))) return std::nullopt;
    text = text.substr(0, plus);
  }
  if (!text.empty()) {
    auto prerelease = ParsePrerelease(text);
    if (!prerelease.has_value()) return std::nullopt;
    version.prerelease_ = *std::move(prerelease);
  }
  return version;
}

std::weak_ordering operator<=>(const Version& a, const Version& b) {
  const std::weak_ordering numbers =
      CompareLists(a.numbers_, b.numbers_, CompareNumbers);
  if (numbers != 0) return numbers;
  if (a.prerelease_.empty() != b.prerelease_.empty()) {
    return a.prerelease_.empty() <=> b.prerelease_.empty();
  }
  return CompareLists(a.prerelease_, b.prerelease_, CompareIdentifiers);
}

}  // namespace registry_manager
