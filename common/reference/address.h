// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REFERENCE_ADDRESS_H_
#define REGISTRY_MANAGER_COMMON_REFERENCE_ADDRESS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace registry_manager {

// The address of a registry, normalised: lower-case scheme and host, no default
// port, no trailing slash. Two entries of a config that name one registry have
// equal addresses, and so share limits. A value type, always well-formed.
class Address {
 public:
  // `text` is https://HOST[:PORT][/PREFIX], http://…, or without a scheme
  // (https). InvalidArgument says what is wrong and what would be right; user
  // names and passwords in an address are refused.
  static absl::StatusOr<Address> Parse(absl::string_view text);

  // "https" or "http".
  const std::string& scheme() const { return scheme_; }
  // Lower-case host and, if it is not the scheme's default, ":PORT".
  const std::string& host() const { return host_; }
  // "" or "/PREFIX".
  const std::string& prefix() const { return prefix_; }

  // "https://host:port/prefix": the identity of a registry.
  std::string str() const;
  // The address as users write it in images: "host:port/prefix", without the
  // scheme.
  std::string display() const;

  friend bool operator==(const Address&, const Address&) = default;
  friend auto operator<=>(const Address& a, const Address& b) {
    return a.str().compare(b.str()) <=> 0;
  }

 private:
  Address() = default;

  std::string scheme_;
  std::string host_;
  std::string prefix_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REFERENCE_ADDRESS_H_
