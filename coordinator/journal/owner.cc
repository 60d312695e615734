// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/journal/owner.h"

#include <limits.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <limits>
#include <random>
#include <sstream>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace registry_manager {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// nullopt: /proc does not show the process.
std::optional<uint64_t> StartTime(pid_t pid) {
  const std::string stat = ReadFile(absl::StrCat("/proc/", pid, "/stat"));
  // Field 2, the program's name, may hold anything: fields are counted from
  // the last ")", which ends it.
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  const std::vector<std::string> fields =
      absl::StrSplit(stat.substr(name_end + 1), ' ', absl::SkipEmpty());
  constexpr size_t kStartTime = 22 - 3;
  // A zombie has ended.
  if (fields.size() <= kStartTime || fields[0] == "Z") return std::nullopt;
  uint64_t ticks = 0;
  if (!absl::SimpleAtoi(fields[kStartTime], &ticks)) return std::nullopt;
  return ticks;
}

std::string ThisHost() {
  char name[HOST_NAME_MAX + 1] = {};
  gethostname(name, sizeof(name) - 1);
  return name;
}

std::string ThisPlace() {
  std::string boot = ReadFile("/proc/sys/kernel/random/boot_id");
  absl::StripAsciiWhitespace(&boot);
  // "pid:[4026531836]"
  char link[64] = {};
  const ssize_t size = readlink("/proc/self/ns/pid", link, sizeof(link) - 1);
  std::string pid_namespace;
  for (ssize_t i = 0; i < size; ++i) {
    if (absl::ascii_isdigit(link[i])) pid_namespace += link[i];
  }
  return absl::StrCat(boot, "-", pid_namespace);
}

}  // namespace

Owner Owner::Here() {
  std::random_device random;
  Owner owner;
  owner.host = ThisHost();
  owner.pid = getpid();
  owner.start_time = StartTime(owner.pid).value_or(0);
  owner.place = ThisPlace();
  owner.nonce = absl::StrCat(absl::Hex(random(), absl::kZeroPad8),
                             absl::Hex(random(), absl::kZeroPad8));
  return owner;
}

std::optional<Owner> Owner::Parse(absl::string_view text) {
  std::vector<std::string> parts = absl::StrSplit(text, ':');
  // A host's name may hold ":", the other parts do not.
  if (parts.size() < 5) return std::nullopt;
  const size_t last = parts.size() - 1;
  Owner owner;
  int32_t pid = 0;
  if (!absl::SimpleAtoi(parts[last - 3], &pid) || pid <= 0 ||
      !absl::SimpleAtoi(parts[last - 2], &owner.start_time)) {
    return std::nullopt;
  }
  owner.pid = pid;
  owner.place = parts[last - 1];
  owner.nonce = parts[last];
  parts.resize(last - 3);
  owner.host = absl::StrJoin(parts, ":");
  return owner;
}

std::string Owner::str() const {
  return absl::StrCat(host, ":", pid, ":", start_time, ":", place, ":", nonce);
}

bool Owner::IsKnownDead() const {
  if (host != ThisHost() || place != ThisPlace()) return false;
  const std::optional<uint64_t> now = StartTime(pid);
  if (now.has_value()) return *now != start_time;
  // Not shown: ended, a zombie, or hidden from this user (hidepid).
  return (kill(pid, 0) != 0 && errno == ESRCH) ||
         !ReadFile(absl::StrCat("/proc/", pid, "/stat")).empty();
}

}  // namespace registry_manager
