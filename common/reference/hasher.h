// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REFERENCE_HASHER_H_
#define REGISTRY_MANAGER_COMMON_REFERENCE_HASHER_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "common/reference/digest.h"

struct evp_md_ctx_st;

namespace registry_manager {

// Hashes content piece by piece, with the algorithm of the digest that it will
// be compared with. Not thread-safe.
class Hasher {
 public:
  // `algorithm` is what Digest::algorithm() returns.
  explicit Hasher(absl::string_view algorithm = "sha256");
  ~Hasher();
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;

  void Update(absl::string_view bytes);
  // The digest of all bytes so far and `bytes`; nothing changes.
  Digest DigestWith(absl::string_view bytes) const;
  // The digest of all bytes so far. Call once, last.
  Digest Finish();

 private:
  std::string algorithm_;
  evp_md_ctx_st* context_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REFERENCE_HASHER_H_
