// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/config/yaml_tree.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "common/config/unreadable.h"

namespace registry_manager {
namespace {

using Kind = YamlNode::Kind;

std::shared_ptr<const YamlNode> MustRead(absl::string_view text) {
  ErrorList errors;
  const auto root = ReadYaml(text, &errors);
  EXPECT_NE(root, nullptr) << errors.ToStatus("f");
  return root == nullptr ? std::make_shared<YamlNode>() : root;
}

std::string ErrorOf(absl::string_view text) {
  ErrorList errors;
  EXPECT_EQ(ReadYaml(text, &errors), nullptr);
  return std::string(errors.ToStatus("f").message());
}

TEST(YamlTreeTest, KnowsWhereKeysAndValuesStand) {
  const auto root = MustRead("a: 1\nbb:\n  - x\n  - {c: y}\n");
  ASSERT_EQ(root->kind, Kind::kMap);
  ASSERT_EQ(root->entries.size(), 2u);
  EXPECT_EQ(root->entries[0].key, "a");
  EXPECT_EQ(root->entries[0].key_at, (Position{1, 1}));
  EXPECT_EQ(root->entries[0].value->at, (Position{1, 4}));
  EXPECT_EQ(root->entries[1].key_at, (Position{2, 1}));
  const YamlNode& list = *root->entries[1].value;
  ASSERT_EQ(list.items.size(), 2u);
  EXPECT_EQ(list.at, (Position{3, 3}));
  EXPECT_EQ(list.items[0]->at, (Position{3, 5}));
  ASSERT_EQ(list.items[1]->entries.size(), 1u);
  EXPECT_EQ(list.items[1]->entries[0].key_at, (Position{4, 6}));
  EXPECT_EQ(list.items[1]->entries[0].value->at, (Position{4, 9}));
}

TEST(YamlTreeTest, PutsANullValueWhereItsKeyOrListIs) {
  const auto root = MustRead("a:\n  b:\nc:\n  - x\n  -\n");
  EXPECT_EQ(root->entries[0].value->entries[0].value->at, (Position{2, 3}));
  EXPECT_EQ(root->entries[1].value->items[1]->kind, Kind::kNull);
  EXPECT_EQ(root->entries[1].value->items[1]->at, (Position{4, 3}));
}

TEST(YamlTreeTest, KeepsDuplicateKeys) {
  EXPECT_EQ(MustRead("a: 1\na: 2\n")->entries.size(), 2u);
}

TEST(YamlTreeTest, TellsNullFromQuotedText) {
  const auto root = MustRead("a: ~\nb: null\nc: ''\nd: 'null'\n");
  EXPECT_EQ(root->entries[0].value->kind, Kind::kNull);
  EXPECT_EQ(root->entries[1].value->kind, Kind::kNull);
  EXPECT_EQ(root->entries[2].value->kind, Kind::kScalar);
  EXPECT_EQ(root->entries[3].value->text, "null");
}

TEST(YamlTreeTest, RepeatsWhatAnAliasNames) {
  const auto root = MustRead("a: &x [1, 2]\nb: *x\n");
  EXPECT_EQ(root->entries[1].value, root->entries[0].value);
}

TEST(YamlTreeTest, ReadsWindowsLineEndsAndAByteOrderMark) {
  const auto root = MustRead(
      "\xef\xbb\xbf"
      "a: x\r\nb: y\r\n");
  ASSERT_EQ(root->entries.size(), 2u);
  EXPECT_EQ(root->entries[0].key, "a");
  EXPECT_EQ(root->entries[0].value->text, "x");
  EXPECT_EQ(root->entries[1].key_at, (Position{2, 1}));
}

TEST(YamlTreeTest, RefusesAnEmptyFile) {
  for (const char* text : {"", "\n\n", "# only a comment\n", "---\n", "~\n"}) {
    EXPECT_EQ(ErrorOf(text),
              "f:1:1: the config is empty; write at least 'registries:' with "
              "one registry")
        << text;
  }
}

TEST(YamlTreeTest, ReportsASyntaxErrorOnceWithItsPlace) {
  const std::string error = ErrorOf("a: 1\nb: 'x' 'y'\nc: d\n");
  EXPECT_EQ(error,
            "f:2:8: this is not YAML: end of map not found; check the "
            "indentation, quotes and brackets up to here");
  EXPECT_EQ(ErrorOf("a: 1\nb: [x\n").substr(0, 4), "f:2:");
}

TEST(YamlTreeTest, NamesATabInTheIndentation) {
  EXPECT_EQ(ErrorOf("a:\n\tb: c\n"),
            "f:2:3: this is not YAML: illegal map value; indent with spaces, "
            "the line begins with a tab");
}

TEST(YamlTreeTest, FindsAQuotationWithoutEndAlsoBeforeALineEnd) {
  EXPECT_NE(ErrorOf("a: 1\nb: \"x\n").find("not YAML"), std::string::npos);
  EXPECT_NE(ErrorOf("a: 1\nb: 'x\n\n").find("not YAML"), std::string::npos);
}

TEST(YamlTreeTest, ShowsNothingOfAValueInASyntaxError) {
  for (const char* text :
       {"password: \"hunter2\\q\"\n", "password: hunter2: x\n",
        "password: *hunter2\n", "password: !hunter2 x\n",
        "password: 'hunter2'hunter2\n", "password: [hunter2\n",
        "password: @hunter2\n", "password: \"\\xhunter2\"\n"}) {
    EXPECT_EQ(ErrorOf(text).find("unter"), std::string::npos) << ErrorOf(text);
    EXPECT_EQ(ErrorOf(text).find(": q"), std::string::npos);
  }
}

TEST(YamlTreeTest, RefusesASecondDocument) {
  const std::string expected =
      "f:2:1: the document has ended before this line, and another begins; "
      "check the indentation, and keep one config in a file, without '---' or "
      "'...' in between";
  EXPECT_EQ(ErrorOf("a: 1\n---\nb: 2\n"), expected);
  EXPECT_EQ(ErrorOf("- a\nb: c\n"), expected);
}

TEST(YamlTreeTest, RefusesTagsAndKeysThatAreNoNames) {
  EXPECT_EQ(ErrorOf("a: !!str 5\n"),
            "f:1:4: a config has no YAML tags; leave it out, or put a text "
            "that begins with '!' in quotes");
  EXPECT_EQ(ErrorOf("? [a]\n: b\n"),
            "f:1:3: a key is a list; write a name before the ':'");
  EXPECT_EQ(ErrorOf("~: b\n").substr(0, 21), "f:1:1: a key is empty");
}

TEST(YamlTreeTest, RefusesControlCharactersAndWhatIsNoUtf8) {
  // yaml-cpp would take \x04 for the end of the file.
  EXPECT_EQ(ErrorOf("a: 1\nb: x\x04\nc: 2\n"),
            "f:2:5: the byte \\x04 is part of no readable UTF-8 text; save the "
            "file as UTF-8, without control characters");
  EXPECT_EQ(ErrorOf("a: \xff\n").substr(0, 20), "f:1:4: the byte \\xff");
  EXPECT_EQ(ErrorOf(absl::string_view("a: b\0c", 6)).substr(0, 20),
            "f:1:5: the byte \\x00");
}

TEST(UnreadableTest, AllowsTabsLineEndsAndEveryLanguage) {
  EXPECT_FALSE(FindUnreadable("# 镜像仓库\ta\r\n\\x04 é\n").has_value());
}

}  // namespace
}  // namespace registry_manager
