// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/records/message_json.h"

#include <google/protobuf/descriptor.h>

#include <string>

#include "absl/strings/ascii.h"

namespace registry_manager {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using nlohmann::ordered_json;

std::string NameOf(const google::protobuf::EnumValueDescriptor& value) {
  return absl::AsciiStrToLower(value.name());
}

ordered_json Element(const Message& message, const FieldDescriptor& field,
                     int index) {
  const auto& fields = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return fields.GetRepeatedString(message, &field, index);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return ToJson(fields.GetRepeatedMessage(message, &field, index));
    default:
      return nullptr;
  }
}

ordered_json Value(const Message& message, const FieldDescriptor& field) {
  const auto& fields = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return fields.GetBool(message, &field);
    case FieldDescriptor::CPPTYPE_INT32:
      return fields.GetInt32(message, &field);
    case FieldDescriptor::CPPTYPE_INT64:
      return fields.GetInt64(message, &field);
    case FieldDescriptor::CPPTYPE_UINT32:
      return fields.GetUInt32(message, &field);
    case FieldDescriptor::CPPTYPE_UINT64:
      return fields.GetUInt64(message, &field);
    case FieldDescriptor::CPPTYPE_ENUM:
      return NameOf(*fields.GetEnum(message, &field));
    case FieldDescriptor::CPPTYPE_STRING:
      return fields.GetString(message, &field);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return ToJson(fields.GetMessage(message, &field));
    default:
      return nullptr;
  }
}

}  // namespace

ordered_json ToJson(const Message& message) {
  ordered_json object = ordered_json::object();
  const auto& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (!field.is_repeated()) {
      object[field.name()] = Value(message, field);
      continue;
    }
    ordered_json list = ordered_json::array();
    const int size = message.GetReflection()->FieldSize(message, &field);
    for (int j = 0; j < size; ++j) list.push_back(Element(message, field, j));
    object[field.name()] = std::move(list);
  }
  return object;
}

ordered_json RunJson(const proto::RunSnapshot& run) {
  ordered_json object = {{"type", "run"}};
  object.update(ToJson(run));
  object["version"] = kJsonVersion;
  return object;
}

void ReadJson(const nlohmann::json& object, Message& message) {
  const auto& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const auto member = object.find(field.name());
    if (field.is_repeated() || member == object.end() ||
        field.cpp_type() != FieldDescriptor::CPPTYPE_UINT64 ||
        !member->is_number_unsigned()) {
      continue;
    }
    message.GetReflection()->SetUInt64(&message, &field,
                                       member->get<uint64_t>());
  }
}

}  // namespace registry_manager
