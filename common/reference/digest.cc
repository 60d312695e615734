// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/reference/digest.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/reference/hasher.h"
#include "common/reference/printable.h"

namespace registry_manager {
namespace {

bool IsLowerHex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

}  // namespace

absl::StatusOr<Digest> Digest::Parse(absl::string_view text) {
  const size_t colon = text.find(':');
  const absl::string_view algorithm = text.substr(0, colon);
  const size_t digits = algorithm == "sha256"   ? 64
                        : algorithm == "sha512" ? 128
                                                : 0;
  if (colon == absl::string_view::npos || digits == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", Printable(text),
                     "' is not a digest: it begins with neither sha256: nor "
                     "sha512:"));
  }
  const absl::string_view hex = text.substr(colon + 1);
  if (hex.size() != digits ||
      !std::all_of(hex.begin(), hex.end(), IsLowerHex)) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", Printable(text), "' is not a digest: ", algorithm,
                     ": is followed by ", digits, " lower-case hex digits"));
  }
  return Digest(std::string(text));
}

Digest Digest::Of(absl::string_view bytes) {
  Hasher hasher;
  hasher.Update(bytes);
  return hasher.Finish();
}

absl::string_view Digest::algorithm() const {
  return absl::string_view(text_).substr(0, text_.find(':'));
}

absl::string_view Digest::hex() const {
  return absl::string_view(text_).substr(text_.find(':') + 1);
}

}  // namespace registry_manager
