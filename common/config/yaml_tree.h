// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_CONFIG_YAML_TREE_H_
#define REGISTRY_MANAGER_COMMON_CONFIG_YAML_TREE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/config/error_list.h"

namespace registry_manager {

// A YAML document as a tree that knows the position of everything. Built from
// yaml-cpp's events and not from its YAML::Node, which drops the positions of
// keys, keeps duplicate keys silently, and multiplies aliases on a walk.
// Immutable once read. Nodes are shared by reference if an alias repeats them,
// but a walk visits a bounded number of nodes to a bounded depth all the same.
struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMap };

  struct Entry {
    std::string key;
    Position key_at;
    std::shared_ptr<const YamlNode> value;
  };

  Kind kind = Kind::kNull;
  // A null value has no position of its own, so this is the position of its key
  // or of its sequence.
  Position at;
  // The text of a scalar. Quotes make no difference, except that "" and "null"
  // in quotes are scalars and not null values.
  std::string text;
  // The text as the file has it, if `text` was made from it by filling in
  // environment variables. Messages must then show `written` and never `text`.
  std::string written;
  std::vector<std::shared_ptr<const YamlNode>> items;
  // In the order of the file, with duplicates. Keys are scalars.
  std::vector<Entry> entries;

  // A scalar's text as the file has it, printable and cut to a fit length.
  std::string Shown() const;
  // "empty", "a text", "a list" or "a mapping".
  absl::string_view KindName() const;
};

// Reads the one document of `text`. Returns null and adds one error if the text
// is not well-formed UTF-8 YAML, is empty, holds a second document, control
// characters, tags or keys that are not scalars, or is too large or too deep.
// Errors show nothing of the text except bytes that are not printable.
std::shared_ptr<const YamlNode> ReadYaml(absl::string_view text,
                                         ErrorList* errors);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_CONFIG_YAML_TREE_H_
