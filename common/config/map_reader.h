// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_CONFIG_MAP_READER_H_
#define REGISTRY_MANAGER_COMMON_CONFIG_MAP_READER_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/config/error_list.h"
#include "common/config/yaml_tree.h"

namespace registry_manager {

// Reads one mapping of a config key by key. Errors go to the list of errors,
// and the caller continues with the default. A null value counts as an absent
// key. Quotes do not matter: "8" is a number and "true" a boolean, because a
// value from the environment is often quoted. A number counts as a text if a
// text is wanted.
class MapReader {
 public:
  // Reports unknown keys, duplicate ones (the first counts), and a `node` that
  // is not a mapping (null is an empty one). Errors call the mapping `name`,
  // which must be printable. `node` and `errors` must outlive this. `elsewhere`
  // tells the right place of keys that users often write here by mistake.
  MapReader(const YamlNode& node, std::string name,
            std::vector<std::string> known, ErrorList* errors,
            const std::map<std::string, std::string>& elsewhere = {});

  ErrorList* errors() const { return errors_; }
  // The position of the mapping, for errors about missing keys.
  Position at() const { return node_.at; }

  // Null if the key is absent or its value is null.
  const YamlNode* Find(absl::string_view key) const;

  // Find(), but adds an error if the value is of another kind. The Required
  // functions also add an error if there is no value. The error ends with
  // `form`, which says what to write.
  const YamlNode* Scalar(absl::string_view key, absl::string_view form) const;
  const YamlNode* List(absl::string_view key, absl::string_view form) const;
  const YamlNode* RequiredScalar(absl::string_view key,
                                 absl::string_view form) const;
  const YamlNode* RequiredList(absl::string_view key,
                               absl::string_view form) const;
  // Adds the error that a required key is missing.
  void Missing(absl::string_view key, absl::string_view form) const;

  // yaml-cpp's booleans: true/false, yes/no, on/off, y/n.
  bool Bool(absl::string_view key, bool default_value) const;
  // Decimal digits only: "010" is eight in YAML 1.1 and ten in YAML 1.2.
  int Int(absl::string_view key, int default_value, int least, int most) const;
  // A whole number and its unit: "90s", "10m", "2h".
  absl::Duration Duration(absl::string_view key, absl::Duration default_value,
                          absl::Duration least, absl::Duration most) const;

  // One of a few words.
  template <typename Enum>
  Enum Choice(
      absl::string_view key, Enum default_value,
      const std::vector<std::pair<absl::string_view, Enum>>& choices) const {
    std::vector<std::string> words;
    words.reserve(choices.size());
    for (const auto& [word, value] : choices) words.emplace_back(word);
    const int index = ChoiceIndex(key, words);
    return index < 0 ? default_value : choices[index].second;
  }

 private:
  // The index of the value among `words`. If the value is none of them, -1, and
  // maybe an error is added.
  int ChoiceIndex(absl::string_view key,
                  const std::vector<std::string>& words) const;

  const YamlNode& node_;
  const std::string name_;
  ErrorList* const errors_;
};

// Adds "WHAT is 'VALUE'; FORM", or "WHAT is a list; FORM", at the node.
void AddWrongValue(absl::string_view what, const YamlNode& node,
                   absl::string_view form, ErrorList* errors);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_CONFIG_MAP_READER_H_
