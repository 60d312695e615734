// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/credentials.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/process/run.h"
#include "common/reference/printable.h"
#include "common/registry/docker_hub.h"
#include "common/registry/json.h"

namespace registry_manager {
namespace {

using nlohmann::json;

std::string DefaultFile() {
  if (const char* folder = getenv("DOCKER_CONFIG"); folder != nullptr) {
    return absl::StrCat(folder, "/config.json");
  }
  const char* home = getenv("HOME");
  return home == nullptr ? "" : absl::StrCat(home, "/.docker/config.json");
}

// The keys under which docker and its peers file a registry.
std::vector<std::string> KeysOf(const Address& address) {
  if (IsDockerHub(address)) {
    return {"https://index.docker.io/v1/", "index.docker.io", "docker.io"};
  }
  return {address.display(),
          address.host(),
          absl::StrCat("https://", address.host()),
          absl::StrCat("http://", address.host()),
          absl::StrCat("https://", address.host(), "/"),
          absl::StrCat("https://", address.host(), "/v1/"),
          absl::StrCat("https://", address.host(), "/v2/")};
}

absl::StatusOr<Credentials> AskHelper(const std::string& helper,
                                      const std::string& server) {
  const std::string program = absl::StrCat("docker-credential-", helper);
  ProgramRun run;
  run.arguments = {program, "get"};
  run.input = server;
  absl::StatusOr<ProgramResult> result = RunProgram(run);
  if (!result.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the credential helper that docker's config.json names ",
                     "does not work: ", result.status().message()));
  }
  if (result->status != 0) {
    const std::string said = absl::StrCat(result->output, result->errors);
    if (absl::StrContains(said, "credentials not found")) return Credentials{};
    return absl::FailedPreconditionError(absl::StrCat(
        program, " failed for ", server, " with status ", result->status));
  }
  absl::StatusOr<json> answer = ParseJson(result->output);
  if (!answer.ok()) {
    return absl::FailedPreconditionError(absl::StrCat(
        program, " gave an answer for ", server, " that is not JSON"));
  }
  const std::string username = StringMember(*answer, "Username");
  const std::string secret = StringMember(*answer, "Secret");
  if (username == "<token>") return Credentials{"", "", secret};
  return Credentials{username, secret, ""};
}

absl::StatusOr<Credentials> FromAuth(const json& auth,
                                     const std::string& file) {
  Credentials credentials;
  credentials.identity_token = StringMember(auth, "identitytoken");
  credentials.username = StringMember(auth, "username");
  credentials.password = StringMember(auth, "password");
  const std::string encoded = StringMember(auth, "auth");
  if (encoded.empty()) return credentials;
  std::string decoded;
  const size_t colon = absl::Base64Unescape(encoded, &decoded)
                           ? decoded.find(':')
                           : std::string::npos;
  if (colon == std::string::npos) {
    return absl::FailedPreconditionError(absl::StrCat(
        file, ": an 'auth' is not the base64 form of USERNAME:PASSWORD"));
  }
  credentials.username = decoded.substr(0, colon);
  credentials.password = decoded.substr(colon + 1);
  // Docker pads with NUL.
  while (!credentials.password.empty() && credentials.password.back() == 0) {
    credentials.password.pop_back();
  }
  return credentials;
}

absl::StatusOr<Credentials> Find(const json& document, const std::string& file,
                                 const Address& address) {
  const std::vector<std::string> keys = KeysOf(address);
  const json helpers = document.value("credHelpers", json::object());
  const json auths = document.value("auths", json::object());
  for (const std::string& key : keys) {
    const std::string helper = StringMember(helpers, key.c_str());
    if (!helper.empty()) return AskHelper(helper, key);
  }
  if (const std::string store = StringMember(document, "credsStore");
      !store.empty()) {
    for (const std::string& key : keys) {
      absl::StatusOr<Credentials> found = AskHelper(store, key);
      if (!found.ok() || !found->anonymous()) return found;
    }
  }
  for (const std::string& key : keys) {
    if (auths.is_object() && auths.contains(key)) {
      return FromAuth(auths[key], file);
    }
  }
  return Credentials{};
}

}  // namespace

absl::StatusOr<Credentials> LookUpCredentials(const std::string& auth_file,
                                              const Address& address) {
  const std::string file = auth_file.empty() ? DefaultFile() : auth_file;
  std::ifstream stream(file);
  if (!stream) {
    if (auth_file.empty()) return Credentials{};
    return absl::FailedPreconditionError(
        absl::StrCat("the auth-file ", Printable(file), " cannot be read"));
  }
  std::ostringstream text;
  text << stream.rdbuf();
  absl::StatusOr<json> document = ParseJson(text.str());
  if (!document.ok() || !document->is_object()) {
    return absl::FailedPreconditionError(
        absl::StrCat(Printable(file), " is not a docker config.json"));
  }
  return Find(*document, file, address);
}

}  // namespace registry_manager
