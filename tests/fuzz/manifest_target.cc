// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// common/registry: manifests and configs, by the first byte's media type.

#include <string>

#include "common/registry/api/manifest.h"
#include "common/registry/api/media_types.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace registry_manager;  // NOLINT
  if (size == 0) return 0;
  constexpr absl::string_view kTypes[] = {kOciIndex, kOciManifest, kDockerList,
                                          kDockerManifest, ""};
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const RawManifest raw = {Digest::Of(bytes),
                           std::string(kTypes[data[0] % std::size(kTypes)]),
                           bytes};
  const auto manifest = ParseManifest(raw);
  if (manifest.ok()) {
    FUZZ_CHECK(manifest->children.size() <= kMaxIndexChildren);
    FUZZ_CHECK(!manifest->is_index || !manifest->config);
    FUZZ_CHECK(manifest->is_index || manifest->children.empty());
  }
  ParseCreated(bytes).status().IgnoreError();
  ParseSchema1Created(bytes).status().IgnoreError();
  return 0;
}
