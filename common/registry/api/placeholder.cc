// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/api/placeholder.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/registry/api/blobs.h"
#include "common/registry/api/media_types.h"
#include "common/registry/api/uploads.h"
#include "common/registry/connection/retry.h"

namespace registry_manager {
namespace {

constexpr int kMaxUploads = 4;
constexpr absl::string_view kDockerLayer =
    "application/vnd.docker.image.rootfs.diff.tar.gzip";
constexpr absl::string_view kOciLayer =
    "application/vnd.oci.image.layer.v1.tar+gzip";

// The empty tar archive, compressed: the bytes that docker itself uses for an
// empty layer. Registries refuse a manifest without a layer.
std::string LayerBytes() {
  return absl::HexStringToBytes(
      "1f8b080000096e8800ff621805a360148c5800080000ffff2eafb5ef00040000");
}

// The config has the fields that registries which read configs (Harbor) expect.
constexpr absl::string_view kConfig =
    R"({"architecture":"amd64","config":{"Labels":{"registry-manager":"placeholder"}},"created":"1970-01-01T00:00:00Z","history":[{"created":"1970-01-01T00:00:00Z","created_by":"registry-manager: this tag is being removed"}],"os":"linux","rootfs":{"diff_ids":["sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"],"type":"layers"}})";

Descriptor DescriptorOf(absl::string_view media_type, absl::string_view bytes) {
  return {std::string(media_type), Digest::Of(bytes), bytes.size()};
}

std::string DescriptorJson(const Descriptor& descriptor) {
  return absl::StrCat("{\"mediaType\":\"", descriptor.media_type,
                      "\",\"size\":", descriptor.size, ",\"digest\":\"",
                      descriptor.digest.str(), "\"}");
}

RawManifest Make(absl::string_view type, absl::string_view config_type,
                 absl::string_view layer_type) {
  const std::string bytes = absl::StrCat(
      "{\"schemaVersion\":2,\"mediaType\":\"", type,
      "\",\"config\":", DescriptorJson(DescriptorOf(config_type, kConfig)),
      ",\"layers\":[", DescriptorJson(DescriptorOf(layer_type, LayerBytes())),
      "]}");
  return {Digest::Of(bytes), std::string(type), bytes};
}

absl::Status PushBlobOnce(const RegistryClient& client,
                          absl::string_view repository,
                          const Descriptor& descriptor,
                          const std::string& bytes) {
  ASSIGN_OR_RETURN(bool present, HasBlob(client, repository, descriptor));
  if (present) return absl::OkStatus();
  ASSIGN_OR_RETURN(UploadSession session, StartUpload(client, repository));
  return UploadBytes(client, repository, session, descriptor, bytes);
}

// An upload's own requests are not repeated, so that all of it is.
absl::Status PushBlob(const RegistryClient& client,
                      absl::string_view repository,
                      const Descriptor& descriptor, const std::string& bytes) {
  absl::Status status;
  for (int attempt = 0; attempt < kMaxUploads; ++attempt) {
    if (attempt > 0) {
      RETURN_IF_ERROR(client.task->cancellation().SleepFor(BackOff(attempt)));
    }
    status = PushBlobOnce(client, repository, descriptor, bytes);
    if (!IsWorthAnotherUpload(status)) return status;
  }
  return status;
}

}  // namespace

const RawManifest& Placeholder() {
  // Docker's schema 2: what the oldest registries know, too.
  static const RawManifest* const placeholder =
      new RawManifest(Make(kDockerManifest, kDockerConfig, kDockerLayer));
  return *placeholder;
}

const RawManifest& OciPlaceholder() {
  static const RawManifest* const placeholder =
      new RawManifest(Make(kOciManifest, kOciConfig, kOciLayer));
  return *placeholder;
}

bool IsPlaceholder(const Digest& digest) {
  return digest == Placeholder().digest || digest == OciPlaceholder().digest;
}

absl::Status PushPlaceholderBlobs(const RegistryClient& client,
                                  absl::string_view repository) {
  const std::string layer = LayerBytes();
  RETURN_IF_ERROR(
      PushBlob(client, repository, DescriptorOf(kDockerLayer, layer), layer));
  return PushBlob(client, repository, DescriptorOf(kDockerConfig, kConfig),
                  std::string(kConfig));
}

}  // namespace registry_manager
