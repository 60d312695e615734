// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/connection/json.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace registry_manager {
namespace {

using Texts = std::vector<std::string>;

std::string Nested(size_t depth, bool closed) {
  return std::string(depth, '[') + (closed ? std::string(depth, ']') : "");
}

TEST(ParseJsonTest, ReadsDocumentsUpToSixtyFourDeep) {
  EXPECT_TRUE(ParseJson(R"({"a":[1,{"b":null}]})").ok());
  EXPECT_TRUE(ParseJson(Nested(64, true)).ok());
  EXPECT_TRUE(absl::IsDataLoss(ParseJson(Nested(65, true)).status()));
}

TEST(ParseJsonTest, ABombIsRefusedWithoutHarm) {
  EXPECT_FALSE(ParseJson(Nested(4 << 20, false)).ok());
  EXPECT_FALSE(ParseJson(Nested(2 << 20, true)).ok());
  std::string objects;
  for (int i = 0; i < 500000; ++i) objects += R"({"a":)";
  EXPECT_FALSE(ParseJson(objects).ok());
}

TEST(ParseJsonTest, AMillionElementsTakeNoTimeToSpeakOf) {
  std::string text = "[{}";
  for (int i = 1; i < 1000000; ++i) text += ",{}";
  const absl::Time begun = absl::Now();
  EXPECT_EQ(ParseJson(text + "]")->size(), 1000000u);
  EXPECT_LT(absl::Now() - begun, absl::Seconds(30));
}

TEST(ParseJsonTest, WhatIsNoJsonIsDataLoss) {
  for (const char* text :
       {"", " ", "{", "<html>", "{\"a\":\"\xff\"}", "{}x", "{'a':1}"}) {
    EXPECT_TRUE(absl::IsDataLoss(ParseJson(text).status())) << text;
  }
}

TEST(ParseNameListTest, ReadsTheArrayOfThatName) {
  EXPECT_EQ(ParseNameList(R"({"name":"x","tags":["a","b"]})", "tags")->values,
            (Texts{"a", "b"}));
  EXPECT_EQ(ParseNameList(R"({"tags":["a"],"others":["b"]})", "tags")->values,
            Texts{"a"});
}

// Whoever took it for an empty list would delete what it does not protect.
TEST(ParseNameListTest, AbsentOrOfAnotherKindIsDataLoss) {
  for (const char* text :
       {R"({"name":"x"})", R"({"errors":[{"code":"UNKNOWN"}]})", "{}",
        R"({"tags":"1.0"})", R"({"tags":7})", R"({"tags":{"a":[]}})",
        R"({"tags":["a"],"tags":5})", R"({"x":{"tags":[]}})"}) {
    EXPECT_TRUE(absl::IsDataLoss(ParseNameList(text, "tags").status())) << text;
  }
}

TEST(ParseNameListTest, NullIsEmpty) {
  EXPECT_TRUE(
      ParseNameList(R"({"name":"x","tags":null})", "tags")->values.empty());
  EXPECT_TRUE(ParseNameList(R"({"tags":[]})", "tags")->values.empty());
}

TEST(ParseNameListTest, WhatIsNoTextIsAnEmptyOne) {
  EXPECT_EQ(
      ParseNameList(
          R"({"tags":["a",1,null,true,2.5,{"tags":["x"]},["y"],"b"]})", "tags")
          ->values,
      (Texts{"a", "", "", "", "", "", "", "b"}));
}

TEST(ParseNameListTest, ArraysOfThatNameFurtherDownAreOthers) {
  EXPECT_TRUE(ParseNameList(
                  R"({"x":{"tags":["a"]},"y":["tags","b"],"tags":[]})", "tags")
                  ->values.empty());
}

TEST(ParseNameListTest, ReadsTheNameOfTheListAlone) {
  const auto name_of = [](const char* text) {
    return ParseNameList(text, "tags")->name;
  };
  EXPECT_EQ(name_of(R"({"name":"a/b","tags":["c"]})"), "a/b");
  EXPECT_EQ(name_of(R"({"tags":["name","c"],"x":{"name":"d"}})"), "");
  EXPECT_EQ(name_of(R"({"name":null,"tags":[]})"), "");
}

TEST(ParseNameListTest, ANameThatIsNotATextIsDataLoss) {
  for (const char* name : {"5", "[]", "{}", "true", R"(["a/b"])"}) {
    const std::string text =
        std::string(R"({"tags":["a"],"name":)") + name + "}";
    EXPECT_TRUE(absl::IsDataLoss(ParseNameList(text, "tags").status())) << text;
  }
}

TEST(ParseNameListTest, WhatIsNoObjectIsDataLoss) {
  for (const char* text : {"", "null", "[]", R"(["a"])", R"({"tags":["a")",
                           R"({"tags":["a"]}x)", "<html>"}) {
    EXPECT_TRUE(absl::IsDataLoss(ParseNameList(text, "tags").status())) << text;
  }
  EXPECT_FALSE(
      ParseNameList("{\"tags\":" + Nested(1 << 20, false), "tags").ok());
}

TEST(ParseNameListTest, ReadsAMillionTags) {
  std::string text = R"({"tags":["0")";
  for (int i = 1; i < 1000000; ++i) text += ",\"" + std::to_string(i) + "\"";
  text += "]}";
  const auto tags = ParseNameList(text, "tags");
  ASSERT_TRUE(tags.ok());
  EXPECT_EQ(tags->values.size(), 1000000u);
  EXPECT_EQ(tags->values.back(), "999999");
}

TEST(StringMemberTest, IsEmptyForWhatIsNoText) {
  const nlohmann::json object = {{"a", "x"}, {"b", 1}, {"c", nullptr}};
  EXPECT_EQ(StringMember(object, "a"), "x");
  EXPECT_EQ(StringMember(object, "b"), "");
  EXPECT_EQ(StringMember(object, "c"), "");
  EXPECT_EQ(StringMember(object, "d"), "");
  EXPECT_EQ(StringMember(nlohmann::json("text"), "a"), "");
}

}  // namespace
}  // namespace registry_manager
