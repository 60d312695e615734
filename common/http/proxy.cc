// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/http/proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/reference/printable.h"

namespace registry_manager {
namespace {

// IPv4 as IPv6 writes it.
using IpAddress = std::array<uint8_t, 16>;
constexpr int kV4Bits = 96;

std::optional<IpAddress> ParseIp(absl::string_view text) {
  const std::string copy(text);
  IpAddress address = {};
  if (inet_pton(AF_INET6, copy.c_str(), address.data()) == 1) return address;
  address[10] = address[11] = 0xff;
  if (inet_pton(AF_INET, copy.c_str(), &address[12]) == 1) return address;
  return std::nullopt;
}

bool IsV4(const IpAddress& address) {
  constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0,    0,
                                               0, 0, 0, 0, 0xff, 0xff};
  return std::equal(kMapped.begin(), kMapped.end(), address.begin());
}

bool IsLoopback(const IpAddress& address) {
  if (IsV4(address)) return address[12] == 127;
  IpAddress one = {};
  one[15] = 1;
  return address == one;
}

bool SharesPrefix(const IpAddress& a, const IpAddress& b, int bits) {
  const int bytes = bits / 8;
  if (!std::equal(a.begin(), a.begin() + bytes, b.begin())) return false;
  const int rest = bits % 8;
  return rest == 0 || ((a[bytes] ^ b[bytes]) >> (8 - rest)) == 0;
}

bool IsInRange(const IpAddress& address, absl::string_view range) {
  const std::vector<absl::string_view> parts = absl::StrSplit(range, '/');
  if (parts.size() != 2) return false;
  const std::optional<IpAddress> network = ParseIp(parts[0]);
  int bits = 0;
  if (!network || !absl::SimpleAtoi(parts[1], &bits) || bits < 0) return false;
  if (IsV4(*network) != IsV4(address)) return false;
  if (IsV4(*network)) bits += kV4Bits;
  return bits <= 128 && SharesPrefix(address, *network, bits);
}

struct HostPort {
  absl::string_view host;
  // "" for none.
  absl::string_view port;
};

// "[::1]:80", "host:80", "::1", "host".
HostPort Split(absl::string_view text) {
  if (absl::ConsumePrefix(&text, "[")) {
    const size_t end = text.find(']');
    if (end == absl::string_view::npos) return {text, ""};
    absl::string_view port = text.substr(end + 1);
    absl::ConsumePrefix(&port, ":");
    return {text.substr(0, end), port};
  }
  const size_t colon = text.find(':');
  if (colon == absl::string_view::npos ||
      text.find(':', colon + 1) != absl::string_view::npos) {
    return {text, ""};
  }
  return {text.substr(0, colon), text.substr(colon + 1)};
}

bool MatchesName(absl::string_view host, absl::string_view pattern) {
  if (absl::StartsWith(pattern, "*.")) pattern.remove_prefix(1);
  if (absl::StartsWith(pattern, ".")) return absl::EndsWith(host, pattern);
  return host == pattern ||
         (absl::EndsWith(host, pattern) && host.size() > pattern.size() &&
          host[host.size() - pattern.size() - 1] == '.');
}

bool Matches(const HostPort& asked, const std::optional<IpAddress>& address,
             absl::string_view entry) {
  if (entry == "*") return true;
  if (absl::StrContains(entry, '/')) {
    return address && IsInRange(*address, entry);
  }
  const HostPort pattern = Split(entry);
  if (pattern.host.empty()) return false;
  if (!pattern.port.empty() && pattern.port != asked.port) return false;
  if (const std::optional<IpAddress> other = ParseIp(pattern.host)) {
    return address == other;
  }
  return MatchesName(asked.host, pattern.host);
}

std::string FirstOf(const char* upper, const char* lower) {
  for (const char* name : {upper, lower}) {
    const char* value = getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return "";
}

// `proxy` with a scheme and a port: libcurl's own default is 1080.
std::string Completed(absl::string_view proxy) {
  absl::string_view rest = absl::StripAsciiWhitespace(proxy);
  if (rest.empty()) return "";
  const size_t mark = rest.find("://");
  std::string scheme = "http";
  if (mark != absl::string_view::npos) {
    scheme = absl::AsciiStrToLower(rest.substr(0, mark));
    rest = rest.substr(mark + 3);
  }
  rest = rest.substr(0, rest.find_first_of("/?#"));
  const size_t at = rest.rfind('@');
  const HostPort where =
      Split(at == absl::string_view::npos ? rest : rest.substr(at + 1));
  std::string port;
  if (where.port.empty()) {
    port = scheme == "http" ? ":80" : scheme == "https" ? ":443" : ":1080";
  }
  // In Go, a SOCKS5 proxy resolves names.
  if (scheme == "socks5") scheme = "socks5h";
  return absl::StrCat(scheme, "://", rest, port);
}

}  // namespace

ProxySettings ProxySettings::FromEnvironment() {
  return {FirstOf("HTTP_PROXY", "http_proxy"),
          FirstOf("HTTPS_PROXY", "https_proxy"),
          FirstOf("NO_PROXY", "no_proxy")};
}

std::string ProxyFor(const ProxySettings& settings, const Url& url) {
  const std::string& proxy =
      url.scheme == "https" ? settings.https_proxy : settings.http_proxy;
  if (proxy.empty()) return "";
  const HostPort asked = Split(url.authority);
  const std::optional<IpAddress> address = ParseIp(asked.host);
  if (asked.host == "localhost" || (address && IsLoopback(*address))) return "";
  for (absl::string_view entry : absl::StrSplit(settings.no_proxy, ',')) {
    const std::string text =
        absl::AsciiStrToLower(absl::StripAsciiWhitespace(entry));
    if (!text.empty() && Matches(asked, address, text)) return "";
  }
  return Completed(proxy);
}

std::string ProxyDisplay(absl::string_view proxy) {
  const size_t last = proxy.find_last_of("@/");
  return Printable(last == absl::string_view::npos ? proxy
                                                   : proxy.substr(last + 1));
}

}  // namespace registry_manager
