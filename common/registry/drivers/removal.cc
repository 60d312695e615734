// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/drivers/removal.h"

#include "absl/strings/cord.h"
#include "absl/strings/string_view.h"

namespace registry_manager {
namespace {

constexpr absl::string_view kHarmsOthersPayload =
    "registry-manager/harms-others";
constexpr absl::string_view kDoesNotDeletePayload =
    "registry-manager/does-not-delete";

}  // namespace

bool HarmsOthers(const absl::Status& status) {
  return status.GetPayload(kHarmsOthersPayload).has_value();
}

absl::Status WithHarmsOthers(absl::Status status) {
  status.SetPayload(kHarmsOthersPayload, absl::Cord("1"));
  return status;
}

bool DoesNotDelete(const absl::Status& status) {
  return status.GetPayload(kDoesNotDeletePayload).has_value();
}

absl::Status WithDoesNotDelete(absl::Status status) {
  status.SetPayload(kDoesNotDeletePayload, absl::Cord("1"));
  return status;
}

}  // namespace registry_manager
