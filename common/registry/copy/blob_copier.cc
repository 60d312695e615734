// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/copy/blob_copier.h"

#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/http/pipe.h"
#include "common/registry/blobs.h"
#include "common/registry/errors.h"
#include "common/registry/retry.h"

namespace registry_manager {
namespace {

using Support = RegistryConnection::Support;

// A blob up to this size is read whole before it is sent.
constexpr uint64_t kSmallBlob = 256 << 10;
constexpr int kMaxTransfers = 4;

// Two requests that need each other: the GET of a stream and its PUT.
class PairOfPasses {
 public:
  // Always the source first, so that no two copies wait for each other.
  static absl::StatusOr<PairOfPasses> Acquire(const CopyRoute& route) {
    PairOfPasses pair;
    RequestGate& source = route.source.connection->gate();
    RequestGate& target = route.target.connection->gate();
    Cancellation* cancellation = &route.source.task->cancellation();
    const bool same = &source == &target;
    absl::Status status = source.Acquire(same ? 2 : 1, cancellation);
    if (!status.ok()) return status;
    pair.source_ = GatePass(&source);
    if (!same) {
      status = target.Acquire(1, cancellation);
      if (!status.ok()) return status;
    }
    pair.target_ = GatePass(&target);
    return pair;
  }

 private:
  PairOfPasses() = default;

  GatePass source_;
  GatePass target_;
};

absl::Status Stream(const CopyRoute& route, const Descriptor& blob,
                    const UploadSession& session, bool as_patch) {
  absl::StatusOr<PairOfPasses> passes = PairOfPasses::Acquire(route);
  if (!passes.ok()) return passes.status();
  BodyPipe pipe;
  absl::Status read;
  std::thread reader([&] {
    read = StreamBlob(route.source, route.source_repository, blob, pipe);
  });
  const absl::Status written =
      UploadStream(route.target, route.target_repository, session, blob,
                   pipe.source(), as_patch);
  // Aborted tells the reader's failure from one that the writer caused.
  if (!written.ok()) {
    pipe.Break(absl::AbortedError("the target ended the upload"));
  }
  reader.join();
  return read.ok() || absl::IsAborted(read) ? written : read;
}

absl::Status Send(const CopyRoute& route, const Descriptor& blob,
                  const UploadSession& session) {
  if (blob.size <= kSmallBlob) {
    absl::StatusOr<std::string> bytes =
        FetchBlob(route.source, route.source_repository, blob);
    if (!bytes.ok()) return bytes.status();
    return UploadBytes(route.target, route.target_repository, session, blob,
                       *bytes);
  }
  const bool as_patch =
      route.target.connection->monolithic_upload == Support::kNo;
  absl::Status status = Stream(route, blob, session, as_patch);
  if (as_patch || !absl::IsUnimplemented(status)) return status;
  absl::StatusOr<UploadSession> fresh =
      StartUpload(route.target, route.target_repository);
  if (!fresh.ok()) return fresh.status();
  return Stream(route, blob, *fresh, /*as_patch=*/true);
}

// A new transfer may end better. 401: a token lapsed in mid-blob.
bool IsWorthAnotherTransfer(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsResourceExhausted(status) || HttpStatusOf(status) == 401 ||
         RegistryCode(status) == "BLOB_UPLOAD_UNKNOWN";
}

// Sends the blob, from its first byte as often as it takes. `session` is one
// that a refused mount left behind.
absl::Status Transfer(const CopyRoute& route, const Descriptor& blob,
                      std::optional<UploadSession> session) {
  absl::Status status;
  for (int transfer = 0; transfer < kMaxTransfers; ++transfer) {
    if (transfer > 0) {
      status = route.target.task->cancellation().SleepFor(BackOff(transfer));
      if (!status.ok()) return status;
    }
    if (!session) {
      absl::StatusOr<UploadSession> fresh =
          StartUpload(route.target, route.target_repository);
      if (!fresh.ok()) return fresh.status();
      session = *std::move(fresh);
    }
    status = Send(route, blob, *session);
    if (!IsWorthAnotherTransfer(status)) return status;
    session.reset();
  }
  return status;
}

struct Mounted {
  bool done = false;
  std::optional<UploadSession> session;
};

// Tries to mount the blob from `repository` of the target.
Mounted TryMount(const CopyRoute& route, const Descriptor& blob,
                 const std::string& repository) {
  if (repository == route.target_repository) return {};
  absl::StatusOr<std::optional<UploadSession>> session =
      MountBlob(route.target, route.target_repository, blob.digest, repository);
  // Registries refuse mounts in many ways; sending the blob always works.
  if (!session.ok()) return {};
  return {!session->has_value(), *std::move(session)};
}

absl::Status Bring(const CopyRoute& route, const Descriptor& blob,
                   const BlobLedger::Turn& turn, CopyTally& tally) {
  absl::StatusOr<bool> present =
      HasBlob(route.target, route.target_repository, blob.digest);
  if (!present.ok()) return present.status();
  if (*present) {
    ++tally.blobs_present;
    return absl::OkStatus();
  }
  Mounted mounted;
  if (route.SameRegistry()) {
    mounted = TryMount(route, blob, route.source_repository);
  }
  if (!mounted.done && turn.mount_from) {
    mounted = TryMount(route, blob, *turn.mount_from);
  }
  if (mounted.done) {
    ++tally.blobs_mounted;
    return absl::OkStatus();
  }
  const absl::Status status = Transfer(route, blob, mounted.session);
  if (!status.ok()) return status;
  ++tally.blobs_copied;
  tally.bytes_copied += blob.size;
  return absl::OkStatus();
}

}  // namespace

absl::Status CopyBlob(const CopyRoute& route, const Descriptor& blob,
                      BlobLedger& ledger, CopyTally& tally) {
  const Address& target = route.target.connection->address();
  absl::StatusOr<BlobLedger::Turn> turn =
      ledger.Claim(target, route.target_repository, blob.digest,
                   route.target.task->cancellation());
  if (!turn.ok()) return turn.status();
  if (turn->present) {
    ++tally.blobs_present;
    return absl::OkStatus();
  }
  const absl::Status status = Bring(route, blob, *turn, tally);
  ledger.Finish(target, route.target_repository, blob.digest, status.ok());
  if (status.ok()) return status;
  return Annotate(status, absl::StrCat("blob ", blob.digest.str()));
}

}  // namespace registry_manager
