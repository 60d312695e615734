// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/config/map_reader.h"

#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/node/convert.h>
#include <yaml-cpp/node/node.h>

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/config/nearest_name.h"
#include "common/reference/printable.h"

namespace registry_manager {
namespace {

std::string Quoted(absl::string_view key) {
  return absl::StrCat("'", key, "'");
}

bool DecodeBool(const std::string& text, bool* value) {
  try {
    return YAML::convert<bool>::decode(YAML::Node(text), *value);
  } catch (const YAML::Exception&) {
    return false;
  }
}

bool DecodeInt(absl::string_view text, int* value) {
  const bool decimal =
      !text.empty() &&
      std::all_of(text.begin(), text.end(), absl::ascii_isdigit) &&
      (text == "0" || text[0] != '0');
  return decimal && absl::SimpleAtoi(text, value);
}

// A number of seconds, minutes or hours.
bool DecodeDuration(absl::string_view text, absl::Duration* value) {
  if (text.empty()) return false;
  const char unit = text.back();
  text.remove_suffix(1);
  int number = 0;
  if (!DecodeInt(text, &number)) return false;
  switch (unit) {
    case 's':
      *value = absl::Seconds(number);
      return true;
    case 'm':
      *value = absl::Minutes(number);
      return true;
    case 'h':
      *value = absl::Hours(number);
      return true;
    default:
      return false;
  }
}

}  // namespace

void AddWrongValue(absl::string_view what, const YamlNode& node,
                   absl::string_view form, ErrorList* errors) {
  const std::string value = node.kind == YamlNode::Kind::kScalar
                                ? absl::StrCat("'", node.Shown(), "'")
                                : std::string(node.KindName());
  errors->Add(node.at, absl::StrCat(what, " is ", value, "; ", form));
}

MapReader::MapReader(const YamlNode& node, std::string name,
                     std::vector<std::string> known, ErrorList* errors,
                     const std::map<std::string, std::string>& elsewhere)
    : node_(node), name_(std::move(name)), errors_(errors) {
  if (node.kind != YamlNode::Kind::kMap && node.kind != YamlNode::Kind::kNull) {
    errors->Add(node.at, absl::StrCat(name_, " is ", node.KindName(),
                                      "; write a mapping with the keys ",
                                      absl::StrJoin(known, ", ")));
    return;
  }
  absl::flat_hash_map<absl::string_view, int> first_lines;
  for (const YamlNode::Entry& entry : node.entries) {
    if (std::find(known.begin(), known.end(), entry.key) == known.end()) {
      const auto place = elsewhere.find(entry.key);
      std::string advice;
      if (place != elsewhere.end()) {
        advice = absl::StrCat("; it belongs in ", place->second);
      } else if (!errors->full()) {
        advice = SuggestName(entry.key, known, "its keys are");
      }
      errors->Add(entry.key_at,
                  absl::StrCat("unknown key '", Printable(entry.key, 80),
                               "' in ", name_, advice));
      continue;
    }
    const auto [first, is_first] =
        first_lines.emplace(entry.key, entry.key_at.line);
    if (!is_first) {
      errors->Add(
          entry.key_at,
          absl::StrCat("'", entry.key, "' is in ", name_, " already, on line ",
                       first->second, "; keep one of the two"));
    }
  }
}

const YamlNode* MapReader::Find(absl::string_view key) const {
  for (const YamlNode::Entry& entry : node_.entries) {
    if (entry.key != key) continue;
    return entry.value->kind == YamlNode::Kind::kNull ? nullptr
                                                      : entry.value.get();
  }
  return nullptr;
}

const YamlNode* MapReader::Scalar(absl::string_view key,
                                  absl::string_view form) const {
  const YamlNode* value = Find(key);
  if (value == nullptr || value->kind == YamlNode::Kind::kScalar) return value;
  AddWrongValue(Quoted(key), *value, form, errors_);
  return nullptr;
}

const YamlNode* MapReader::List(absl::string_view key,
                                absl::string_view form) const {
  const YamlNode* value = Find(key);
  if (value == nullptr || value->kind == YamlNode::Kind::kSequence) {
    return value;
  }
  AddWrongValue(Quoted(key), *value, form, errors_);
  return nullptr;
}

const YamlNode* MapReader::RequiredScalar(absl::string_view key,
                                          absl::string_view form) const {
  if (Find(key) == nullptr) Missing(key, form);
  return Scalar(key, form);
}

const YamlNode* MapReader::RequiredList(absl::string_view key,
                                        absl::string_view form) const {
  if (Find(key) == nullptr) Missing(key, form);
  return List(key, form);
}

void MapReader::Missing(absl::string_view key, absl::string_view form) const {
  for (const YamlNode::Entry& entry : node_.entries) {
    if (entry.key == key) {
      AddWrongValue(Quoted(key), *entry.value, form, errors_);
      return;
    }
  }
  // A value of the wrong kind has been reported; its keys are not missed.
  if (node_.kind == YamlNode::Kind::kMap ||
      node_.kind == YamlNode::Kind::kNull) {
    errors_->Add(node_.at, absl::StrCat(name_, " has no '", key, "'; ", form));
  }
}

bool MapReader::Bool(absl::string_view key, bool default_value) const {
  constexpr absl::string_view kForm = "write true or false";
  const YamlNode* node = Scalar(key, kForm);
  if (node == nullptr) return default_value;
  bool value = default_value;
  if (!DecodeBool(node->text, &value)) {
    AddWrongValue(Quoted(key), *node, kForm, errors_);
    return default_value;
  }
  return value;
}

int MapReader::Int(absl::string_view key, int default_value, int least,
                   int most) const {
  const std::string form =
      absl::StrCat("write a whole number from ", least, " to ", most);
  const YamlNode* node = Scalar(key, form);
  if (node == nullptr) return default_value;
  int value = 0;
  if (!DecodeInt(node->text, &value) || value < least || value > most) {
    AddWrongValue(Quoted(key), *node, form, errors_);
    return default_value;
  }
  return value;
}

absl::Duration MapReader::Duration(absl::string_view key,
                                   absl::Duration default_value,
                                   absl::Duration least,
                                   absl::Duration most) const {
  const std::string form = absl::StrCat(
      "write a number and its unit, from ", absl::FormatDuration(least), " to ",
      absl::FormatDuration(most), ", such as 90s or 10m");
  const YamlNode* node = Scalar(key, form);
  if (node == nullptr) return default_value;
  absl::Duration value;
  if (!DecodeDuration(node->text, &value) || value < least || value > most) {
    AddWrongValue(Quoted(key), *node, form, errors_);
    return default_value;
  }
  return value;
}

int MapReader::ChoiceIndex(absl::string_view key,
                           const std::vector<std::string>& words) const {
  const std::string form =
      absl::StrCat("write one of ", absl::StrJoin(words, ", "));
  const YamlNode* node = Scalar(key, form);
  if (node == nullptr) return -1;
  const auto found = std::find(words.begin(), words.end(), node->text);
  if (found != words.end()) return static_cast<int>(found - words.begin());
  AddWrongValue(Quoted(key), *node, form, errors_);
  return -1;
}

}  // namespace registry_manager
