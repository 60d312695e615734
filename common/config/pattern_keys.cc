// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/config/pattern_keys.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/reference/printable.h"
#include "common/reference/reference.h"
#include "re2/re2.h"

namespace registry_manager {

std::vector<std::string> ReadTagKeys(const MapReader& reader,
                                     absl::string_view key) {
  std::vector<std::string> keys;
  const YamlNode* node = reader.Scalar(
      key, "write one text with commas, such as: develop,release");
  if (node == nullptr) return keys;
  for (absl::string_view part : absl::StrSplit(node->text, ',')) {
    part = absl::StripAsciiWhitespace(part);
    if (part.empty()) continue;
    // Not every part of a tag is a tag: '.' and '-' do not begin one.
    if (!IsTag(part) && !IsTag(absl::StrCat("a", part))) {
      reader.errors()->Add(
          node->at,
          absl::StrCat("'", key, "' holds '", Printable(part, 80),
                       "', which no tag can contain; write plain texts of "
                       "letters, digits, '_', '.', '-', with commas in "
                       "between, or use 'regex'"));
      continue;
    }
    keys.emplace_back(part);
  }
  return keys;
}

std::string ReadRegex(const YamlNode& node, absl::string_view name,
                      ErrorList* errors) {
  RE2::Options options;
  options.set_log_errors(false);
  const RE2 regex(node.text, options);
  if (regex.ok()) return node.text;
  errors->Add(node.at,
              absl::StrCat(
                  name, " is no regular expression: ", Printable(regex.error()),
                  "; write RE2 syntax (no look-around, no back-references)"));
  return "";
}

}  // namespace registry_manager
