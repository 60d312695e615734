// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/skopeo/skopeo_engine.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/reference/address.h"
#include "common/reference/printable.h"
#include "common/reference/reference.h"
#include "common/registry/api/manifests.h"
#include "common/registry/connection/credentials.h"
#include "common/registry/connection/docker_hub.h"
#include "common/registry/connection/errors.h"
#include "worker/handlers/copy_engine.h"
#include "worker/handlers/skopeo/skopeo_words.h"

namespace registry_manager {
namespace {

namespace fs = std::filesystem;

// The number of layers that skopeo copies at once (containers/image,
// copy/copy.go, maxParallelDownloads).
constexpr int kRequests = 6;
// Skopeo's own time-outs are few; a stalled copy is ended by its task's.
constexpr absl::Duration kDeadline = absl::Hours(6);

// Returns the parts of this process's environment that skopeo may know: no
// variable from which a config took its secrets.
const std::vector<std::string>& Inherited() {
  static const std::vector<std::string>* const names =
      new std::vector<std::string>{"PATH",
                                   "HOME",
                                   "USER",
                                   "TMPDIR",
                                   "TZ",
                                   "XDG_CONFIG_HOME",
                                   "XDG_DATA_HOME",
                                   "XDG_RUNTIME_DIR",
                                   "HTTP_PROXY",
                                   "http_proxy",
                                   "HTTPS_PROXY",
                                   "https_proxy",
                                   "ALL_PROXY",
                                   "all_proxy",
                                   "NO_PROXY",
                                   "no_proxy",
                                   "SSL_CERT_FILE",
                                   "SSL_CERT_DIR",
                                   "CONTAINERS_CONF",
                                   "CONTAINERS_REGISTRIES_CONF"};
  return *names;
}

// Makes the folder for --src-cert-dir, with the names that skopeo knows files
// by (containers-certs.d(5)).
absl::Status WriteCertificates(const proto::Registry& registry,
                               const SecretFolder& secrets,
                               const std::string& name) {
  const std::string& key = registry.client_key().empty()
                               ? registry.client_cert()
                               : registry.client_key();
  const std::pair<const std::string&, const char*> files[] = {
      {registry.ca(), "ca.crt"},
      {registry.client_cert(), "client.cert"},
      {key, "client.key"}};
  std::error_code error;
  fs::create_directory(fs::path(secrets.path()) / name, error);
  if (error) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot make a folder for certificates in ",
                     Printable(secrets.path()), ": ", error.message()));
  }
  for (const auto& [contents, file] : files) {
    if (contents.empty()) continue;
    RETURN_IF_ERROR(
        secrets.WriteFile(absl::StrCat(name, "/", file), contents).status());
  }
  return absl::OkStatus();
}

class SkopeoEngine : public CopyEngine {
 public:
  explicit SkopeoEngine(std::unique_ptr<SkopeoCopier> copier)
      : copier_(std::move(copier)) {}

  absl::Status CopyTag(const std::string& tag) override {
    return copier_->CopyTag(tag);
  }

 private:
  const std::unique_ptr<SkopeoCopier> copier_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<SkopeoCopier>> SkopeoCopier::Create(
    TaskContext& context, const End& source, const std::optional<End>& target) {
  if (!HasProgram("skopeo")) {
    return absl::NotFoundError(
        "skopeo is not installed: apt-get install skopeo, or use engine: "
        "native");
  }
  std::unique_ptr<SkopeoCopier> copier(new SkopeoCopier(context));
  absl::StatusOr<Side> side = copier->MakeSide(source);
  if (!side.ok()) return side.status();
  copier->source_ = *std::move(side);
  if (target) {
    side = copier->MakeSide(*target);
    if (!side.ok()) return side.status();
    copier->target_ = *std::move(side);
  }
  return copier;
}

absl::StatusOr<SkopeoCopier::Side> SkopeoCopier::MakeSide(
    const End& end) const {
  ASSIGN_OR_RETURN(const WorkerServices::OpenRegistry open,
                   context_.services->Open(*context_.settings, *end.registry));
  ASSIGN_OR_RETURN(
      std::string image,
      SkopeoRepository(open.connection->address(), end.repository));
  return Side{
      end.registry, open.connection, end.repository, std::move(image), {}};
}

std::vector<SkopeoCopier::Side*> SkopeoCopier::Sides() {
  std::vector<Side*> sides = {&source_};
  if (target_) sides.push_back(&*target_);
  return sides;
}

absl::Status SkopeoCopier::Prepare() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (prepared_) return *prepared_;
  absl::StatusOr<SecretFolder> folder = SecretFolder::Make();
  absl::Status status = folder.status();
  if (status.ok()) {
    folder_.emplace(*std::move(folder));
    status = PrepareSide(source_, "src");
  }
  if (status.ok() && target_) status = PrepareSide(*target_, "dest");
  prepared_ = status;
  return status;
}

