// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/connection/challenge.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace registry_manager {
namespace {

bool IsTokenCharacter(char c) {
  return absl::ascii_isalnum(c) || absl::StrContains("!#$%&'*+-.^_`|~", c);
}

// Reads the header from left to right; `rest_` is what has not been read.
class Reader {
 public:
  explicit Reader(absl::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }

  void SkipSeparators() { Skip(" \t,"); }
  void SkipSpace() { Skip(" \t"); }
  void SkipOne() { rest_.remove_prefix(1); }

  std::string Token() {
    size_t length = 0;
    while (length < rest_.size() && IsTokenCharacter(rest_[length])) ++length;
    return Take(length);
  }

  bool Consume(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // The value after a parameter's "=". Some servers leave out the quotes around
  // URLs, so a value without quotes ends only at a comma, a space or a tab.
  std::string Value() {
    if (!Consume('"')) {
      size_t length = 0;
      while (length < rest_.size() &&
             !absl::StrContains(", \t", rest_[length])) {
        ++length;
      }
      return Take(length);
    }
    std::string value;
    while (!rest_.empty() && rest_[0] != '"') {
      if (rest_[0] == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
      value.push_back(rest_[0]);
      rest_.remove_prefix(1);
    }
    Consume('"');
    return value;
  }

 private:
  void Skip(absl::string_view characters) {
    while (!rest_.empty() && absl::StrContains(characters, rest_[0])) {
      rest_.remove_prefix(1);
    }
  }
  std::string Take(size_t length) {
    std::string text(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return text;
  }

  absl::string_view rest_;
};

}  // namespace

std::string Challenge::Get(const std::string& name) const {
  const auto parameter = parameters.find(name);
  return parameter == parameters.end() ? "" : parameter->second;
}

std::vector<Challenge> ParseChallenges(absl::string_view header) {
  std::vector<Challenge> challenges;
  Reader reader(header);
  while (true) {
    reader.SkipSeparators();
    if (reader.done()) return challenges;
    const std::string word = absl::AsciiStrToLower(reader.Token());
    if (word.empty()) {
      reader.SkipOne();
      continue;
    }
    reader.SkipSpace();
    if (!reader.Consume('=')) {
      challenges.push_back({word, {}});
    } else {
      reader.SkipSpace();
      std::string value = reader.Value();
      if (challenges.empty()) continue;
      challenges.back().parameters.emplace(word, std::move(value));
    }
  }
}

}  // namespace registry_manager
