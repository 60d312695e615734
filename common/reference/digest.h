// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REFERENCE_DIGEST_H_
#define REGISTRY_MANAGER_COMMON_REFERENCE_DIGEST_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace registry_manager {

// The name of a piece of content by its hash: "sha256:" and 64 lower-case hex
// digits, or "sha512:" and 128 (OCI image spec, descriptor.md, "Digests").
// A Digest always holds a well-formed value. A value type.
class Digest {
 public:
  // InvalidArgument names the text and what is wrong with it.
  static absl::StatusOr<Digest> Parse(absl::string_view text);

  // The sha256 digest of `bytes`.
  static Digest Of(absl::string_view bytes);

  // "sha256" or "sha512".
  absl::string_view algorithm() const;
  // The lower-case hex digits.
  absl::string_view hex() const;
  // "sha256:…", as the registry API spells it.
  const std::string& str() const { return text_; }

  friend bool operator==(const Digest& a, const Digest& b) = default;
  friend auto operator<=>(const Digest& a, const Digest& b) {
    return a.text_.compare(b.text_) <=> 0;
  }
  template <typename H>
  friend H AbslHashValue(H state, const Digest& digest) {
    return H::combine(std::move(state), digest.text_);
  }

 private:
  friend class Hasher;
  explicit Digest(std::string text) : text_(std::move(text)) {}

  std::string text_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REFERENCE_DIGEST_H_
