// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_PROCESS_ENVIRONMENT_H_
#define REGISTRY_MANAGER_COMMON_PROCESS_ENVIRONMENT_H_

#include <string>
#include <vector>

namespace registry_manager {

// From now on no program that this process starts inherits these variables,
// because they hold secrets. Variables that programs cannot do without (PATH,
// HOME, TMPDIR, XDG_*, proxies) are never withheld. Thread-safe.
void WithholdFromPrograms(const std::vector<std::string>& names);

// The variables that a program inherits, each as "NAME=VALUE". Thread-safe.
std::vector<std::string> EnvironmentForPrograms();

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_PROCESS_ENVIRONMENT_H_
