// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/api/uploads.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/status_macros.h"
#include "common/registry/connection/docker_hub.h"
#include "common/registry/connection/errors.h"

namespace registry_manager {
namespace {

using Support = RegistryConnection::Support;

// Parts of a blob are not smaller than kLeastPart, and at first not larger than
// kLargestPart.
constexpr uint64_t kLeastPart = 64 << 10;
constexpr uint64_t kLargestPart = 64 << 20;
// A registry that demands larger parts than this makes no sense.
constexpr uint64_t kMaxLeastPart = 1 << 30;
constexpr absl::string_view kOtherFormPayload = "registry-manager/other-form";
constexpr absl::string_view kInOnePatch = "patch";
constexpr absl::string_view kInParts = "parts";

RegistryRequest WriteRequest(const RegistryClient& client, HttpMethod method,
                             absl::string_view repository, Url url) {
  RegistryRequest request;
  request.method = method;
  request.url = std::move(url);
  request.scopes = {client.connection->Scope(repository, "pull,push")};
  return request;
}

// The session that an answer to an upload request opens or continues.
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
    case 415:
    case 501:
      return true;
    default:
      return false;
  }
}

absl::Status WithOtherForm(absl::Status status, absl::string_view form) {
  status.SetPayload(kOtherFormPayload, absl::Cord(form));
  return status;
}

// `status` of an exchange with a session that is not below the registry's own
// address, with what may be wrong.
absl::Status AtSession(const RegistryClient& client, const Url& session,
                       const absl::Status& status) {
  const Url& base = client.connection->base();
  const std::string root = base.path == "/" ? "" : base.path;
  if (session.SameOrigin(base) &&
      absl::StartsWith(session.path, absl::StrCat(root, "/"))) {
    return status;
  }
  return WithMessage(
      status,
      absl::StrCat(status.message(), "; the registry at ",
                   client.connection->address().display(),
                   " names this as the Location to upload to: give the "
                   "registry its external address (distribution: http.host or "
                   "http.relativeurls), or let its proxy pass Host and "
                   "X-Forwarded-Proto on"));
}

void NoteLeastPart(const RegistryClient& client, const HttpResponse& response) {
  uint64_t least = 0;
  if (absl::SimpleAtoi(
          response.headers.Get("OCI-Chunk-Min-Length").value_or(""), &least) &&
      least <= kMaxLeastPart) {
    client.connection->least_upload_part = least;
  }
}

// Remembers that so many bytes in one request are too many. False: fewer are
// not worth a try.
bool TakeLess(RegistryConnection& connection, uint64_t refused) {
  const uint64_t least =
      std::max(kLeastPart, connection.least_upload_part.load());
  if (refused <= least) return false;
  const uint64_t smaller =
      std::clamp(refused / 2, least, std::max(least, kLargestPart));
  uint64_t known = connection.upload_part;
  while (known == 0 || known > smaller) {
    if (connection.upload_part.compare_exchange_weak(known, smaller)) break;
  }
  return true;
}

// The bytes of one blob, in order.
class UploadBody {
 public:
  virtual ~UploadBody() = default;
  // Makes bytes `first` to `first + size` the request's body.
  virtual void Put(RegistryRequest& request, uint64_t first, uint64_t size) = 0;
  // Whether bytes that were put once can be put again.
  virtual bool CanGoBack() const = 0;
};

class MemoryBody : public UploadBody {
 public:
  explicit MemoryBody(const std::string& bytes) : bytes_(bytes) {}
  void Put(RegistryRequest& request, uint64_t first, uint64_t size) override {
    request.body = bytes_.substr(first, size);
  }
  bool CanGoBack() const override { return true; }

 private:
  const std::string& bytes_;
};

// A stream that several exchanges share one after the other: the end of one is
// not the end of the stream.
class StreamBody : public UploadBody, public BodySource {
 public:
  explicit StreamBody(BodySource& source) : source_(source) {}
  ~StreamBody() override { source_.SetResume({}); }

  void Put(RegistryRequest& request, uint64_t, uint64_t size) override {
    request.source = this;
    request.source_size = size;
  }
  bool CanGoBack() const override { return false; }

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    return source_.Read(buffer, size);
  }
  void SetResume(std::function<void()> resume) override {
    source_.SetResume(resume ? std::move(resume) : [] {});
  }

 private:
  BodySource& source_;
};