absl::Status SkopeoCopier::PrepareSide(Side& side, const std::string& name) {
  const Address& address = side.connection->address();
  const RegistryCredentials all = side.connection->credentials();
  const Credentials& credentials =
      all.For(ApiRepository(address, side.repository));
  secrets_.push_back(credentials.password);
  secrets_.push_back(credentials.identity_token);
  ASSIGN_OR_RETURN(std::string auth_file,
                   folder_->WriteFile(absl::StrCat(name, ".json"),
                                      SkopeoAuthFile(address, credentials)));
  side.options = {absl::StrCat("--", name, "-authfile=", auth_file)};
  if (address.scheme() == "http" || side.registry->insecure()) {
    side.options.push_back(absl::StrCat("--", name, "-tls-verify=false"));
  }
  if (side.registry->ca().empty() && side.registry->client_cert().empty()) {
    return absl::OkStatus();
  }
  const std::string certificates = absl::StrCat(name, "-certificates");
  side.options.push_back(absl::StrCat("--", name, "-cert-dir=", folder_->path(),
                                      "/", certificates));
  return WriteCertificates(*side.registry, *folder_, certificates);
}

// Always in the order of addresses, so that no two copies wait for each other.
absl::Status SkopeoCopier::AcquirePasses(std::vector<GatePass>& passes) {
  std::vector<Side*> sides = Sides();
  std::sort(sides.begin(), sides.end(), [](const Side* a, const Side* b) {
    return a->connection->address() < b->connection->address();
  });
  RequestGate* last = nullptr;
  for (const Side* side : sides) {
    RequestGate& gate = side->connection->gate();
    if (&gate == last) continue;
    last = &gate;
    const int max = static_cast<int>(side->registry->max_connections());
    int requests = max > 0 ? std::min(max, kRequests) : kRequests;
    absl::Status status =
        gate.Acquire(requests, &context_.scope->cancellation());
    while (absl::IsFailedPrecondition(status) && requests > 1) {
      status = gate.Acquire(--requests, &context_.scope->cancellation());
    }
    if (!status.ok()) return status;
    for (int i = 0; i < requests; ++i) passes.emplace_back(&gate);
  }
  return absl::OkStatus();
}

absl::Status SkopeoCopier::CopyTag(const std::string& tag) {
  if (!target_) return absl::InternalError("the copier has no target");
  return Run(tag, absl::StrCat(target_->image, ":", tag));
}

absl::Status SkopeoCopier::CopyTo(const std::string& tag,
                                  const std::string& destination) {
  return Run(tag, destination);
}

absl::Status SkopeoCopier::Run(const std::string& tag,
                               const std::string& destination) {
  if (!IsTag(tag)) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", Printable(tag), "' is no tag"));
  }
  RETURN_IF_ERROR(Prepare());
  ProgramRun run;
  run.arguments = {
      "skopeo",
      "copy",
      "--quiet",
      "--all",
      "--preserve-digests",
      absl::StrCat("--retry-times=", context_.settings->retries())};
  for (const Side* side : Sides()) {
    run.arguments.insert(run.arguments.end(), side->options.begin(),
                         side->options.end());
  }
  run.arguments.push_back(absl::StrCat(source_.image, ":", tag));
  run.arguments.push_back(destination);
  run.inherited = Inherited();
  run.deadline = kDeadline;
  TaskScope& scope = *context_.scope;
  run.cancelled = [&scope] {
    return !scope.cancellation().status().ok() || !scope.MayWrite().ok();
  };
  run.on_activity = [&scope] { scope.Progress(); };

  std::vector<GatePass> passes;
  RETURN_IF_ERROR(AcquirePasses(passes));
  if (absl::Status status = scope.MayWrite(); !status.ok()) {
    return absl::CancelledError(status.message());
  }
  const absl::StatusOr<ProgramResult> result = RunProgram(run);
  passes.clear();

  if (absl::IsCancelled(result.status())) {
    const absl::Status reason = scope.cancellation().status();
    return reason.ok() ? result.status() : reason;
  }
  if (!result.ok()) return result.status();
  return result->status == 0 ? absl::OkStatus() : Explain(tag, *result);
}

absl::Status SkopeoCopier::Explain(const std::string& tag,
                                   const ProgramResult& result) {
  for (const Side* side : Sides()) {
    const absl::Status status =
        HeadManifest({side->connection, context_.scope}, side->repository, tag)
            .status();
    if (EndsTask(status)) return status;
  }
  return absl::UnknownError(SkopeoReason(result.errors, secrets_));
}

absl::StatusOr<std::unique_ptr<CopyEngine>> NewSkopeoEngine(
    TaskContext& context, const proto::Registry& source,
    const std::string& source_repository, const proto::Registry& target,
    const std::string& target_repository) {
  ASSIGN_OR_RETURN(
      std::unique_ptr<SkopeoCopier> copier,
      SkopeoCopier::Create(context, {&source, source_repository},
                           SkopeoCopier::End{&target, target_repository}));
  return std::make_unique<SkopeoEngine>(std::move(copier));
}

}  // namespace registry_manager
