// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/http/pipe.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace registry_manager {
namespace {

// Unavailable means: not now. The other end's failure is for good.
absl::Status Final(const absl::Status& status) {
  // Guard: failed-source-ends-copy
  return absl::IsUnavailable(status) ? absl::AbortedError(status.message())
                                     : status;
}

}  // namespace

class BodyPipe::Source : public BodySource {
 public:
  explicit Source(BodyPipe* pipe) : pipe_(pipe) {}

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    return pipe_->Read(buffer, size);
  }

  void SetResume(std::function<void()> resume) override {
    pipe_->SetReaderResume(std::move(resume));
  }

 private:
  BodyPipe* const pipe_;
};

BodyPipe::BodyPipe(size_t capacity)
    : capacity_(capacity), source_(std::make_unique<Source>(this)) {}

BodyPipe::~BodyPipe() = default;

BodySource& BodyPipe::source() { return *source_; }

// Resume functions are called without the lock: they may be anybody's code.

absl::Status BodyPipe::Write(absl::string_view bytes) {
  std::function<void()> resume;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!broken_.ok()) return Final(broken_);
    if (closed_.has_value()) {
      return closed_->ok() ? absl::FailedPreconditionError(
                                 "write to a body that was closed")
                           : Final(*closed_);
    }
    const size_t held = buffer_.size() - begin_;
    if (held > 0 && held + bytes.size() > capacity_) {
      writer_waits_ = true;
      return absl::UnavailableError("no room in the pipe");
    }
    buffer_.erase(0, begin_);
    begin_ = 0;
    buffer_.append(bytes.data(), bytes.size());
    if (reader_waits_ && !buffer_.empty()) {
      reader_waits_ = false;
      resume = resume_reader_;
    }
  }
  if (resume) resume();
  return absl::OkStatus();
}

absl::StatusOr<size_t> BodyPipe::Read(char* buffer, size_t size) {
  std::function<void()> resume;
  size_t count = 0;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (closed_.has_value() && !closed_->ok()) return Final(*closed_);
    const size_t held = buffer_.size() - begin_;
    if (held == 0) {
      if (closed_.has_value()) return size_t{0};
      reader_waits_ = true;
      return absl::UnavailableError("nothing in the pipe");
    }
    count = std::min(size, held);
    std::memcpy(buffer, buffer_.data() + begin_, count);
    begin_ += count;
    // Not for every few bytes: what a paused writer holds is copied each time.
    if (writer_waits_ && held - count <= capacity_ / 2) {
      writer_waits_ = false;
      resume = resume_writer_;
    }
  }
  if (resume) resume();
  return count;
}

void BodyPipe::SetReaderResume(std::function<void()> resume) {
  const bool reader_ended = !resume;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    resume_reader_ = std::move(resume);
  }
  if (reader_ended) {
    Break(absl::AbortedError("the exchange that the body was for has ended"));
  }
}

void BodyPipe::SetWriterResume(std::function<void()> resume) {
  std::lock_guard<std::mutex> lock(mutex_);
  resume_writer_ = std::move(resume);
}

void BodyPipe::Close(absl::Status status) {
  std::function<void()> resume;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (closed_.has_value()) return;
    closed_ = std::move(status);
    if (std::exchange(reader_waits_, false)) resume = resume_reader_;
  }
  if (resume) resume();
}

void BodyPipe::Break(absl::Status status) {
  std::function<void()> resume;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!broken_.ok()) return;
    broken_ = std::move(status);
    if (std::exchange(writer_waits_, false)) resume = resume_writer_;
  }
  if (resume) resume();
}

}  // namespace registry_manager