// One upload of one blob.
class Upload {
 public:
  Upload(const RegistryClient& client, absl::string_view repository,
         const Descriptor& blob, UploadBody& body, GatePass* pass)
      : client_(client),
        connection_(*client.connection),
        repository_(repository),
        blob_(blob),
        body_(body),
        pass_(pass) {}

  absl::Status To(const UploadSession& session, bool as_patch) {
    session_ = session;
    const uint64_t part = connection_.upload_part;
    if (part > 0 && blob_.size > part) return InParts();
    return as_patch ? InOnePatch() : InOnePut();
  }

 private:
  RegistryRequest Request(HttpMethod method, Url url) const {
    RegistryRequest request =
        WriteRequest(client_, method, repository_, std::move(url));
    request.pass = pass_;
    request.first_byte = CommitDeadline(blob_);
    return request;
  }

  absl::StatusOr<HttpResponse> SendBody(RegistryRequest& request,
                                        uint64_t first, uint64_t size) {
    request.headers.Add("Content-Type", "application/octet-stream");
    body_.Put(request, first, size);
    absl::StatusOr<HttpResponse> response = client_.Send(request);
    if (!response.ok()) return Where(response.status());
    return response;
  }

  absl::Status Where(const absl::Status& status) const {
    return AtSession(client_, session_, status);
  }

  // The refusal of a request with `size` bytes.
  absl::Status Refused(const RegistryRequest& request,
                       const HttpResponse& response, uint64_t size) const {
    absl::Status refusal = Where(client_.Refusal(request, response));
    const bool too_large = response.status == 413 || response.status == 416;
    const bool smaller = too_large && TakeLess(connection_, size);
    return smaller ? WithOtherForm(std::move(refusal), kInParts) : refusal;
  }

  absl::Status InOnePut() {
    RegistryRequest put =
        Request(HttpMethod::kPut, Completing(session_, blob_.digest));
    ASSIGN_OR_RETURN(HttpResponse response, SendBody(put, 0, blob_.size));
    if (response.status / 100 == 2) return absl::OkStatus();
    absl::Status refusal = Refused(put, response, blob_.size);
    if (WantsAnotherForm(refusal)) return refusal;
    // A limit below the size of a config is one to PUTs.
    if (response.status != 413 && !RefusesSinglePut(response)) return refusal;
    return WithOtherForm(std::move(refusal), kInOnePatch);
  }

  absl::Status InOnePatch() {
    RegistryRequest patch = Request(HttpMethod::kPatch, session_);
    ASSIGN_OR_RETURN(HttpResponse response, SendBody(patch, 0, blob_.size));
    if (response.status / 100 != 2) {
      return Refused(patch, response, blob_.size);
    }
    absl::Status status = Follow(patch, response);
    if (status.ok()) status = Complete();
    if (status.ok()) connection_.monolithic_upload = Support::kNo;
    return status;
  }

  absl::Status InParts() {
    uint64_t sent = 0;
    // The loop also ends if a session does not move on.
    for (uint64_t tries = 0; sent < blob_.size; ++tries) {
      if (tries > 2 * blob_.size / kLeastPart + 16) {
        return absl::DataLossError(
            absl::StrCat(session_.display(), ": the upload does not get on"));
      }
      const uint64_t part = std::max(connection_.upload_part.load(),
                                     connection_.least_upload_part.load());
      const uint64_t size = std::min(part, blob_.size - sent);
      RegistryRequest patch = Request(HttpMethod::kPatch, session_);
      patch.headers.Add("Content-Range",
                        absl::StrCat(sent, "-", sent + size - 1));
      ASSIGN_OR_RETURN(HttpResponse response, SendBody(patch, sent, size));
      if (response.status == 416) {
        const std::optional<uint64_t> stands = WhereItStands();
        const bool has_part = stands && *stands == sent + size;
        if (!has_part) {
          // GHCR says so of a part that is too large.
          absl::Status refusal = Refused(patch, response, size);
          const bool goes_back = stands && *stands <= sent && body_.CanGoBack();
          if (!goes_back) {
            return WantsAnotherForm(refusal)
                       ? refusal
                       : absl::UnavailableError(refusal.message());
          }
        }
        sent = *stands;
        continue;
      }
      if (response.status / 100 != 2) return Refused(patch, response, size);
      RETURN_IF_ERROR(Follow(patch, response));
      sent += size;
    }
    return Complete();
  }

