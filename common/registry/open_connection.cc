// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/open_connection.h"

#include <utility>

#include "common/reference/address.h"
#include "common/registry/credentials.h"

namespace registry_manager {

absl::StatusOr<std::unique_ptr<RegistryConnection>> OpenConnection(
    const proto::Registry& registry, int retries, HttpTransport* transport,
    RequestGate* gate) {
  absl::StatusOr<Address> address = Address::Parse(registry.id());
  if (!address.ok()) return address.status();
  RegistryCredentials credentials(
      Credentials{registry.username(), registry.password(), ""});
  CredentialsLookUp look_up;
  if (!registry.password_file().empty()) {
    look_up = [username = registry.username(),
               file = registry.password_file()] {
      return ReadPasswordFile(username, file);
    };
  } else if (credentials.anonymous()) {
    look_up = [file = registry.auth_file(), address = *address] {
      return LookUpCredentials(file, address);
    };
    absl::StatusOr<RegistryCredentials> found = look_up();
    if (!found.ok()) return found.status();
    credentials = *std::move(found);
  }
  TlsSettings tls{registry.insecure(), registry.ca_file(),
                  registry.client_cert(), registry.client_key()};
  RegistryOptions options{*std::move(address), std::move(credentials),
                          std::move(tls), retries};
  options.renew_credentials = std::move(look_up);
  if (registry.listing_timeout_ms() > 0) {
    options.listing_timeout = absl::Milliseconds(registry.listing_timeout_ms());
  }
  return std::make_unique<RegistryConnection>(std::move(options), transport,
                                              gate);
}

}  // namespace registry_manager
