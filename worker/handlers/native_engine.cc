// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include <utility>

#include "worker/handlers/copy_engine.h"

namespace registry_manager {
namespace {

class NativeEngine : public CopyEngine {
 public:
  explicit NativeEngine(ImageCopier* copier) : copier_(copier) {}

  absl::Status CopyTag(const std::string& tag) override {
    return copier_->CopyTag(tag);
  }
  void Remember(const std::string& tag, RawManifest&& manifest) override {
    copier_->Remember(tag, std::move(manifest));
  }

 private:
  ImageCopier* const copier_;
};

}  // namespace

std::unique_ptr<CopyEngine> NewNativeEngine(ImageCopier* copier) {
  return std::make_unique<NativeEngine>(copier);
}

}  // namespace registry_manager
