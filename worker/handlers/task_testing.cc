// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/task_testing.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "common/registry/api/manifests.h"
#include "common/registry/api/media_types.h"
#include "common/registry/api/uploads.h"

namespace registry_manager {
namespace {

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

int FreePort() {
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  close(fd);
  return ntohs(address.sin_port);
}

bool Listens(int port) {
  const sockaddr_in address = Loopback(port);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool connected =
      connect(fd, reinterpret_cast<const sockaddr*>(&address),
              sizeof address) == 0;
  close(fd);
  return connected;
}

std::string JsonOf(const Descriptor& content) {
  return absl::StrCat(R"({"mediaType":")", content.media_type, R"(","size":)",
                      content.size, R"(,"digest":")", content.digest.str(),
                      R"("})");
}

Digest PushManifest(const RegistryClient& client, const std::string& repository,
                    const std::string& tag, absl::string_view media_type,
                    const std::string& members) {
  const std::string bytes = absl::StrCat(R"({"schemaVersion":2,"mediaType":")",
                                         media_type, "\",", members, "}");
  const RawManifest manifest{Digest::Of(bytes), std::string(media_type), bytes};
  const auto put = PutManifest(client, repository, tag, manifest);
  EXPECT_TRUE(put.ok()) << put.status();
  return manifest.digest;
}

}  // namespace

DockerRegistry::DockerRegistry(std::string folder, const std::string& settings,
                               const std::string& http_settings) {
  std::filesystem::create_directories(folder);
  port_ = FreePort();
  const std::string config = folder + "/config.yml";
  const std::string log = folder + "/log";
  std::ofstream(config) << "version: 0.1\nlog: {level: warn}\n"
                           "storage:\n  filesystem: {rootdirectory: "
                        << folder << "/data}\n  delete: {enabled: true}\n"
                        << settings << "\nhttp:\n  addr: 127.0.0.1:" << port_
                        << "\n  secret: test\n"
                        << http_settings << "\n";
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    execlp("docker-registry", "docker-registry", "serve", config.c_str(),
           nullptr);
    _exit(127);
  }
  const absl::Time patience = absl::Now() + absl::Seconds(20);
  while (!Listens(port_) && absl::Now() < patience) {
    absl::SleepFor(absl::Milliseconds(5));
  }
  EXPECT_TRUE(Listens(port_)) << "docker-registry does not start: see " << log;
}

DockerRegistry::~DockerRegistry() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

std::string DockerRegistry::host() const {
  return absl::StrCat("127.0.0.1:", port_);
}

absl::Status CountingGate::Acquire(int requests, Cancellation* cancellation) {
  if (requests > limit_) return absl::FailedPreconditionError("too many");
  std::unique_lock<std::mutex> lock(mutex_);
  released_.wait(lock, [&] { return taken_ + requests <= limit_; });
  taken_ += requests;
  peak_ = std::max(peak_, taken_);
  return cancellation->status();
}

void CountingGate::Release() {
  const std::lock_guard<std::mutex> lock(mutex_);
  --taken_;
  released_.notify_all();
}

int CountingGate::taken() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return taken_;
}

int CountingGate::peak() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return peak_;
}

TaskBench::TaskBench(int gate_limit)
    : gate_limit_(gate_limit),
      transport_(NewCurlTransport("test")),
      pool_(4),
      services_(transport_.get(), &pool_,
                [this](const std::string& id) { return &gate(id); }),
      settings_(std::make_shared<proto::RunSettings>()),
      scope_(&cancellation_,
             [this] {
               const std::lock_guard<std::mutex> lock(mutex_);
               return may_write_;
             }),
      context_{&services_,
               settings_,
               &scope_,
               &services_.blobs(),
               [](const std::string&, const std::string&,
                  const proto::Intent*) { return absl::OkStatus(); },
               [](const proto::Counts&) {},
               [](const std::vector<proto::Action>&) {}} {
  settings_->set_retries(0);
  settings_->set_details(true);
  settings_->mutable_sync_policy()->set_engine(proto::SyncPolicy::SKOPEO);
  settings_->mutable_sync_policy()->set_referrers(true);
}

proto::Registry& TaskBench::AddRegistry(const std::string& id) {
  proto::Registry& registry = *settings_->add_registries();
  registry.set_id(id);
  return registry;
}

CountingGate& TaskBench::gate(const std::string& registry) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::unique_ptr<CountingGate>& gate = gates_[registry];
  if (gate == nullptr) gate = std::make_unique<CountingGate>(gate_limit_);
  return *gate;
}

RegistryClient TaskBench::Client(const proto::Registry& registry) {
  const absl::StatusOr<WorkerServices::OpenRegistry> open =
      services_.Open(*settings_, registry);
  EXPECT_TRUE(open.ok()) << open.status();
  return {open->connection, &scope_};
}

void TaskBench::SetMayWrite(absl::Status status) {
  const std::lock_guard<std::mutex> lock(mutex_);
  may_write_ = std::move(status);
}

Descriptor TaskBench::PushBlob(const RegistryClient& client,
                               const std::string& repository,
                               const std::string& type,
                               const std::string& bytes) {
  const Descriptor blob{type, Digest::Of(bytes), bytes.size()};
  const absl::StatusOr<UploadSession> session = StartUpload(client, repository);
  EXPECT_TRUE(session.ok()) << session.status();
  EXPECT_EQ(UploadBytes(client, repository, *session, blob, bytes),
            absl::OkStatus());
  return blob;
}

Digest TaskBench::PushImage(const proto::Registry& registry,
                            const std::string& repository,
                            const std::string& tag, const std::string& contents,
                            bool docker_types) {
  const RegistryClient client = Client(registry);
  const Descriptor layer = PushBlob(
      client, repository,
      docker_types ? "application/vnd.docker.image.rootfs.diff.tar.gzip"
                   : "application/vnd.oci.image.layer.v1.tar+gzip",
      contents);
  const Descriptor config =
      PushBlob(client, repository,
               std::string(docker_types ? kDockerConfig : kOciConfig),
               absl::StrCat(R"({"architecture":"amd64","os":"linux","rootfs":)",
                            R"({"type":"layers","diff_ids":[")",
                            layer.digest.str(), R"("]}})"));
  return PushManifest(client, repository, tag,
                      docker_types ? kDockerManifest : kOciManifest,
                      absl::StrCat(R"("config":)", JsonOf(config),
                                   R"(,"layers":[)", JsonOf(layer), "]"));
}

Digest TaskBench::PushList(const proto::Registry& registry,
                           const std::string& repository,
                           const std::string& tag,
                           const std::vector<Digest>& children,
                           bool docker_types) {
  const RegistryClient client = Client(registry);
  std::vector<std::string> entries;
  for (const Digest& child : children) {
    const absl::StatusOr<RawManifest> raw =
        GetManifest(client, repository, child.str());
    EXPECT_TRUE(raw.ok()) << raw.status();
    entries.push_back(JsonOf({raw->media_type, child, raw->bytes.size()}));
  }
  return PushManifest(
      client, repository, tag, docker_types ? kDockerList : kOciIndex,
      absl::StrCat(R"("manifests":[)", absl::StrJoin(entries, ","), "]"));
}

}  // namespace registry_manager
