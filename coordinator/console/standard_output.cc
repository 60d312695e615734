// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/console/standard_output.h"

#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>

namespace registry_manager {
namespace {

std::atomic<int> first_error = 0;

// Takes everything: what cannot be written any more is dropped.
ssize_t Write(void*, const char* text, size_t size) {
  size_t done = 0;
  while (done < size && first_error == 0) {
    const ssize_t written = write(STDOUT_FILENO, text + done, size - done);
    if (written >= 0) {
      done += written;
    } else if (errno == EAGAIN) {
      pollfd room = {STDOUT_FILENO, POLLOUT, 0};
      poll(&room, 1, -1);
    } else if (errno != EINTR) {
      first_error = errno;
    }
  }
  return static_cast<ssize_t>(size);
}

}  // namespace

void WatchStandardOutput() {
  cookie_io_functions_t functions = {};
  functions.write = Write;
  FILE* const watched = fopencookie(nullptr, "w", functions);
  if (watched == nullptr) return;
  setvbuf(watched, nullptr, isatty(STDOUT_FILENO) != 0 ? _IOLBF : _IOFBF,
          BUFSIZ);
  stdout = watched;
}

int StandardOutputError() { return first_error; }

}  // namespace registry_manager
