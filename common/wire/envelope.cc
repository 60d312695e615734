// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/wire/envelope.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace registry_manager {

absl::StatusOr<std::string> SerializeEnvelope(proto::Envelope envelope) {
  envelope.set_version(kProtocolVersion);
  const size_t size = envelope.ByteSizeLong();
  if (size > kMaxEnvelopeBytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("a message of ", size, " bytes is larger than the ",
                     kMaxEnvelopeBytes, " that one may have"));
  }
  std::string bytes;
  if (!envelope.SerializeToString(&bytes)) {
    return absl::InternalError("cannot serialise a message");
  }
  return bytes;
}

absl::StatusOr<proto::Envelope> ParseEnvelope(absl::string_view bytes) {
  if (bytes.size() > kMaxEnvelopeBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("a message of ", bytes.size(), " bytes is too large"));
  }
  proto::Envelope envelope;
  if (!envelope.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::InvalidArgumentError("a message is no Envelope");
  }
  // Another version may have bodies that this one does not know.
  if (envelope.version() != kProtocolVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat("a message of protocol version ", envelope.version(),
                     " came; this program speaks version ", kProtocolVersion,
                     ": use coordinator and workers of the same build"));
  }
  if (envelope.body_case() == proto::Envelope::BODY_NOT_SET) {
    return absl::InvalidArgumentError("a message has no body");
  }
  return envelope;
}

}  // namespace registry_manager
