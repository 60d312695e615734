// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/connection/auth_files.h"

#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/process/run.h"
#include "common/reference/printable.h"
#include "common/registry/connection/docker_hub.h"
#include "common/registry/connection/json.h"

namespace registry_manager {
namespace {

using nlohmann::json;

constexpr size_t kMostAuthFileBytes = 16 << 20;

// "" also if the variable is set and empty, as docker has it.
std::string Variable(const char* name) {
  const char* value = getenv(name);
  return value == nullptr ? "" : value;
}

std::optional<std::string> ReadText(const std::string& file) {
  std::ifstream stream(file);
  if (!stream) return std::nullopt;
  std::string text;
  char buffer[1 << 14];
  while (stream.read(buffer, sizeof buffer) || stream.gcount() > 0) {
    text.append(buffer, stream.gcount());
    if (text.size() > kMostAuthFileBytes) return std::nullopt;
  }
  return text;
}

// The files that need not exist.
std::vector<std::string> DefaultFiles() {
  std::vector<std::string> files;
  const std::string home = Variable("HOME");
  const std::string docker = Variable("DOCKER_CONFIG");
  if (!docker.empty()) {
    files.push_back(absl::StrCat(docker, "/config.json"));
  } else if (!home.empty()) {
    files.push_back(absl::StrCat(home, "/.docker/config.json"));
  }
  if (const std::string runtime = Variable("XDG_RUNTIME_DIR");
      !runtime.empty()) {
    files.push_back(absl::StrCat(runtime, "/containers/auth.json"));
  }
  std::string config = Variable("XDG_CONFIG_HOME");
  if (config.empty() && !home.empty()) config = absl::StrCat(home, "/.config");
  if (!config.empty()) {
    files.push_back(absl::StrCat(config, "/containers/auth.json"));
  }
  return files;
}

// Keys under which the whole registry is filed; helpers are asked for the
// first two.
std::vector<std::string> KeysOf(const Address& address) {
  if (IsDockerHub(address)) {
    return {"https://index.docker.io/v1/", "docker.io", "index.docker.io",
            "registry-1.docker.io"};
  }
  std::vector<std::string> keys = {address.host()};
  if (address.display() != address.host()) {
    keys.insert(keys.begin(), address.display());
  }
  for (const char* scheme : {"https://", "http://", ""}) {
    for (const char* path : {"", "/", "/v1", "/v1/", "/v2", "/v2/"}) {
      if (*scheme == 0 && *path == 0) continue;
      keys.push_back(absl::StrCat(scheme, address.host(), path));
    }
  }
  return keys;
}

void AddTrouble(RegistryCredentials& found, absl::string_view what) {
  if (absl::StrContains(found.trouble, what)) return;
  absl::StrAppend(&found.trouble, found.trouble.empty() ? "" : "; ", what);
}

// Helpers have many words for it.
bool SaysUnknown(absl::string_view said) {
  const std::string text = absl::AsciiStrToLower(said);
  for (const char* words : {"not found", "no credentials", "not be found",
                            "not exist", "no such", "unknown"}) {
    if (absl::StrContains(text, words)) return true;
  }
  return absl::StripAsciiWhitespace(text).empty();
}

// Anonymous if the helper knows nothing, or is of no use.
Credentials AskHelper(const std::string& helper, const std::string& server,
                      RegistryCredentials& found) {
  const std::string program = absl::StrCat("docker-credential-", helper);
  ProgramRun run;
  run.arguments = {program, "get"};
  run.input = server;
  const absl::StatusOr<ProgramResult> result = RunProgram(run);
  if (!result.ok()) {
    AddTrouble(found, absl::StrCat("the credential helper ", Printable(program),
                                   " does not work: ",
                                   Printable(result.status().message())));
    return {};
  }
  if (result->status != 0) {
    if (!SaysUnknown(absl::StrCat(result->output, result->errors))) {
      AddTrouble(found,
                 absl::StrCat("the credential helper ", Printable(program),
                              " ended with status ", result->status));
    }
    return {};
  }
  const absl::StatusOr<json> answer = ParseJson(result->output);
  if (!answer.ok() || !answer->is_object()) {
    if (!absl::StripAsciiWhitespace(result->output).empty()) {
      AddTrouble(found,
                 absl::StrCat("the credential helper ", Printable(program),
                              " gave an answer that is not JSON"));
    }
    return {};
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
        Printable(file),
        ": an 'auth' is not the base64 form of USERNAME:PASSWORD"));
  }
  credentials.username = decoded.substr(0, colon);
  credentials.password = decoded.substr(colon + 1);
  // Docker pads with NUL.
  while (!credentials.password.empty() && credentials.password.back() == 0) {
    credentials.password.pop_back();
  }
  // Docker's word for a password that is an identity token.
  if (credentials.username == "<token>" && credentials.identity_token.empty()) {
    return Credentials{"", "", credentials.password};
  }
  return credentials;
}