  // The number of bytes that the session has, as the registry says.
  std::optional<uint64_t> WhereItStands() {
    RegistryRequest get = Request(HttpMethod::kGet, session_);
    get.repeatable = true;
    const absl::StatusOr<HttpResponse> response = client_.Send(get);
    if (!response.ok() || response->status / 100 != 2 ||
        !Follow(get, *response).ok()) {
      return std::nullopt;
    }
    return BytesIn(*response);
  }

  // "0-LAST", also with "bytes=" before it. Registries also write "0-0" if
  // there is nothing.
  static std::optional<uint64_t> BytesIn(const HttpResponse& response) {
    const std::string range(response.headers.Get("Range").value_or(""));
    uint64_t last = 0;
    if (!absl::SimpleAtoi(range.substr(range.rfind('-') + 1), &last)) {
      return std::nullopt;
    }
    return last == 0 ? 0 : last + 1;
  }

  // If a registry names no Location, the upload continues at the same one.
  absl::Status Follow(const RegistryRequest& request,
                      const HttpResponse& response) {
    NoteLeastPart(client_, response);
    if (!response.headers.Get("Location")) return absl::OkStatus();
    ASSIGN_OR_RETURN(session_, SessionOf(request, response));
    return absl::OkStatus();
  }

  // The PUT that ends what PATCHes brought.
  absl::Status Complete() {
    const RegistryRequest put =
        Request(HttpMethod::kPut, Completing(session_, blob_.digest));
    absl::StatusOr<HttpResponse> response = client_.Send(put);
    if (!response.ok()) return Where(response.status());
    if (response->status / 100 != 2) {
      return Where(client_.Refusal(put, *response));
    }
    return absl::OkStatus();
  }

  const RegistryClient& client_;
  RegistryConnection& connection_;
  const absl::string_view repository_;
  const Descriptor& blob_;
  UploadBody& body_;
  GatePass* const pass_;
  UploadSession session_;
};

}  // namespace

absl::StatusOr<UploadSession> StartUpload(const RegistryClient& client,
                                          absl::string_view repository) {
  RegistryRequest request = WriteRequest(
      client, HttpMethod::kPost, repository,
      client.connection->RepositoryEndpoint(repository, "blobs/uploads/"));
  request.repeatable = true;
  ASSIGN_OR_RETURN(HttpResponse response, client.Send(request));
  if (response.status != 202) {
    return client.Refusal(request, response);
  }
  NoteLeastPart(client, response);
  return SessionOf(request, response);
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
  ASSIGN_OR_RETURN(HttpResponse response, client.Send(request));
  if (response.status == 201) return std::nullopt;
  if (response.status == 202) {
    NoteLeastPart(client, response);
    return SessionOf(request, response);
  }
  return client.Refusal(request, response);
}

bool IsWorthAnotherUpload(const absl::Status& status) {
  const std::string code = RegistryCode(status);
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsResourceExhausted(status) || HttpStatusOf(status) == 401 ||
         code == "BLOB_UPLOAD_UNKNOWN" || code == "BLOB_UPLOAD_INVALID" ||
         code == "DIGEST_INVALID" || code == "SIZE_INVALID";
}

bool WantsAnotherForm(const absl::Status& status) {
  return status.GetPayload(kOtherFormPayload).has_value();
}

bool WantsPatch(const absl::Status& status) {
  return status.GetPayload(kOtherFormPayload) == absl::Cord(kInOnePatch);
}

absl::Status UploadBytes(const RegistryClient& client,
                         absl::string_view repository,
                         const UploadSession& session, const Descriptor& blob,
                         const std::string& bytes) {
  MemoryBody body(bytes);
  UploadSession current = session;
  bool as_patch = client.connection->monolithic_upload == Support::kNo;
  absl::Status status;
  for (int form = 0; form < kMaxUploadForms; ++form) {
    status =
        Upload(client, repository, blob, body, nullptr).To(current, as_patch);
    if (!WantsAnotherForm(status)) return status;
    as_patch |= WantsPatch(status);
    ASSIGN_OR_RETURN(current, StartUpload(client, repository));
  }
  return status;
}

absl::Status UploadStream(const RegistryClient& client,
                          absl::string_view repository,
                          const UploadSession& session, const Descriptor& blob,
                          BodySource& source, bool as_patch, GatePass& pass) {
  StreamBody body(source);
  return Upload(client, repository, blob, body, &pass).To(session, as_patch);
}

}  // namespace registry_manager
