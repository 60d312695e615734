// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/sync/sync_to_layout.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/registry/api/manifests.h"
#include "common/registry/api/media_types.h"
#include "worker/handlers/settings.h"
#include "worker/handlers/skopeo/skopeo_engine.h"

namespace registry_manager {
namespace {

class LayoutEngine : public CopyEngine {
 public:
  LayoutEngine(RegistryClient source, std::string repository,
               std::unique_ptr<Layout> layout,
               std::unique_ptr<SkopeoCopier> copier)
      : source_(source),
        repository_(std::move(repository)),
        layout_(std::move(layout)),
        copier_(std::move(copier)) {}

  absl::Status CopyTag(const std::string& tag) override {
    ASSIGN_OR_RETURN(const ManifestHead image,
                     HeadManifest(source_, repository_, tag));
    ASSIGN_OR_RETURN(const std::string destination, layout_->Begin(tag, image));
    absl::Status status = copier_->CopyTo(tag, destination);
    if (status.ok()) status = layout_->Commit(tag, image);
    if (!status.ok()) layout_->Abandon();
    return status;
  }

 private:
  const RegistryClient source_;
  const std::string repository_;
  const std::unique_ptr<Layout> layout_;
  const std::unique_ptr<SkopeoCopier> copier_;
};

bool IsDockerType(absl::string_view media_type) {
  return absl::StartsWith(media_type, "application/vnd.docker.");
}

}  // namespace

absl::StatusOr<OpenedLayout> OpenLayout(const proto::SyncRepository& task,
                                        const proto::Registry& source,
                                        TaskContext& context) {
  if (context.settings->sync_policy().engine() != proto::SyncPolicy::SKOPEO) {
    return absl::FailedPreconditionError(
        absl::StrCat(task.target(),
                     " is a folder, which only skopeo writes; set engine: "
                     "skopeo"));
  }
  ASSIGN_OR_RETURN(std::unique_ptr<Layout> layout,
                   Layout::Open(task.target(), task.target_repository()));
  ASSIGN_OR_RETURN(auto tags, layout->ReadTags());
  const std::string& repository = task.entry().repository();
  ASSIGN_OR_RETURN(
      std::unique_ptr<SkopeoCopier> copier,
      SkopeoCopier::Create(context, {&source, repository}, std::nullopt));
  ASSIGN_OR_RETURN(RegistryConnection * connection,
                   ConnectTo(task.source(), context));
  return OpenedLayout{std::move(tags),
                      std::make_unique<LayoutEngine>(
                          RegistryClient{connection, context.scope}, repository,
                          std::move(layout), std::move(copier))};
}

void CompareWithLayout(const std::map<std::string, Digest>& tags,
                       std::map<std::string, TagComparison>& compared) {
  for (auto& [tag, comparison] : compared) {
    const auto there = tags.find(tag);
    comparison.same = comparison.source && there != tags.end() &&
                      there->second == comparison.source->digest;
  }
}

std::string LayoutNote(const std::string& target,
                       const std::map<std::string, TagComparison>& compared) {
  if (!absl::StartsWith(target, "oci:")) return "";
  size_t docker = 0;
  for (const auto& [tag, comparison] : compared) {
    if (comparison.source && IsDockerType(comparison.source->media_type)) {
      ++docker;
    }
  }
  if (docker == 0) return "";
  return absl::StrCat(
      docker, docker == 1 ? " tag is" : " tags are",
      " of Docker's own media types: an OCI layout holds them byte for byte, "
      "but skopeo does not read such from there (crane and regctl do); a "
      "target dir:/FOLDER serves skopeo too");
}

}  // namespace registry_manager
