// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_HANDLERS_SYNC_LAYOUT_H_
#define REGISTRY_MANAGER_WORKER_HANDLERS_SYNC_LAYOUT_H_

#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/reference/digest.h"
#include "common/registry/api/manifests.h"

namespace registry_manager {

// One repository in a folder that skopeo writes:
//
//   oci:/FOLDER  /FOLDER/REPOSITORY is an OCI image layout (image spec,
//                image-layout.md); a tag is the annotation
//                "org.opencontainers.image.ref.name" in its index.json:
//                `skopeo inspect oci:/FOLDER/REPOSITORY:TAG`
//   dir:/FOLDER  /FOLDER/REPOSITORY:TAG is a folder of one image:
//                `skopeo inspect dir:/FOLDER/REPOSITORY:TAG`
//
// No repository's name holds a ':', so that no image lies in another's folder.
// Blobs of an OCI layout that no tag needs any more stay. For one task at a
// time.
class Layout {
 public:
  // `target` is "oci:/FOLDER" or "dir:/FOLDER". InvalidArgument where the
  // repository's name is none, or would lie in the files of a layout.
  static absl::StatusOr<std::unique_ptr<Layout>> Open(
      absl::string_view target, const std::string& repository);
  virtual ~Layout() = default;

  // The tags that are there, with what they point at; none where there is no
  // such repository. DataLoss where it cannot be read.
  virtual absl::StatusOr<std::map<std::string, Digest>> ReadTags() const = 0;

  // Makes room for `image`, and says where skopeo is to write it.
  virtual absl::StatusOr<std::string> Begin(const std::string& tag,
                                            const ManifestHead& image) = 0;
  // Skopeo has written it: the tag points at it from now on, in one step.
  virtual absl::Status Commit(const std::string& tag,
                              const ManifestHead& image) = 0;
  // Skopeo has failed: what it wrote aside goes. The tag is as it was.
  virtual void Abandon() = 0;
};

// True for "oci:…" and "dir:…".
bool IsLayout(absl::string_view target);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_HANDLERS_SYNC_LAYOUT_H_
