// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_HTTP_PIPE_H_
#define REGISTRY_MANAGER_COMMON_HTTP_PIPE_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/http/transport.h"

namespace registry_manager {

// Joins the body of one exchange to the body of another through a bounded
// buffer: what a GET brings, a PUT sends. Each side pauses its transfer while
// the other is behind. Thread-safe.
class BodyPipe {
 public:
  explicit BodyPipe(size_t capacity = 256 << 10);
  ~BodyPipe();
  BodyPipe(const BodyPipe&) = delete;
  BodyPipe& operator=(const BodyPipe&) = delete;

  // The end that is given as HttpRequest::source, of one exchange. Reads end
  // cleanly after Close(OK) once the buffer is empty. When that exchange ends,
  // the pipe breaks (Aborted), so that no writer waits for a reader that is
  // gone.
  BodySource& source();

  // Appends all of `bytes` to the buffer or nothing; an empty buffer takes any
  // size. Unavailable: no room; `SetWriterResume`'s function is called when
  // there is. After Break its status; after Close an error.
  absl::Status Write(absl::string_view bytes);
  void SetWriterResume(std::function<void()> resume);

  // The writer is done: OK ends the stream, an error fails the reader with it
  // (Aborted for an Unavailable one).
  void Close(absl::Status status);
  // The reader is gone: every later Write fails with `status` (not OK; the
  // first call counts; Aborted for Unavailable).
  void Break(absl::Status status);

 private:
  class Source;

  absl::StatusOr<size_t> Read(char* buffer, size_t size);
  void SetReaderResume(std::function<void()> resume);

  const size_t capacity_;
  const std::unique_ptr<Source> source_;

  std::mutex mutex_;
  // The bytes from `begin_` on are still to be read.
  std::string buffer_;
  size_t begin_ = 0;
  std::optional<absl::Status> closed_;
  absl::Status broken_;
  std::function<void()> resume_reader_;
  std::function<void()> resume_writer_;
  bool reader_waits_ = false;
  bool writer_waits_ = false;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_HTTP_PIPE_H_
