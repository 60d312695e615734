// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/testing/registry_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace registry_manager {
namespace {

constexpr int kMaxStarts = 5;
constexpr absl::Duration kStartDeadline = absl::Seconds(20);

[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::abort();
}

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

// Free now; another may take it before the registry does.
int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(fd, generic, size) != 0 || getsockname(fd, generic, &size) != 0) {
    Die("a free port");
  }
  close(fd);
  return ntohs(address.sin_port);
}

bool Answers(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port);
  const bool connected =
      connect(fd, reinterpret_cast<const sockaddr*>(&address),
              sizeof address) == 0;
  close(fd);
  return connected;
}

void WriteConfig(const std::string& file, const std::string& folder, int port,
                 bool deletes) {
  std::ofstream stream(file);
  stream << "version: 0.1\n"
         << "log: {level: error, accesslog: {disabled: true}}\n"
         << "storage:\n"
         << "  filesystem: {rootdirectory: " << folder << "}\n"
         << "  delete: {enabled: " << (deletes ? "true" : "false") << "}\n"
         << "  maintenance: {uploadpurging: {enabled: false}}\n"
         << "http: {addr: '127.0.0.1:" << port << "'}\n";
}

pid_t Spawn(const std::string& config) {
  const pid_t pid = fork();
  if (pid < 0) Die("fork");
  if (pid > 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int null = open("/dev/null", O_RDWR);
  dup2(null, 0);
  dup2(null, 1);
  dup2(null, 2);
  execlp("docker-registry", "docker-registry", "serve", config.c_str(),
         nullptr);
  _exit(127);
}

void End(pid_t pid) {
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
}

// False where the process ended or does not answer in time.
bool AwaitAnswer(pid_t pid, int port) {
  const absl::Time deadline = absl::Now() + kStartDeadline;
  while (absl::Now() < deadline) {
    if (waitpid(pid, nullptr, WNOHANG) == pid) return false;
    if (Answers(port)) return true;
    absl::SleepFor(absl::Milliseconds(5));
  }
  End(pid);
  return false;
}

}  // namespace

RegistryProcess::RegistryProcess(const Options& options) {
  const char* const temporary = std::getenv("TEST_TMPDIR");
  std::string folder = absl::StrCat(temporary == nullptr ? "/tmp" : temporary,
                                    "/registry-XXXXXX");
  if (mkdtemp(folder.data()) == nullptr) Die("mkdtemp");
  folder_ = folder;
  for (int start = 0; start < kMaxStarts; ++start) {
    port_ = FreePort();
    const std::string config = folder_ + "/config.yml";
    WriteConfig(config, folder_, port_, options.deletes);
    pid_ = Spawn(config);
    if (AwaitAnswer(pid_, port_)) return;
  }
  Die("docker-registry does not start");
}

RegistryProcess::~RegistryProcess() {
  End(pid_);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string RegistryProcess::url() const {
  return absl::StrCat("http://127.0.0.1:", port_);
}

std::string RegistryProcess::storage() const {
  return folder_ + "/docker/registry/v2";
}

void RegistryProcess::LoseManifest(absl::string_view repository,
                                   absl::string_view digest) {
  const std::string hex(digest.substr(digest.find(':') + 1));
  std::filesystem::remove_all(
      absl::StrCat(storage(), "/repositories/", repository,
                   "/_manifests/revisions/sha256/", hex));
}

}  // namespace registry_manager
