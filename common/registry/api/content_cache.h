// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_API_CONTENT_CACHE_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_API_CONTENT_CACHE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/reference/digest.h"
#include "common/registry/api/manifest.h"

namespace registry_manager {

// Content by its digest, in a folder that processes share and that outlives
// them: manifests, and the creation dates of image configs. It says what a
// digest stands for and never whether a registry has it. What is damaged counts
// as absent. A cache that cannot be written is one that stays empty: no
// function fails. Thread-safe.
class ContentCache {
 public:
  // So much is kept; what was used last stays.
  static constexpr uint64_t kMaxBytes = uint64_t{256} << 20;

  // Makes `folder`, with mode 0700. An error: it cannot be used.
  static absl::StatusOr<std::unique_ptr<ContentCache>> Open(
      std::string folder, uint64_t max_bytes = kMaxBytes);

  // The manifest of that digest; its bytes have been hashed again.
  std::optional<RawManifest> FindManifest(const Digest& digest);
  // Schema 1 manifests, whose digest is not over their bytes, are not kept, nor
  // is what has no media type, or not its digest.
  void KeepManifest(const RawManifest& manifest);

  // The date of the image config of that digest; the inner nullopt: the config
  // bears none.
  std::optional<std::optional<absl::Time>> FindCreated(const Digest& config);
  void KeepCreated(const Digest& config, std::optional<absl::Time> created);

 private:
  ContentCache(std::string folder, uint64_t max_bytes)
      : folder_(std::move(folder)), max_bytes_(max_bytes) {}

  std::string PathOf(absl::string_view kind, const Digest& digest) const;
  std::optional<std::string> Read(const std::string& path);
  void Write(const std::string& path, absl::string_view payload);
  // Removes what was used longest ago, unless another process does just now.
  void Trim();

  const std::string folder_;
  const uint64_t max_bytes_;
  std::atomic<uint64_t> numbers_ = 0;
  // Written by this process since it last trimmed.
  std::atomic<uint64_t> written_ = 0;
  std::mutex trimming_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_API_CONTENT_CACHE_H_
