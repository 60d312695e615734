// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/api/blobs.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "common/base/status_macros.h"
#include "common/reference/hasher.h"
#include "common/registry/connection/errors.h"
#include "common/registry/connection/retry.h"

namespace registry_manager {
namespace {

// The largest size of a blob that is held in memory.
constexpr uint64_t kMaxSmallBlob = 4 << 20;
constexpr absl::string_view kWrongContentPayload =
    "registry-manager/wrong-content";

Url BlobUrl(const RegistryClient& client, absl::string_view repository,
            const Digest& digest) {
  return client.connection->RepositoryEndpoint(
      repository, absl::StrCat("blobs/", digest.str()));
}

RegistryRequest ReadRequest(const RegistryClient& client, HttpMethod method,
                            absl::string_view repository,
                            const Digest& digest) {
  RegistryRequest request;
  request.method = method;
  request.url = BlobUrl(client, repository, digest);
  request.scopes = {client.ReadScope(repository)};
  request.repeatable = true;
  return request;
}

// Takes a blob's bytes over however many exchanges it needs.
class BlobSink : public BodySink {
 public:
  BlobSink(const Descriptor& blob, TaskScope& task, BodyPipe& pipe)
      : blob_(blob),
        task_(task),
        pipe_(pipe),
        hasher_(blob.digest.algorithm()) {}

  uint64_t received() const { return received_; }
  bool complete() const { return received_ == blob_.size && verified_; }

  absl::Status Begin(int status, const HttpHeaders& headers) override {
    // A registry that ignores Range begins again at the first byte.
    uint64_t first = 0;
    if (status == 206) {
      first = FirstByteOf(headers.Get("Content-Range").value_or(""), received_);
    }
    if (first > received_) {
      return Refuse("comes in parts that were not asked for");
    }
    skip_ = received_ - first;
    return absl::OkStatus();
  }

  absl::Status Write(absl::string_view bytes) override {
    if (skip_ >= bytes.size()) {
      skip_ -= bytes.size();
      return absl::OkStatus();
    }
    const absl::string_view fresh = bytes.substr(skip_);
    if (received_ + fresh.size() > blob_.size) {
      return Refuse(absl::StrCat("is longer than the ", blob_.size,
                                 " bytes that its manifest says"));
    }
    const bool last = received_ + fresh.size() == blob_.size;
    if (last) {
      const Digest found = hasher_.DigestWith(fresh);
      // Guard: every-byte-is-hashed
      if (found != blob_.digest) {
        return Refuse(absl::StrCat("has another content than its digest says: ",
                                   "that of ", found.str()));
      }
    }
    RETURN_IF_ERROR(pipe_.Write(fresh));
    hasher_.Update(fresh);
    received_ += fresh.size();
    skip_ = 0;
    verified_ = last;
    task_.Progress();
    return absl::OkStatus();
  }

  void SetResume(std::function<void()> resume) override {
    pipe_.SetWriterResume(std::move(resume));
  }

  // The content is not the blob's: asking again brings nothing better.
  bool refused() const { return refused_; }

 private:
  // "bytes FIRST-LAST/SIZE"; a server that leaves it out sends what was asked
  // for.
  static uint64_t FirstByteOf(absl::string_view range, uint64_t asked) {
    uint64_t first = 0;
    if (!absl::ConsumePrefix(&range, "bytes ") ||
        !absl::SimpleAtoi(range.substr(0, range.find('-')), &first)) {
      return asked;
    }
    return first;
  }

  absl::Status Refuse(absl::string_view what) {
    refused_ = true;
    // The request that it is an answer to names it.
    return WrongContent::Mark(
        absl::DataLossError(absl::StrCat("the blob ", what)));
  }

