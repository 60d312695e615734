// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_TESTING_REGISTRY_PROCESS_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_TESTING_REGISTRY_PROCESS_H_

#include <sys/types.h>

#include <string>

#include "absl/strings/string_view.h"

namespace registry_manager {

// A docker-registry of its own on loopback, with its storage in a folder that
// goes with it. It ends with this object, or with this process. Aborts where it
// cannot be started.
class RegistryProcess {
 public:
  struct Options {
    bool deletes = true;
  };
  RegistryProcess() : RegistryProcess(Options()) {}
  explicit RegistryProcess(const Options& options);
  ~RegistryProcess();
  RegistryProcess(const RegistryProcess&) = delete;
  RegistryProcess& operator=(const RegistryProcess&) = delete;

  int port() const { return port_; }
  // "http://127.0.0.1:PORT"
  std::string url() const;

  // "FOLDER/docker/registry/v2": where its files are.
  std::string storage() const;
  // Takes a manifest's revision away behind the registry's back: tags that
  // point at it dangle.
  void LoseManifest(absl::string_view repository, absl::string_view digest);

 private:
  std::string folder_;
  int port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_TESTING_REGISTRY_PROCESS_H_
