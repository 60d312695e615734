// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/policy/regex.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/reference/printable.h"
#include "re2/re2.h"

namespace registry_manager {

absl::StatusOr<std::shared_ptr<const re2::RE2>> CompileRegex(
    absl::string_view regex) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  auto compiled = std::make_shared<const re2::RE2>(
      re2::StringPiece(regex.data(), regex.size()), options);
  if (!compiled->ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the regular expression '", Printable(regex),
                     "' does not compile: ", Printable(compiled->error()),
                     "; write it in RE2 syntax "
                     "(https://github.com/google/re2/wiki/Syntax)"));
  }
  return compiled;
}

bool Matches(const re2::RE2& regex, absl::string_view text) {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()),
                                regex);
}

}  // namespace registry_manager