  const Descriptor& blob_;
  TaskScope& task_;
  BodyPipe& pipe_;
  Hasher hasher_;
  uint64_t received_ = 0;
  uint64_t skip_ = 0;
  bool verified_ = false;
  bool refused_ = false;
};

// One GET of what is missing.
absl::Status StreamOnce(const RegistryClient& client,
                        absl::string_view repository, const Descriptor& blob,
                        BlobSink& sink, GatePass& pass) {
  RegistryRequest request =
      ReadRequest(client, HttpMethod::kGet, repository, blob.digest);
  request.repeatable = false;
  request.pass = &pass;
  request.sink = &sink;
  if (sink.received() > 0) {
    request.headers.Add("Range", absl::StrCat("bytes=", sink.received(), "-"));
  }
  absl::StatusOr<HttpResponse> response = client.Send(request);
  // However the body ended: nothing is missing.
  if (sink.complete() && !sink.refused()) return absl::OkStatus();
  if (!response.ok()) return response.status();
  if (response->status == 416) {
    return absl::DataLossError(
        absl::StrCat("GET ", request.url.display(), ": the registry has only ",
                     sink.received(), " of the ", blob.size,
                     " bytes that the manifest says"));
  }
  if (response->status != 200 && response->status != 206) {
    return client.Refusal(request, *response);
  }
  return absl::UnavailableError(
      absl::StrCat("GET ", request.url.display(), ": it ended after ",
                   sink.received(), " of ", blob.size, " bytes"));
}

// A transfer that was cut says DataLoss, too. After 429, the gate is parked.
bool IsWorthGoingOn(const absl::Status& status, const BlobSink& sink) {
  if (HttpStatusOf(status) != 0) {
    return absl::IsUnavailable(status) || absl::IsResourceExhausted(status);
  }
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsResourceExhausted(status) ||
         (absl::IsDataLoss(status) && !sink.refused());
}

std::optional<uint64_t> LengthOf(const HttpHeaders& headers) {
  uint64_t length = 0;
  if (!absl::SimpleAtoi(headers.Get("Content-Length").value_or(""), &length)) {
    return std::nullopt;
  }
  return length;
}

BlobState StateOf(const RegistryClient& client, const Descriptor& blob,
                  uint64_t length) {
  if (length == blob.size) return BlobState::kPresent;
  client.connection->has_broken_blobs = true;
  return BlobState::kBroken;
}

// Ends an exchange at its headers, which tell a blob's length.
class LengthSink : public BodySink {
 public:
  absl::Status Begin(int status, const HttpHeaders& headers) override {
    if (status == 206) {
      // "bytes FIRST-LAST/SIZE"
      const std::string range(headers.Get("Content-Range").value_or(""));
      uint64_t length = 0;
      if (absl::SimpleAtoi(range.substr(range.rfind('/') + 1), &length)) {
        length_ = length;
      }
    } else {
      length_ = LengthOf(headers);
    }
    answered_ = true;
    return absl::AbortedError("the headers are enough");
  }
  absl::Status Write(absl::string_view) override { return absl::OkStatus(); }
  void SetResume(std::function<void()>) override {}

  bool answered() const { return answered_; }
  std::optional<uint64_t> length() const { return length_; }

