// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/reference/address.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/reference/printable.h"

namespace registry_manager {
namespace {

constexpr absl::string_view kForm =
    "write https://HOST[:PORT][/PREFIX] or http://HOST[:PORT][/PREFIX]";

absl::Status Wrong(absl::string_view text, absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("'", Printable(text), "' is not a registry address: ", what,
                   "; ", kForm));
}

bool IsHost(absl::string_view host) {
  if (host.empty() || host.size() > 253) return false;
  if (host.front() == '[') {
    return host.back() == ']' && host.size() > 2 &&
           std::all_of(host.begin() + 1, host.end() - 1, [](char c) {
             return absl::ascii_isxdigit(c) || c == ':' || c == '.';
           });
  }
  return std::all_of(host.begin(), host.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_';
  });
}

bool IsPrefix(absl::string_view prefix) {
  if (absl::StrContains(prefix, "//") || absl::StrContains(prefix, "/.")) {
    return false;
  }
  return std::all_of(prefix.begin(), prefix.end(), [](char c) {
    return absl::ascii_isalnum(c) || absl::StrContains("/-._~", c);
  });
}

}  // namespace

absl::StatusOr<Address> Address::Parse(absl::string_view text) {
  Address address;
  absl::string_view rest = absl::StripAsciiWhitespace(text);
  const size_t scheme_end = rest.find("://");
  if (scheme_end == absl::string_view::npos) {
    address.scheme_ = "https";
  } else {
    address.scheme_ = absl::AsciiStrToLower(rest.substr(0, scheme_end));
    rest.remove_prefix(scheme_end + 3);
    if (address.scheme_ != "https" && address.scheme_ != "http") {
      return Wrong(text, "its scheme is neither https nor http");
    }
  }
  const size_t slash = rest.find('/');
  absl::string_view authority = rest.substr(0, slash);
  absl::string_view prefix =
      slash == absl::string_view::npos ? "" : rest.substr(slash);
  while (absl::ConsumeSuffix(&prefix, "/")) {
  }
  if (absl::StrContains(authority, '@')) {
    return absl::InvalidArgumentError(
        "an address holds no user name and no password; use the keys "
        "'username' and 'password'");
  }
  absl::string_view host = authority;
  const size_t colon = authority.rfind(':');
  if (colon != absl::string_view::npos && authority.back() != ']') {
    host = authority.substr(0, colon);
    int port = 0;
    const absl::string_view digits = authority.substr(colon + 1);
    if (!std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit) ||
        !absl::SimpleAtoi(digits, &port) || port < 1 || port > 65535) {
      return Wrong(text, "its port is no number from 1 to 65535");
    }
    const int default_port = address.scheme_ == "https" ? 443 : 80;
    if (port != default_port) address.host_ = absl::StrCat(":", port);
  }
  if (!IsHost(host)) return Wrong(text, "its host is not a host name");
  if (!IsPrefix(prefix)) return Wrong(text, "its path is not a plain path");
  address.host_ = absl::StrCat(absl::AsciiStrToLower(host), address.host_);
  address.prefix_ = std::string(prefix);
  return address;
}

std::string Address::str() const {
  return absl::StrCat(scheme_, "://", host_, prefix_);
}

std::string Address::display() const { return absl::StrCat(host_, prefix_); }

}  // namespace registry_manager
