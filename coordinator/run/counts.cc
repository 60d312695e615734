// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/run/counts.h"

namespace registry_manager {

void AddCounts(const proto::Counts& counts, proto::Counts& totals) {
  const google::protobuf::Descriptor& type = *proto::Counts::descriptor();
  const google::protobuf::Reflection& fields = *counts.GetReflection();
  for (int i = 0; i < type.field_count(); ++i) {
    fields.SetUInt64(&totals, type.field(i),
                     fields.GetUInt64(totals, type.field(i)) +
                         fields.GetUInt64(counts, type.field(i)));
  }
}

proto::Counts LastingCounts(proto::Counts counts) {
  counts.clear_tags();
  counts.clear_to_delete();
  counts.clear_to_untag();
  counts.clear_manifests_to_delete();
  counts.clear_to_copy();
  counts.clear_skipped();
  counts.clear_passed_over();
  counts.clear_failed();
  counts.clear_kept();
  counts.clear_not_selected();
  counts.clear_bytes_to_free();
  return counts;
}

}  // namespace registry_manager
