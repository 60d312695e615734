// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_API_BLOBS_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_API_BLOBS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/http/pipe.h"
#include "common/reference/digest.h"
#include "common/registry/api/manifest.h"
#include "common/registry/connection/connection.h"

namespace registry_manager {

// The known state of a blob in a repository.
enum class BlobState {
  // The repository has nothing of the blob, or the registry does not support
  // HEAD.
  kAbsent,
  // The repository has the whole blob, as far as the registry tells.
  kPresent,
  // The repository has content of another length, from an upload that went
  // wrong.
  kBroken,
};

// Looks with a HEAD. If the HEAD does not tell the length (a redirect to
// storage, no Content-Length), a GET of the last byte tells it. A blob whose
// length nobody tells counts as present.
absl::StatusOr<BlobState> LookForBlob(const RegistryClient& client,
                                      absl::string_view repository,
                                      const Descriptor& blob);
// True for kPresent.
absl::StatusOr<bool> HasBlob(const RegistryClient& client,
                             absl::string_view repository,
                             const Descriptor& blob);
// For a blob whose upload or mount the registry says it has taken: looks again,
// a few times, and does not trust a HEAD that says another length than a GET.
// DataLoss if the registry has the blob with another length all the same,
// NotFound if it does not have the blob.
absl::Status CheckArrived(const RegistryClient& client,
                          absl::string_view repository, const Descriptor& blob);

// Judges reads that brought other bytes than a digest stands for. What went
// wrong in passing brings the right ones when it is read again; only the same
// wrong bytes again, or ever others, are the registry's.
class WrongContent {
 public:
  // True: `read` brought wrong bytes, and another read may bring the right
  // ones.
  bool IsWorthAnotherRead(const absl::Status& read);

  // Marks an error as one of wrong bytes; its message tells which.
  static absl::Status Mark(absl::Status status);

 private:
  int reads_ = 0;
  absl::Status last_;
};

// The bytes of a small blob, verified. OutOfRange above 4 MiB.
absl::StatusOr<std::string> FetchBlob(const RegistryClient& client,
                                      absl::string_view repository,
                                      const Descriptor& blob);

// Writes a blob's bytes to `pipe` as they arrive, and closes it. Every byte is
// hashed, and the last piece is held back until the digest is known to be
// right, so that nothing wrong is ever complete at the pipe's other end. A
// transfer that breaks resumes from its offset. `pass` is a pass of the
// registry's gate.
absl::Status StreamBlob(const RegistryClient& client,
                        absl::string_view repository, const Descriptor& blob,
                        BodyPipe& pipe, GatePass& pass);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_API_BLOBS_H_
