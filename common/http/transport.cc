// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/http/transport.h"

#include "absl/strings/cord.h"
#include "absl/strings/match.h"

namespace registry_manager {
namespace {

constexpr char kNotSentPayload[] = "registry-manager/request-not-sent";

}  // namespace

absl::string_view HttpMethodName(HttpMethod method) {
  switch (method) {
    case HttpMethod::kGet:
      return "GET";
    case HttpMethod::kHead:
      return "HEAD";
    case HttpMethod::kPost:
      return "POST";
    case HttpMethod::kPut:
      return "PUT";
    case HttpMethod::kPatch:
      return "PATCH";
    case HttpMethod::kDelete:
      return "DELETE";
  }
  return "unknown";
}

bool IsReadOnly(HttpMethod method) {
  return method == HttpMethod::kGet || method == HttpMethod::kHead;
}

void HttpHeaders::Add(absl::string_view name, absl::string_view value) {
  fields_.emplace_back(std::string(name), std::string(value));
}

std::optional<absl::string_view> HttpHeaders::Get(
    absl::string_view name) const {
  for (const auto& [field, value] : fields_) {
    if (absl::EqualsIgnoreCase(field, name)) return value;
  }
  return std::nullopt;
}

std::vector<absl::string_view> HttpHeaders::GetAll(
    absl::string_view name) const {
  std::vector<absl::string_view> values;
  for (const auto& [field, value] : fields_) {
    if (absl::EqualsIgnoreCase(field, name)) values.push_back(value);
  }
  return values;
}

bool RequestMayHaveArrived(const absl::Status& status) {
  return !status.GetPayload(kNotSentPayload).has_value();
}

absl::Status WithRequestNotSent(absl::Status status) {
  status.SetPayload(kNotSentPayload, absl::Cord());
  return status;
}

}  // namespace registry_manager
