// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_WIRE_ENVELOPE_H_
#define REGISTRY_MANAGER_COMMON_WIRE_ENVELOPE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/fleet.pb.h"

namespace registry_manager {

// The version of docs/protocol.md. It must be raised when a message changes its
// meaning.
inline constexpr uint32_t kProtocolVersion = 1;
// The largest Envelope that either side sends or takes.
inline constexpr size_t kMaxEnvelopeBytes = size_t{64} << 20;

// The bytes of `envelope`, with its version set. ResourceExhausted: they are
// more than kMaxEnvelopeBytes.
absl::StatusOr<std::string> SerializeEnvelope(proto::Envelope envelope);

// The Envelope in `bytes`. InvalidArgument: they are not an Envelope with a
// body. FailedPrecondition: the Envelope has another version.
absl::StatusOr<proto::Envelope> ParseEnvelope(absl::string_view bytes);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_WIRE_ENVELOPE_H_
