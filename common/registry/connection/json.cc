// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/connection/json.h"

#include <utility>

#include "absl/status/status.h"

namespace registry_manager {
namespace {

using nlohmann::json;

constexpr int kMaxDepth = 64;

absl::Status NotJson() { return absl::DataLossError("it is not valid JSON"); }

// Finds out whether a text is JSON, and not too deep.
class DepthGuard : public nlohmann::json_sax<json> {
 public:
  bool too_deep() const { return too_deep_; }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool key(string_t&) override { return true; }
  bool start_object(size_t) override { return Enter(); }
  bool end_object() override { return Leave(); }
  bool start_array(size_t) override { return Enter(); }
  bool end_array() override { return Leave(); }
  bool parse_error(size_t, const std::string&,
                   const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  bool Enter() {
    too_deep_ = ++depth_ > kMaxDepth;
    return !too_deep_;
  }
  bool Leave() {
    --depth_;
    return true;
  }

  int depth_ = 0;
  bool too_deep_ = false;
};

// Collects the texts of one array of the outermost object, and its `name`.
class NameListReader : public nlohmann::json_sax<json> {
 public:
  explicit NameListReader(absl::string_view wanted) : wanted_(wanted) {}

  // The document is an object with such an array, or null instead.
  bool found() const { return found_ && !wrong_; }
  // Its `name`, if it has one, is a text or null.
  bool name_is_text() const { return !wrong_name_; }
  NameList take() { return std::move(result_); }

  bool null() override {
    if (IsWanted()) found_ = true;
    if (InWantedArray()) result_.values.emplace_back();
    return true;
  }
  bool boolean(bool) override { return Other(); }
  bool number_integer(number_integer_t) override { return Other(); }
  bool number_unsigned(number_unsigned_t) override { return Other(); }
  bool number_float(number_float_t, const string_t&) override {
    return Other();
  }
  bool binary(binary_t&) override { return Other(); }
  bool string(string_t& text) override {
    if (IsWanted()) wrong_ = true;
    if (InWantedArray()) {
      result_.values.push_back(std::move(text));
    } else if (IsName()) {
      result_.name = std::move(text);
    }
    return true;
  }
  bool start_object(size_t) override {
    if (depth_ == 0) is_object_ = true;
    Other();
    return ++depth_ <= kMaxDepth;
  }
  bool end_object() override { return Leave(); }
  bool start_array(size_t) override {
    if (InWantedArray()) result_.values.emplace_back();
    if (IsName()) wrong_name_ = true;
    const bool wanted = IsWanted();
    ++depth_;
    if (wanted) {
      found_ = true;
      array_depth_ = depth_;
    }
    return depth_ <= kMaxDepth;
  }
  bool end_array() override {
    if (depth_ == array_depth_) array_depth_ = 0;
    return Leave();
  }
  bool key(string_t& name) override {
    if (depth_ == 1) key_ = std::move(name);
    return true;
  }
  bool parse_error(size_t, const std::string&,
                   const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  // The value that is read now is that of the wanted key.
  bool IsWanted() const { return is_object_ && depth_ == 1 && key_ == wanted_; }
  bool IsName() const { return is_object_ && depth_ == 1 && key_ == "name"; }
  bool InWantedArray() const {
    return array_depth_ != 0 && depth_ == array_depth_;
  }
  bool Other() {
    if (IsWanted()) wrong_ = true;
    if (IsName()) wrong_name_ = true;
    if (InWantedArray()) result_.values.emplace_back();
    return true;
  }
  bool Leave() {
    --depth_;
    return true;
  }

  const absl::string_view wanted_;
  std::string key_;
  int depth_ = 0;
  int array_depth_ = 0;
  bool is_object_ = false;
  bool found_ = false;
  // The wanted key has a value of another kind.
  bool wrong_ = false;
  bool wrong_name_ = false;
  NameList result_;
};

}  // namespace

absl::StatusOr<json> ParseJson(absl::string_view text) {
  // Not json::parse with a callback: that looks through all elements of an
  // array whenever one ends.
  DepthGuard guard;
  if (!json::sax_parse(text.begin(), text.end(), &guard)) {
    return guard.too_deep()
               ? absl::DataLossError("its JSON is nested too deeply")
               : NotJson();
  }
  json document = json::parse(text.begin(), text.end(), /*cb=*/nullptr,
                              /*allow_exceptions=*/false);
  if (document.is_discarded()) return NotJson();
  return document;
}

absl::StatusOr<NameList> ParseNameList(absl::string_view text,
                                       absl::string_view key) {
  NameListReader reader(key);
  if (!json::sax_parse(text.begin(), text.end(), &reader)) return NotJson();
  // Guard: no-list-is-not-empty
  if (!reader.found()) {
    return absl::DataLossError(
        absl::StrCat("it holds no list '", key, "' that could be read"));
  }
  if (!reader.name_is_text()) {
    return absl::DataLossError("its 'name' is not a text");
  }
  return reader.take();
}

std::string StringMember(const json& object, const char* key) {
  if (!object.is_object()) return "";
  const auto member = object.find(key);
  return member != object.end() && member->is_string()
             ? member->get<std::string>()
             : "";
}

}  // namespace registry_manager
