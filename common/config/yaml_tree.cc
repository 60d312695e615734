// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/config/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <sstream>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/config/unreadable.h"
#include "common/reference/printable.h"

namespace registry_manager {
namespace {

// A config nests six deep. Counted with what aliases stand for, as the nodes.
constexpr int kDeepest = 32;
constexpr size_t kMostNodes = 500'000;

Position PositionOf(const YAML::Mark& mark) {
  return {std::max(mark.line, 0) + 1, std::max(mark.column, 0) + 1};
}

// Thrown by TreeBuilder through yaml-cpp, which stops there; caught in
// ReadYaml.
struct Refused {
  Position at;
  std::string message;
};

class TreeBuilder : public YAML::EventHandler {
 public:
  // Null if no document was read.
  std::shared_ptr<const YamlNode> root() const { return root_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (root_ != nullptr) {
      throw Refused{PositionOf(mark),
                    "the document has ended before this line, and another "
                    "begins; check the indentation, and keep one config in a "
                    "file, without '---' or '...' in between"};
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Begin(YamlNode::Kind::kNull, mark, "", anchor);
    End();
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag,
                YAML::anchor_t anchor, const std::string& value) override {
    Begin(YamlNode::Kind::kScalar, mark, tag, anchor);
    open_.back().node->text = value;
    End();
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Begin(YamlNode::Kind::kSequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { End(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag,
                  YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    Begin(YamlNode::Kind::kMap, mark, tag, anchor);
  }
  void OnMapEnd() override { End(); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchored_.find(anchor);
    if (found == anchored_.end()) {
      throw Refused{PositionOf(mark),
                    "an alias stands inside of what it repeats; write the "
                    "value out"};
    }
    CountNodes(found->second.nodes, PositionOf(mark));
    Attach(found->second, PositionOf(mark));
  }

 private:
  struct Subtree {
    std::shared_ptr<const YamlNode> node;
    // Both with what aliases stand for.
    size_t nodes;
    int height;
  };

  struct Open {
    std::shared_ptr<YamlNode> node;
    YAML::anchor_t anchor;
    size_t nodes_before;
    int height = 1;
    // The key whose value comes next.
    std::optional<YamlNode::Entry> pending;
  };

  void CountNodes(size_t nodes, Position at) {
    nodes_ += nodes;
    if (nodes_ > kMostNodes) {
      throw Refused{at, absl::StrCat("the config has more than ", kMostNodes,
                                     " values, aliases counted with what they "
                                     "stand for; split it up")};
    }
  }

  void CheckDepth(size_t depth, Position at) {
    if (depth > kDeepest) {
      throw Refused{
          at, absl::StrCat("lists and mappings are nested more than ", kDeepest,
                           " deep; a config needs six levels")};
    }
  }

  void Begin(YamlNode::Kind kind, const YAML::Mark& mark,
             const std::string& tag, YAML::anchor_t anchor) {
    const Position at = PositionOf(mark);
    // "?" and "!" are what a plain and a quoted value bear without a tag.
    if (!tag.empty() && tag != "?" && tag != "!") {
      throw Refused{at,
                    "a config has no YAML tags; leave it out, or put a text "
                    "that begins with '!' in quotes"};
    }
    CheckDepth(open_.size() + 1, at);
    const size_t nodes_before = nodes_;
    CountNodes(1, at);
    auto node = std::make_shared<YamlNode>();
    node->kind = kind;
    node->at = at;
    if (kind == YamlNode::Kind::kNull && !open_.empty()) {
      const Open& parent = open_.back();
      node->at = parent.pending ? parent.pending->key_at : parent.node->at;
    }
    open_.push_back({std::move(node), anchor, nodes_before, 1, std::nullopt});
  }

  void End() {
    Open closed = std::move(open_.back());
    open_.pop_back();
    const Position at = closed.node->at;
    const Subtree subtree = {std::move(closed.node),
                             nodes_ - closed.nodes_before, closed.height};
    if (closed.anchor != YAML::NullAnchor) {
      anchored_.insert_or_assign(closed.anchor, subtree);
    }
    Attach(subtree, at);
  }

  void Attach(const Subtree& subtree, Position at) {
    CheckDepth(open_.size() + subtree.height, at);
    if (open_.empty()) {
      root_ = subtree.node;
      return;
    }
    Open& parent = open_.back();
    parent.height = std::max(parent.height, subtree.height + 1);
    if (parent.node->kind == YamlNode::Kind::kSequence) {
      parent.node->items.push_back(subtree.node);
    } else if (parent.pending) {
      parent.pending->value = subtree.node;
      parent.node->entries.push_back(*std::move(parent.pending));
      parent.pending.reset();
    } else if (subtree.node->kind == YamlNode::Kind::kScalar) {
      parent.pending = YamlNode::Entry{subtree.node->text, at, nullptr};
    } else {
      throw Refused{at, absl::StrCat("a key is ", subtree.node->KindName(),
                                     "; write a name before the ':'")};
    }
  }

  std::vector<Open> open_;
  absl::flat_hash_map<YAML::anchor_t, Subtree> anchored_;
  std::shared_ptr<const YamlNode> root_;
  size_t nodes_ = 0;
};

// The advice for the user about a message of yaml-cpp.
absl::string_view Advice(absl::string_view message, absl::string_view line) {
  const absl::string_view indentation = line.substr(
      0, line.size() - absl::StripLeadingAsciiWhitespace(line).size());
  if (absl::StrContains(indentation, '\t')) {
    return "indent with spaces, the line begins with a tab";
  }
  if (absl::StartsWith(message, YAML::ErrorMsg::MAP_VALUE)) {
    return "check the indentation, and put a text that holds ': ' in quotes";
  }
  if (absl::StartsWith(message, "unknown escape") ||
      absl::StartsWith(message, "bad character found while scanning hex")) {
    return "put a text with backslashes in single quotes";
  }
  if (absl::StartsWith(message, YAML::ErrorMsg::UNKNOWN_TOKEN) ||
      absl::StartsWith(message, YAML::ErrorMsg::UNKNOWN_ANCHOR) ||
      absl::StartsWith(message, YAML::ErrorMsg::ALIAS_NOT_FOUND) ||
      absl::StartsWith(message, YAML::ErrorMsg::ANCHOR_NOT_FOUND)) {
    return "put a text that begins with one of * & @ ` % in quotes";
  }
  return "check the indentation, quotes and brackets up to here";
}

std::string SyntaxError(const YAML::Exception& error, absl::string_view text) {
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  const size_t index = static_cast<size_t>(std::max(error.mark.line, 0));
  // After a colon yaml-cpp quotes the file, which may be in a password.
  const absl::string_view message =
      absl::string_view(error.msg).substr(0, error.msg.find(':'));
  return absl::StrCat(
      "this is not YAML: ", Printable(message), "; ",
      Advice(message, index < lines.size() ? lines[index] : ""));
}

}  // namespace

std::string YamlNode::Shown() const {
  return Printable(written.empty() ? text : written, 80);
}

absl::string_view YamlNode::KindName() const {
  switch (kind) {
    case Kind::kNull:
      return "empty";
    case Kind::kScalar:
      return "a text";
    case Kind::kSequence:
      return "a list";
    case Kind::kMap:
      return "a mapping";
  }
  return "";
}

std::shared_ptr<const YamlNode> ReadYaml(absl::string_view text,
                                         ErrorList* errors) {
  if (const std::optional<Unreadable> unreadable = FindUnreadable(text)) {
    errors->Add(unreadable->at, unreadable->message);
    return nullptr;
  }
  // yaml-cpp 0.7 finds that a quotation has no end only if the text ends in it,
  // and not in a line break after it.
  std::istringstream stream(
      std::string(absl::StripTrailingAsciiWhitespace(text)));
  TreeBuilder builder;
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Refused& refused) {
    errors->Add(refused.at, refused.message);
    return nullptr;
  } catch (const YAML::Exception& error) {
    errors->Add(PositionOf(error.mark), SyntaxError(error, text));
    return nullptr;
  } catch (const std::exception&) {
    errors->Add({}, "the YAML reader failed; is this a YAML file?");
    return nullptr;
  }
  std::shared_ptr<const YamlNode> root = builder.root();
  if (root == nullptr || root->kind == YamlNode::Kind::kNull) {
    errors->Add({},
                "the config is empty; write at least 'registries:' with one "
                "registry");
    return nullptr;
  }
  return root;
}

}  // namespace registry_manager
