// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/json.h"

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

TEST(ParseStringArrayTest, ReadsTheArrayOfThatName) {
  EXPECT_EQ(*ParseStringArray(R"({"name":"x","tags":["a","b"]})", "tags"),
            (Texts{"a", "b"}));
  EXPECT_EQ(*ParseStringArray(R"({"tags":["a"],"others":["b"]})", "tags"),
            Texts{"a"});
}

// Whoever took it for an empty list would delete what it does not protect.
TEST(ParseStringArrayTest, AbsentOrOfAnotherKindIsDataLoss) {
  for (const char* text :
       {R"({"name":"x"})", R"({"errors":[{"code":"UNKNOWN"}]})", "{}",
        R"({"tags":"1.0"})", R"({"tags":7})", R"({"tags":{"a":[]}})",
        R"({"tags":["a"],"tags":5})", R"({"x":{"tags":[]}})"}) {
    EXPECT_TRUE(absl::IsDataLoss(ParseStringArray(text, "tags").status()))
        << text;
  }
}

TEST(ParseStringArrayTest, NullIsEmpty) {
  EXPECT_TRUE(ParseStringArray(R"({"name":"x","tags":null})", "tags")->empty());
  EXPECT_TRUE(ParseStringArray(R"({"tags":[]})", "tags")->empty());
}

TEST(ParseStringArrayTest, WhatIsNoTextIsAnEmptyOne) {
  EXPECT_EQ(
      *ParseStringArray(
          R"({"tags":["a",1,null,true,2.5,{"tags":["x"]},["y"],"b"]})", "tags"),
      (Texts{"a", "", "", "", "", "", "", "b"}));
}

TEST(ParseStringArrayTest, ArraysOfThatNameFurtherDownAreOthers) {
  EXPECT_TRUE(ParseStringArray(
                  R"({"x":{"tags":["a"]},"y":["tags","b"],"tags":[]})", "tags")
                  ->empty());
}

TEST(ParseStringArrayTest, WhatIsNoObjectIsDataLoss) {
  for (const char* text : {"", "null", "[]", R"(["a"])", R"({"tags":["a")",
                           R"({"tags":["a"]}x)", "<html>"}) {
    EXPECT_TRUE(absl::IsDataLoss(ParseStringArray(text, "tags").status()))
        << text;
  }
  EXPECT_FALSE(
      ParseStringArray("{\"tags\":" + Nested(1 << 20, false), "tags").ok());
}

TEST(ParseStringArrayTest, ReadsAMillionTags) {
  std::string text = R"({"tags":["0")";
  for (int i = 1; i < 1000000; ++i) text += ",\"" + std::to_string(i) + "\"";
  text += "]}";
  const auto tags = ParseStringArray(text, "tags");
  ASSERT_TRUE(tags.ok());
  EXPECT_EQ(tags->size(), 1000000u);
  EXPECT_EQ(tags->back(), "999999");
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
