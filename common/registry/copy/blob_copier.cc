// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/copy/blob_copier.h"

#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/http/pipe.h"
#include "common/registry/api/blobs.h"
#include "common/registry/api/uploads.h"
#include "common/registry/connection/errors.h"
#include "common/registry/connection/retry.h"
#include "common/registry/copy/pair_of_passes.h"

namespace registry_manager {
namespace {

using Support = RegistryConnection::Support;

// A blob up to this size is read whole before it is sent.
constexpr uint64_t kSmallBlob = 256 << 10;

// The half of a task that reads while the other half writes. Its cancellation
// comes with the task's, and with the end of the writer.
class ReadingHalf {
 public:
  explicit ReadingHalf(TaskScope* task)
      : task_(task),
        scope_(&cancellation_, task),
        ticket_(task->cancellation().Subscribe([this] {
          cancellation_.Cancel(task_->cancellation().status());
        })) {}
  ~ReadingHalf() { task_->cancellation().Unsubscribe(ticket_); }
  ReadingHalf(const ReadingHalf&) = delete;
  ReadingHalf& operator=(const ReadingHalf&) = delete;

  TaskScope* scope() { return &scope_; }
  // Aborted tells this from a failure of the source.
  void Abort() {
    cancellation_.Cancel(absl::AbortedError("the target ended the upload"));
  }

 private:
  TaskScope* const task_;
  Cancellation cancellation_;
  TaskScope scope_;
  const uint64_t ticket_;
};

struct Sent {
  absl::Status status;
  // True if the step that failed has been tried as often as it may be: reading
  // the source, or a request that does not get through.
  bool for_good = false;
};

Sent Stream(const CopyRoute& route, const Descriptor& blob,
            const UploadSession& session, bool as_patch) {
  absl::StatusOr<PairOfPasses> passes =
      PairOfPasses::Acquire(*route.source.connection, *route.target.connection,
                            &route.source.task->cancellation());
  if (!passes.ok()) return {passes.status()};
  BodyPipe pipe;
  ReadingHalf half(route.source.task);
  absl::Status read;
  std::thread reader([&] {
    read = StreamBlob({route.source.connection, half.scope()},
                      route.source_repository, blob, pipe, passes->source());
  });
  const absl::Status written =
      UploadStream(route.target, route.target_repository, session, blob,
                   pipe.source(), as_patch, passes->target());
  // The reader may be waiting for the source, which may take long.
  if (!written.ok()) half.Abort();
  reader.join();
  if (read.ok() || absl::IsAborted(read)) return {written};
  return {read, /*for_good=*/true};
}

// `bytes` is set for a small blob and holds its content.
Sent Send(const CopyRoute& route, const Descriptor& blob,
          const std::optional<std::string>& bytes,
          const UploadSession& session) {
  if (bytes) {
    const absl::Status status = UploadBytes(
        route.target, route.target_repository, session, blob, *bytes);
    // A request that was not sent has been tried as often as it may be.
    return {status, !RequestMayHaveArrived(status)};
  }
  bool as_patch = route.target.connection->monolithic_upload == Support::kNo;
  UploadSession current = session;
  Sent sent;
  for (int form = 0; form < kMaxUploadForms; ++form) {
    sent = Stream(route, blob, current, as_patch);
    if (!WantsAnotherForm(sent.status)) break;
    as_patch |= WantsPatch(sent.status);
    absl::StatusOr<UploadSession> fresh =
        StartUpload(route.target, route.target_repository);
    if (!fresh.ok()) return {fresh.status()};
    current = *std::move(fresh);
  }
  return sent;
}

// Sends the blob, from its first byte as often as it takes. `session` is one
// that a refused mount left behind.
absl::Status Transfer(const CopyRoute& route, const Descriptor& blob,
                      std::optional<UploadSession> session) {
  std::optional<std::string> bytes;
  if (blob.size <= kSmallBlob) {
    ASSIGN_OR_RETURN(bytes,
                     FetchBlob(route.source, route.source_repository, blob));
  }
  RegistryConnection& target = *route.target.connection;
  WrongContent wrong;
  Tries tries(target.retries(), target.gate());
  while (true) {
    if (tries.count() > 0) {
      RETURN_IF_ERROR(
          route.target.task->cancellation().SleepFor(BackOff(tries.count())));
      // Perhaps only the answer was lost.
      absl::StatusOr<bool> arrived =
          HasBlob(route.target, route.target_repository, blob);
      if (arrived.ok() && *arrived) return absl::OkStatus();
    }
    if (!session) {
      ASSIGN_OR_RETURN(session,
                       StartUpload(route.target, route.target_repository));
    }
    const Sent sent = Send(route, blob, bytes, *session);
    if (wrong.IsWorthAnotherRead(sent.status)) {
      session.reset();
      continue;
    }
    if (sent.for_good || !IsWorthAnotherUpload(sent.status) ||
        !tries.Again(sent.status)) {
      return sent.status;
    }
    session.reset();
  }
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
  if (session->has_value()) return {false, *std::move(session)};
  // Nor is everything mounted that a registry says it has, or whole.
  const absl::StatusOr<bool> whole =
      HasBlob(route.target, route.target_repository, blob);
  return {IsNotTold(whole.status()) || whole.value_or(false), std::nullopt};
}

absl::Status CopyOrMount(const CopyRoute& route, const Descriptor& blob,
                         const BlobLedger::Turn& turn, CopyTally& tally,
                         bool mounts) {
  const absl::StatusOr<BlobState> found =
      LookForBlob(route.target, route.target_repository, blob);
  if (!found.ok() && !IsNotTold(found.status())) return found.status();
  if (found.ok() && *found == BlobState::kPresent) {
    ++tally.blobs_present;
    return absl::OkStatus();
  }
  // A blob that is broken here may be broken everywhere in the registry.
  mounts &= !found.ok() || *found != BlobState::kBroken;
  Mounted mounted;
  if (mounts && route.SameRegistry()) {
    mounted = TryMount(route, blob, route.source_repository);
  }
  // If a refusal left a session, the blob is sent to that session.
  if (mounts && !mounted.done && !mounted.session && turn.mount_from) {
    mounted = TryMount(route, blob, *turn.mount_from);
  }
  if (mounted.done) {
    ++tally.blobs_mounted;
    return absl::OkStatus();
  }
  absl::Status status = Transfer(route, blob, mounted.session);
  if (status.ok() && route.target.connection->has_broken_blobs) {
    status = CheckArrived(route.target, route.target_repository, blob);
  }
  if (!status.ok()) return status;
  ++tally.blobs_copied;
  tally.bytes_copied += blob.size;
  return absl::OkStatus();
}

}  // namespace

absl::Status CopyBlob(const CopyRoute& route, const Descriptor& blob,
                      BlobLedger& ledger, CopyTally& tally, bool mounts) {
  const Address& target = route.target.connection->address();
  ASSIGN_OR_RETURN(BlobLedger::Turn turn,
                   ledger.Claim(target, route.target_repository, blob.digest,
                                route.target.task->cancellation()));
  if (turn.present) {
    ++tally.blobs_present;
    return absl::OkStatus();
  }
  const absl::Status status = CopyOrMount(route, blob, turn, tally, mounts);
  ledger.Finish(target, route.target_repository, blob.digest, status.ok());
  if (status.ok()) return status;
  return AnnotateWith(status, "blob", blob.digest.str());
}

}  // namespace registry_manager
