// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include <sys/un.h>

#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/reference/printable.h"
#include "coordinator/journal/journal.h"

namespace registry_manager {
namespace {

constexpr absl::string_view kForms =
    "redis://HOST[:PORT][/DATABASE] or unix:///PATH";

// Returns the name of the text in an error. Text that has an "@", or that comes
// from a place where secrets may stand, is not shown: it may be a password, or
// hold one in a misspelt place.
std::string NameOf(absl::string_view text, bool allow_credentials) {
  if (allow_credentials) {
    return "the address of Redis in RM_REDIS_URL or --redis-file";
  }
  return absl::StrContains(text, '@')
             ? "the address of Redis"
             : absl::StrCat("\"", Printable(text), "\"");
}

absl::Status Refuse(absl::string_view name, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat(name, " ", why, "; it is written ", kForms));
}

std::optional<std::string> PercentDecode(absl::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += text[i];
      continue;
    }
    uint32_t value = 0;
    if (i + 2 >= text.size() || !absl::ascii_isxdigit(text[i + 1]) ||
        !absl::SimpleHexAtoi(text.substr(i + 1, 2), &value)) {
      return std::nullopt;
    }
    result += static_cast<char>(value);
    i += 2;
  }
  return result;
}

bool ParseNumber(absl::string_view text, int limit, int* number) {
  return !text.empty() && text.size() <= 5 &&
         text.find_first_not_of("0123456789") == absl::string_view::npos &&
         absl::SimpleAtoi(text, number) && *number <= limit;
}

// USER:PASSWORD, or :PASSWORD.
bool ParseCredentials(absl::string_view text, RedisEndpoint* endpoint) {
  const size_t colon = text.find(':');
  if (colon == absl::string_view::npos) return false;
  auto username = PercentDecode(text.substr(0, colon));
  auto password = PercentDecode(text.substr(colon + 1));
  if (!username || !password || password->empty()) return false;
  endpoint->username = *std::move(username);
  endpoint->password = *std::move(password);
  return true;
}

// HOST, HOST:PORT, [IPV6] or [IPV6]:PORT.
bool ParseHost(absl::string_view text, RedisEndpoint* endpoint) {
  absl::string_view port;
  absl::string_view host = text;
  if (absl::ConsumePrefix(&host, "[")) {
    const size_t end = host.find(']');
    if (end == absl::string_view::npos) return false;
    port = host.substr(end + 1);
    host = host.substr(0, end);
    if (!port.empty() && !absl::ConsumePrefix(&port, ":")) return false;
    if (port.empty() && absl::EndsWith(text, ":")) return false;
  } else if (const size_t colon = host.find(':');
             colon != absl::string_view::npos) {
    port = host.substr(colon + 1);
    host = host.substr(0, colon);
    if (port.empty()) return false;
  }
  if (host.empty() || host.find_first_of("[]? #%\t\n") != host.npos) {
    return false;
  }
  if (!port.empty() &&
      (!ParseNumber(port, 65535, &endpoint->port) || endpoint->port == 0)) {
    return false;
  }
  endpoint->host = std::string(host);
  return true;
}

absl::StatusOr<RedisEndpoint> ParseSocket(absl::string_view path,
                                          absl::string_view name,
                                          RedisEndpoint endpoint) {
  if (path.size() < 2 || path[0] != '/') {
    return Refuse(name, "names no socket by its absolute path");
  }
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return Refuse(name, "is longer than the path of a Unix socket may be");
  }
  if (path.find('\0') != absl::string_view::npos) {
    return Refuse(name, "holds a zero byte");
  }
  endpoint.socket = std::string(path);
  return endpoint;
}

}  // namespace

absl::StatusOr<RedisEndpoint> RedisEndpoint::Parse(absl::string_view text,
                                                   bool allow_credentials) {
  const std::string name = NameOf(text, allow_credentials);
  absl::string_view rest = text;
  if (absl::StartsWithIgnoreCase(rest, "rediss://")) {
    return Refuse(name,
                  "asks for TLS, which is not supported: use a tunnel, such as "
                  "stunnel or ssh, or a Unix socket");
  }
  const bool is_socket = absl::ConsumePrefix(&rest, "unix://");
  if (!is_socket && !absl::ConsumePrefix(&rest, "redis://")) {
    return Refuse(name, "is no address of a Redis");
  }
  RedisEndpoint endpoint;
  // The path of a socket may hold an "@", which comes after a "/" then. A
  // password of redis:// may hold either.
  const size_t at =
      is_socket ? rest.substr(0, rest.find('/')).rfind('@') : rest.rfind('@');
  if (at != absl::string_view::npos) {
    if (!allow_credentials) {
      return absl::InvalidArgumentError(
          "credentials of Redis do not belong in a command line, where every "
          "user of this machine can read them: put the whole address in the "
          "environment variable RM_REDIS_URL, or in a file for --redis-file");
    }
    if (!ParseCredentials(rest.substr(0, at), &endpoint)) {
      return Refuse(name,
                    "has credentials that are not USER:PASSWORD@ or "
                    ":PASSWORD@ (a special character is written %XX)");
    }
    rest = rest.substr(at + 1);
  }
  if (is_socket) return ParseSocket(rest, name, std::move(endpoint));
  if (const size_t slash = rest.find('/'); slash != rest.npos) {
    const absl::string_view database = rest.substr(slash + 1);
    if (!database.empty() &&
        !ParseNumber(database, 99999, &endpoint.database)) {
      return Refuse(name, "names no database by its number after the \"/\"");
    }
    rest = rest.substr(0, slash);
  }
  if (!ParseHost(rest, &endpoint)) {
    return Refuse(name, "names no host, or no port between 1 and 65535");
  }
  return endpoint;
}

std::string RedisEndpoint::display() const {
  if (!socket.empty()) return absl::StrCat("unix://", Printable(socket));
  const bool ipv6 = absl::StrContains(host, ':');
  return absl::StrCat("redis://", ipv6 ? "[" : "", Printable(host),
                      ipv6 ? "]" : "", ":", port, "/", database);
}

}  // namespace registry_manager