 private:
  bool answered_ = false;
  std::optional<uint64_t> length_;
};

// Learns the length of a blob from a GET of its last byte. If the storage
// cannot be reached from here, nobody tells the length, and the blob counts as
// present.
BlobState LookAtLastByte(const RegistryClient& client,
                         absl::string_view repository, const Descriptor& blob) {
  using Support = RegistryConnection::Support;
  if (client.connection->blob_ranges == Support::kNo) {
    return BlobState::kPresent;
  }
  RegistryRequest request =
      ReadRequest(client, HttpMethod::kGet, repository, blob.digest);
  LengthSink sink;
  request.repeatable = false;
  request.sink = &sink;
  if (blob.size > 0) {
    request.headers.Add(
        "Range", absl::StrCat("bytes=", blob.size - 1, "-", blob.size - 1));
  }
  const absl::StatusOr<HttpResponse> response = client.Send(request);
  if (sink.answered()) {
    return sink.length() ? StateOf(client, blob, *sink.length())
                         : BlobState::kPresent;
  }
  if (!response.ok()) {
    if (client.task->cancellation().status().ok()) {
      client.connection->blob_ranges = Support::kNo;
    }
    return BlobState::kPresent;
  }
  if (response->status == 404) return BlobState::kAbsent;
  if (response->status == 416) return StateOf(client, blob, 0);
  return BlobState::kPresent;
}

absl::StatusOr<std::string> FetchOnce(const RegistryClient& client,
                                      const RegistryRequest& request,
                                      const Descriptor& blob) {
  absl::StatusOr<HttpResponse> response = client.Send(request);
  if (absl::IsOutOfRange(response.status())) {
    return WrongContent::Mark(response.status());
  }
  if (!response.ok()) return response.status();
  if (response->status != 200) {
    return client.Refusal(request, *response);
  }
  Hasher hasher(blob.digest.algorithm());
  hasher.Update(response->body);
  const Digest found = hasher.Finish();
  if (found == blob.digest) return std::move(response->body);
  return WrongContent::Mark(absl::DataLossError(
      absl::StrCat("GET ", request.url.display(),
                   ": the content is not what its digest says (it is that of ",
                   found.str(), ")")));
}

}  // namespace

bool WrongContent::IsWorthAnotherRead(const absl::Status& read) {
  constexpr int kMaxReads = 4;
  if (!read.GetPayload(kWrongContentPayload).has_value()) return false;
  const bool again = ++reads_ < kMaxReads && read != last_;
  last_ = read;
  return again;
}

absl::Status WrongContent::Mark(absl::Status status) {
  status.SetPayload(kWrongContentPayload, absl::Cord("1"));
  return status;
}

absl::StatusOr<BlobState> LookForBlob(const RegistryClient& client,
                                      absl::string_view repository,
                                      const Descriptor& blob) {
  RegistryRequest request =
      ReadRequest(client, HttpMethod::kHead, repository, blob.digest);
  request.follow_redirects = false;
  ASSIGN_OR_RETURN(HttpResponse response, client.Send(request));
  switch (response.status) {
    case 404:
    // Not every registry knows HEAD here.
    case 400:
    case 405:
    case 501:
      return BlobState::kAbsent;
    default:
      break;
  }
  // The length of a redirect is that of its own page.
  const bool leads_on = response.status / 100 == 3;
  if (!leads_on && response.status / 100 != 2) {
    return client.Refusal(request, response);
  }
  const bool tells = !leads_on && client.connection->blob_heads !=
                                      RegistryConnection::Support::kNo;
  const auto length = tells ? LengthOf(response.headers) : std::nullopt;
  if (!length) return LookAtLastByte(client, repository, blob);
  return StateOf(client, blob, *length);
}

absl::StatusOr<bool> HasBlob(const RegistryClient& client,
                             absl::string_view repository,
                             const Descriptor& blob) {
  ASSIGN_OR_RETURN(const BlobState state,
                   LookForBlob(client, repository, blob));
  return state == BlobState::kPresent;
}

absl::Status CheckArrived(const RegistryClient& client,
                          absl::string_view repository,
                          const Descriptor& blob) {
  constexpr int kLooks = 3;
  absl::StatusOr<BlobState> state = BlobState::kAbsent;
  for (int look = 0; look < kLooks; ++look) {
    if (look > 0) {
      RETURN_IF_ERROR(client.task->cancellation().SleepFor(BackOff(look)));
    }
    state = LookForBlob(client, repository, blob);
    // A proxy before the registry may answer a HEAD with a length of its own.
    if (state.ok() && *state == BlobState::kBroken) {
      state = LookAtLastByte(client, repository, blob);
      if (*state == BlobState::kPresent) {
        client.connection->blob_heads = RegistryConnection::Support::kNo;
      }
    }
    // A user who may push is not always allowed to see what is there.
    if (IsNotTold(state.status())) return absl::OkStatus();
    if (!state.ok()) return state.status();
    if (*state == BlobState::kPresent) return absl::OkStatus();
  }
  const std::string url = BlobUrl(client, repository, blob.digest).display();
  if (*state == BlobState::kAbsent) {
    return absl::NotFoundError(absl::StrCat(
        url, ": the registry took the blob, and does not have it"));
  }
  return absl::DataLossError(absl::StrCat(
      url, ": the registry took the blob, and has not its ", blob.size,
      " bytes: it keeps what a broken upload left there; remove that file from "
      "the registry's storage, then copy the image again"));
}

absl::StatusOr<std::string> FetchBlob(const RegistryClient& client,
                                      absl::string_view repository,
                                      const Descriptor& blob) {
  if (blob.size > kMaxSmallBlob) {
    return absl::OutOfRangeError(
        absl::StrCat("blob ", blob.digest.str(), " measures ", blob.size,
                     " bytes, more than a config may"));
  }
  RegistryRequest request =
      ReadRequest(client, HttpMethod::kGet, repository, blob.digest);
  request.max_body = blob.size;
  WrongContent wrong;
  while (true) {
    absl::StatusOr<std::string> bytes = FetchOnce(client, request, blob);
    if (bytes.ok() || !wrong.IsWorthAnotherRead(bytes.status())) return bytes;
  }
}

absl::Status StreamBlob(const RegistryClient& client,
                        absl::string_view repository, const Descriptor& blob,
                        BodyPipe& pipe, GatePass& pass) {
  // A server that cuts after every few bytes is of no use.
  constexpr int kMaxGets = 100;
  BlobSink sink(blob, *client.task, pipe);
  Tries tries(client.connection->retries(), client.connection->gate());
  absl::Status status;
  uint64_t offset = 0;
  for (int gets = 0; gets < kMaxGets; ++gets) {
    status = StreamOnce(client, repository, blob, sink, pass);
    if (!IsWorthGoingOn(status, sink)) break;
    if (sink.received() > offset) {
      tries.Progressed();
    } else if (!tries.Again(status)) {
      break;
    }
    offset = sink.received();
    const absl::Status slept =
        client.task->cancellation().SleepFor(BackOff(tries.count()));
    if (slept.ok()) continue;
    status = slept;
    break;
  }
  pipe.Close(status);
  return status;
}

}  // namespace registry_manager
