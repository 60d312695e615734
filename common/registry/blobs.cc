// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/blobs.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "common/reference/hasher.h"
#include "common/registry/docker_hub.h"
#include "common/registry/errors.h"
#include "common/registry/retry.h"

namespace registry_manager {
namespace {

// What a blob that is held in memory may measure.
constexpr uint64_t kMaxSmallBlob = 4 << 20;

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

RegistryRequest WriteRequest(const RegistryClient& client, HttpMethod method,
                             absl::string_view repository, Url url) {
  RegistryRequest request;
  request.method = method;
  request.url = std::move(url);
  request.scopes = {client.connection->Scope(repository, "pull,push")};
  return request;
}

// The session that an answer to an upload request opens or goes on with.
absl::StatusOr<UploadSession> SessionOf(const RegistryRequest& request,
                                        const HttpResponse& response) {
  const auto location = response.headers.Get("Location");
  if (!location) {
    return absl::DataLossError(
        absl::StrCat(HttpMethodName(request.method), " ", request.url.display(),
                     ": the answer names no Location to upload to"));
  }
  absl::StatusOr<Url> url = ResolveUrl(request.url, *location);
  if (!url.ok()) {
    return Annotate(url.status(),
                    absl::StrCat(HttpMethodName(request.method), " ",
                                 request.url.display(), " names a Location"));
  }
  // Behind a proxy that ends TLS, registries name themselves by http.
  if (url->host == request.url.host && url->scheme == "http" &&
      request.url.scheme == "https") {
    url->scheme = request.url.scheme;
    url->authority = request.url.authority;
  }
  return url;
}

// The session's URL with the digest that ends it.
Url Completing(const UploadSession& session, const Digest& digest) {
  Url url = session;
  absl::StrAppend(&url.query, url.query.empty() ? "" : "&",
                  "digest=", QueryEscape(digest.str()));
  return url;
}

// Registries on object storage copy a blob to its place before they answer.
absl::Duration CommitDeadline(const Descriptor& blob) {
  constexpr uint64_t kBytesPerSecond = 10 << 20;
  return std::min(absl::Seconds(30) + absl::Seconds(static_cast<int64_t>(
                                          blob.size / kBytesPerSecond)),
                  absl::Minutes(10));
}

// Statuses by which registries refuse a single PUT, not what it brings.
bool RefusesSinglePut(const HttpResponse& response) {
  const std::string code = ParseRegistryError(response.body).code;
  if (code == "DIGEST_INVALID" || code == "SIZE_INVALID") return false;
  switch (response.status) {
    case 400:
    case 404:
    case 405:
    case 411:
    case 413:
    case 415:
    case 501:
      return true;
    default:
      return false;
  }
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
    if (last && hasher_.DigestWith(fresh) != blob_.digest) {
      return Refuse("has another content than its digest says");
    }
    const absl::Status status = pipe_.Write(fresh);
    if (!status.ok()) return status;
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
    return absl::DataLossError(absl::StrCat("the blob ", what));
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

// Ends an upload whose bytes went in one PATCH, by `response`.
absl::Status FinishPatch(const RegistryClient& client,
                         absl::string_view repository,
                         const RegistryRequest& patch,
                         const HttpResponse& response, const Descriptor& blob) {
  if (response.status / 100 != 2) {
    return client.Refusal(patch, response);
  }
  absl::StatusOr<UploadSession> session = SessionOf(patch, response);
  if (!session.ok()) return session.status();
  RegistryRequest put = WriteRequest(client, HttpMethod::kPut, repository,
                                     Completing(*session, blob.digest));
  put.pass = patch.pass;
  put.first_byte = CommitDeadline(blob);
  absl::StatusOr<HttpResponse> done = client.Send(put);
  if (!done.ok()) return done.status();
  if (done->status / 100 != 2) {
    return client.Refusal(put, *done);
  }
  client.connection->monolithic_upload = RegistryConnection::Support::kNo;
  return absl::OkStatus();
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

// What storage that cannot be reached from here has, nobody tells.
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

}  // namespace

absl::StatusOr<BlobState> LookForBlob(const RegistryClient& client,
                                      absl::string_view repository,
                                      const Descriptor& blob) {
  RegistryRequest request =
      ReadRequest(client, HttpMethod::kHead, repository, blob.digest);
  request.follow_redirects = false;
  absl::StatusOr<HttpResponse> response = client.Send(request);
  if (!response.ok()) return response.status();
  switch (response->status) {
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
  const bool leads_on = response->status / 100 == 3;
  if (!leads_on && response->status / 100 != 2) {
    return client.Refusal(request, *response);
  }
  const bool tells = !leads_on && client.connection->blob_heads !=
                                      RegistryConnection::Support::kNo;
  const auto length = tells ? LengthOf(response->headers) : std::nullopt;
  if (!length) return LookAtLastByte(client, repository, blob);
  return StateOf(client, blob, *length);
}

absl::StatusOr<bool> HasBlob(const RegistryClient& client,
                             absl::string_view repository,
                             const Descriptor& blob) {
  const absl::StatusOr<BlobState> state = LookForBlob(client, repository, blob);
  if (!state.ok()) return state.status();
  return *state == BlobState::kPresent;
}

absl::Status CheckArrived(const RegistryClient& client,
                          absl::string_view repository,
                          const Descriptor& blob) {
  constexpr int kLooks = 3;
  absl::StatusOr<BlobState> state = BlobState::kAbsent;
  for (int look = 0; look < kLooks; ++look) {
    if (look > 0) {
      const absl::Status slept =
          client.task->cancellation().SleepFor(BackOff(look));
      if (!slept.ok()) return slept;
    }
    state = LookForBlob(client, repository, blob);
    // A proxy before the registry may answer a HEAD with a length of its own.
    if (state.ok() && *state == BlobState::kBroken) {
      state = LookAtLastByte(client, repository, blob);
      if (*state == BlobState::kPresent) {
        client.connection->blob_heads = RegistryConnection::Support::kNo;
      }
    }
    // Who may push need not be told what is there.
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
  absl::StatusOr<HttpResponse> response = client.Send(request);
  if (!response.ok()) return response.status();
  if (response->status != 200) {
    return client.Refusal(request, *response);
  }
  Hasher hasher(blob.digest.algorithm());
  hasher.Update(response->body);
  if (hasher.Finish() != blob.digest) {
    return absl::DataLossError(
        absl::StrCat("GET ", request.url.display(),
                     ": the content is not what its digest says"));
  }
  return std::move(response->body);
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

absl::StatusOr<UploadSession> StartUpload(const RegistryClient& client,
                                          absl::string_view repository) {
  RegistryRequest request = WriteRequest(
      client, HttpMethod::kPost, repository,
      client.connection->RepositoryEndpoint(repository, "blobs/uploads/"));
  request.repeatable = true;
  absl::StatusOr<HttpResponse> response = client.Send(request);
  if (!response.ok()) return response.status();
  if (response->status != 202) {
    return client.Refusal(request, *response);
  }
  return SessionOf(request, *response);
}

absl::StatusOr<std::optional<UploadSession>> MountBlob(
    const RegistryClient& client, absl::string_view repository,
    const Digest& digest, absl::string_view from_repository) {
  Url url = client.connection->RepositoryEndpoint(repository, "blobs/uploads/");
  url.query = absl::StrCat("mount=", QueryEscape(digest.str()), "&from=",
                           QueryEscape(ApiRepository(
                               client.connection->address(), from_repository)));
  RegistryRequest request =
      WriteRequest(client, HttpMethod::kPost, repository, std::move(url));
  request.scopes.insert(client.connection->Scope(from_repository, "pull"));
  request.repeatable = true;
  absl::StatusOr<HttpResponse> response = client.Send(request);
  if (!response.ok()) return response.status();
  if (response->status == 201) return std::nullopt;
  if (response->status == 202) return SessionOf(request, *response);
  return client.Refusal(request, *response);
}

bool IsWorthAnotherUpload(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsResourceExhausted(status) || HttpStatusOf(status) == 401 ||
         RegistryCode(status) == "BLOB_UPLOAD_UNKNOWN" ||
         RegistryCode(status) == "BLOB_UPLOAD_INVALID";
}

absl::Status UploadBytes(const RegistryClient& client,
                         absl::string_view repository,
                         const UploadSession& session, const Descriptor& blob,
                         const std::string& bytes) {
  using Support = RegistryConnection::Support;
  UploadSession patched = session;
  if (client.connection->monolithic_upload != Support::kNo) {
    RegistryRequest put = WriteRequest(client, HttpMethod::kPut, repository,
                                       Completing(session, blob.digest));
    put.headers.Add("Content-Type", "application/octet-stream");
    put.body = bytes;
    absl::StatusOr<HttpResponse> response = client.Send(put);
    if (!response.ok()) return response.status();
    if (response->status / 100 == 2) return absl::OkStatus();
    const absl::Status refusal = client.Refusal(put, *response);
    if (!RefusesSinglePut(*response)) return refusal;
    absl::StatusOr<UploadSession> fresh = StartUpload(client, repository);
    if (!fresh.ok()) return fresh.status();
    patched = *std::move(fresh);
  }
  RegistryRequest patch =
      WriteRequest(client, HttpMethod::kPatch, repository, patched);
  patch.headers.Add("Content-Type", "application/octet-stream");
  patch.body = bytes;
  absl::StatusOr<HttpResponse> response = client.Send(patch);
  if (!response.ok()) return response.status();
  return FinishPatch(client, repository, patch, *response, blob);
}

absl::Status UploadStream(const RegistryClient& client,
                          absl::string_view repository,
                          const UploadSession& session, const Descriptor& blob,
                          BodySource& source, bool as_patch, GatePass& pass) {
  RegistryRequest request = WriteRequest(
      client, as_patch ? HttpMethod::kPatch : HttpMethod::kPut, repository,
      as_patch ? session : Completing(session, blob.digest));
  request.headers.Add("Content-Type", "application/octet-stream");
  request.source = &source;
  request.source_size = blob.size;
  request.first_byte = CommitDeadline(blob);
  request.pass = &pass;
  absl::StatusOr<HttpResponse> response = client.Send(request);
  if (!response.ok()) return response.status();
  if (as_patch) {
    return FinishPatch(client, repository, request, *response, blob);
  }
  if (response->status / 100 == 2) return absl::OkStatus();
  if (RefusesSinglePut(*response)) {
    return absl::UnimplementedError(
        absl::StrCat(request.url.display(), " refuses an upload in one PUT"));
  }
  return client.Refusal(request, *response);
}

}  // namespace registry_manager
