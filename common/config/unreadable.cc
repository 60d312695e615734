// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/config/unreadable.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/reference/printable.h"

namespace registry_manager {

std::optional<Unreadable> FindUnreadable(absl::string_view text) {
  int line_number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++line_number;
    absl::ConsumeSuffix(&line, "\r");
    const std::string plain = absl::StrReplaceAll(line, {{"\t", " "}});
    const std::string printable = Printable(plain, absl::string_view::npos);
    if (plain == printable) continue;
    // Printable() turns what it refuses, and nothing else, into "\xNN".
    const auto differ = std::mismatch(plain.begin(), plain.end(),
                                      printable.begin(), printable.end());
    const auto offset = static_cast<size_t>(differ.first - plain.begin());
    return Unreadable{
        {line_number, static_cast<int>(offset) + 1},
        absl::StrCat("the byte ", printable.substr(offset, 4),
                     " is part of no readable UTF-8 text; save the file as "
                     "UTF-8, without control characters")};
  }
  return std::nullopt;
}

}  // namespace registry_manager
