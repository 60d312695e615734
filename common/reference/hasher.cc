// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/reference/hasher.h"

#include <openssl/evp.h>

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace registry_manager {

Hasher::Hasher(absl::string_view algorithm)
    : algorithm_(algorithm), context_(EVP_MD_CTX_new()) {
  EVP_DigestInit_ex(
      context_, algorithm_ == "sha512" ? EVP_sha512() : EVP_sha256(), nullptr);
}

Hasher::~Hasher() { EVP_MD_CTX_free(context_); }

void Hasher::Update(absl::string_view bytes) {
  EVP_DigestUpdate(context_, bytes.data(), bytes.size());
}

Digest Hasher::DigestWith(absl::string_view bytes) const {
  Hasher copy(algorithm_);
  EVP_MD_CTX_copy_ex(copy.context_, context_);
  copy.Update(bytes);
  return copy.Finish();
}

Digest Hasher::Finish() {
  unsigned char hash[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_DigestFinal_ex(context_, hash, &size);
  return Digest(absl::StrCat(algorithm_, ":",
                             absl::BytesToHexString(absl::string_view(
                                 reinterpret_cast<const char*>(hash), size))));
}

}  // namespace registry_manager