// The namespace or repository of this registry that an `auths` key names; ""
// for any other key.
std::string PartOf(absl::string_view key, const Address& address) {
  const std::string registry =
      IsDockerHub(address) ? "docker.io" : address.display();
  if (!absl::ConsumePrefix(&key, absl::StrCat(registry, "/"))) return "";
  absl::ConsumeSuffix(&key, "/");
  return key == "v1" || key == "v2" ? "" : std::string(key);
}

Credentials FromHelpers(const json& document,
                        const std::vector<std::string>& keys,
                        RegistryCredentials& found) {
  const auto helpers = document.find("credHelpers");
  if (helpers != document.end()) {
    for (const std::string& key : keys) {
      const std::string helper = StringMember(*helpers, key.c_str());
      if (helper.empty()) continue;
      Credentials given = AskHelper(helper, key, found);
      if (!given.anonymous()) return given;
    }
  }
  const std::string store = StringMember(document, "credsStore");
  if (store.empty()) return {};
  for (size_t i = 0; i < keys.size() && i < 2; ++i) {
    Credentials given = AskHelper(store, keys[i], found);
    if (!given.anonymous()) return given;
  }
  // Docker files a registry with its scheme if it was logged in to so.
  Credentials given =
      AskHelper(store, absl::StrCat("https://", keys[0]), found);
  return given;
}

absl::Status AddAuths(const json& auths, const std::string& file,
                      const Address& address,
                      const std::vector<std::string>& keys,
                      RegistryCredentials& found) {
  for (const std::string& key : keys) {
    if (!found.whole.anonymous()) break;
    const auto auth = auths.find(key);
    if (auth == auths.end()) continue;
    ASSIGN_OR_RETURN(Credentials read, FromAuth(*auth, file));
    found.whole = std::move(read);
  }
  for (const auto& [key, auth] : auths.items()) {
    const std::string part = PartOf(key, address);
    if (part.empty() || found.parts.contains(part)) continue;
    ASSIGN_OR_RETURN(Credentials read, FromAuth(auth, file));
    if (!read.anonymous()) found.parts.emplace(part, std::move(read));
  }
  return absl::OkStatus();
}

absl::Status Unreadable(absl::string_view what, const std::string& file) {
  return absl::FailedPreconditionError(
      absl::StrCat(what, " ", Printable(file), " cannot be read"));
}

}  // namespace

absl::StatusOr<std::vector<AuthSource>> AuthSources(
    const std::string& auth_file) {
  const std::string from_environment = Variable("REGISTRY_AUTH_FILE");
  if (!auth_file.empty() || !from_environment.empty()) {
    const std::string& file = auth_file.empty() ? from_environment : auth_file;
    std::optional<std::string> text = ReadText(file);
    if (!text) {
      return Unreadable(auth_file.empty()
                            ? "the file that REGISTRY_AUTH_FILE names,"
                            : "the auth-file",
                        file);
    }
    return std::vector<AuthSource>{{file, *std::move(text)}};
  }
  std::vector<AuthSource> sources;
  if (std::string text = Variable("DOCKER_AUTH_CONFIG"); !text.empty()) {
    sources.push_back({"DOCKER_AUTH_CONFIG", std::move(text)});
  }
  for (const std::string& file : DefaultFiles()) {
    if (std::optional<std::string> text = ReadText(file)) {
      sources.push_back({file, *std::move(text)});
    }
  }
  return sources;
}

absl::Status AddFrom(const AuthSource& source, const Address& address,
                     RegistryCredentials& found) {
  const absl::StatusOr<json> document = ParseJson(source.text);
  if (!document.ok() || !document->is_object()) {
    return absl::FailedPreconditionError(
        absl::StrCat(Printable(source.name), " is not a docker config.json"));
  }
  const std::vector<std::string> keys = KeysOf(address);
  if (found.whole.anonymous()) {
    found.whole = FromHelpers(*document, keys, found);
  }
  const auto auths = document->find("auths");
  if (auths == document->end() || !auths->is_object()) return absl::OkStatus();
  return AddAuths(*auths, source.name, address, keys, found);
}

}  // namespace registry_manager
