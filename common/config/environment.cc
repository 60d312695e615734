// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/config/environment.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "re2/re2.h"

namespace registry_manager {
namespace {

// nullopt, and an error for each problem, if not all variables can be filled
// in.
std::optional<std::string> FillIn(absl::string_view text, Position at,
                                  const Environment& environment,
                                  ErrorList* errors) {
  static const RE2* const kVariable =
      new RE2(R"(\$\{([A-Za-z_][A-Za-z0-9_]*)\})");
  std::string result;
  bool complete = true;
  while (!text.empty()) {
    if (absl::ConsumePrefix(&text, "$${")) {
      result.append("${");
      continue;
    }
    if (!absl::StartsWith(text, "${")) {
      result.push_back(text[0]);
      text.remove_prefix(1);
      continue;
    }
    re2::StringPiece rest(text.data(), text.size());
    std::string name;
    if (!RE2::Consume(&rest, *kVariable, &name)) {
      errors->Add(at,
                  "a '${' begins no '${NAME}' of an environment variable; "
                  "close it, or write '$${' for a plain '${'");
      return std::nullopt;
    }
    text = absl::string_view(rest.data(), rest.size());
    if (const std::optional<std::string> value = environment(name)) {
      result.append(*value);
    } else {
      complete = false;
      errors->Add(at, absl::StrCat("the environment variable ", name,
                                   " is not set; set it, or write '$${' for a "
                                   "plain '${'"));
    }
  }
  return complete ? std::optional(result) : std::nullopt;
}

}  // namespace

std::shared_ptr<const YamlNode> FillInEnvironment(
    const std::shared_ptr<const YamlNode>& node, const Environment& environment,
    ErrorList* errors) {
  if (node->kind == YamlNode::Kind::kNull) return node;
  if (node->kind == YamlNode::Kind::kScalar &&
      !absl::StrContains(node->text, "${")) {
    return node;
  }
  auto filled = std::make_shared<YamlNode>(*node);
  if (node->kind == YamlNode::Kind::kScalar) {
    filled->written = node->text;
    if (auto text = FillIn(node->text, node->at, environment, errors)) {
      filled->text = *std::move(text);
    } else {
      // Further errors about this value would only confuse the user.
      errors->DropFurtherAt(node->at);
    }
  }
  for (std::shared_ptr<const YamlNode>& item : filled->items) {
    item = FillInEnvironment(item, environment, errors);
  }
  for (YamlNode::Entry& entry : filled->entries) {
    entry.value = FillInEnvironment(entry.value, environment, errors);
  }
  return filled;
}

}  // namespace registry_manager
