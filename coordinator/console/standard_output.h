// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_CONSOLE_STANDARD_OUTPUT_H_
#define REGISTRY_MANAGER_COORDINATOR_CONSOLE_STANDARD_OUTPUT_H_

namespace registry_manager {

// stdio says that something could not be written, and not why: from here on it
// is remembered. To be called before anything is printed.
void WatchStandardOutput();

// The errno of the first write that failed (EPIPE: nobody reads), after which
// nothing more is written; 0: none has, of what was flushed.
int StandardOutputError();

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_CONSOLE_STANDARD_OUTPUT_H_
