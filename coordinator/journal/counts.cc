// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/journal/counts.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>

namespace registry_manager {
namespace {

using google::protobuf::FieldDescriptor;

constexpr uint64_t kMostPerTask = uint64_t{1} << 48;

bool IsCount(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_UINT64 &&
         !field.is_repeated();
}

}  // namespace

std::vector<std::pair<std::string, uint64_t>> CountFields(
    const proto::Counts& counts) {
  std::vector<std::pair<std::string, uint64_t>> result;
  const google::protobuf::Descriptor& type = *counts.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (!IsCount(field)) continue;
    const uint64_t count = counts.GetReflection()->GetUInt64(counts, &field);
    if (count == 0) continue;
    result.emplace_back(field.name(), std::min(count, kMostPerTask));
  }
  return result;
}

bool AddToCount(absl::string_view field, uint64_t count,
                proto::Counts* totals) {
  const FieldDescriptor* descriptor =
      totals->GetDescriptor()->FindFieldByName(std::string(field));
  if (descriptor == nullptr || !IsCount(*descriptor)) return false;
  const auto& reflection = *totals->GetReflection();
  reflection.SetUInt64(totals, descriptor,
                       reflection.GetUInt64(*totals, descriptor) + count);
  return true;
}

}  // namespace registry_manager
