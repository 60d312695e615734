// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/config/credentials.h"

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "common/reference/printable.h"
#include "common/reference/secret_text.h"

namespace registry_manager {
namespace {

// Null also where the text is empty.
const YamlNode* FindText(const MapReader& reader, absl::string_view key) {
  const YamlNode* node = reader.Scalar(key, "write a text");
  return node == nullptr || node->text.empty() ? nullptr : node;
}

// Some registries' passwords are keys of several lines, so that line breaks and
// tabs are let through, which RFC 7617, section 2, does not have.
bool IsSendablePassword(absl::string_view text, absl::string_view what,
                        Position at, ErrorList* errors) {
  const std::string rest =
      absl::StrReplaceAll(text, {{"\n", ""}, {"\r", ""}, {"\t", ""}});
  if (!HoldsControlCharacter(rest)) return true;
  errors->Add(at, absl::StrCat(what,
                               " holds a control character that is neither a "
                               "line break nor a tab, and cannot be sent; is "
                               "it text?"));
  return false;
}

std::string ReadPasswordFile(const std::string& path, const MapReader& reader,
                             const YamlNode& node,
                             const ConfigSources& sources) {
  if (path.empty()) return "";
  const absl::StatusOr<std::string> content = sources.read_file(path);
  if (!content.ok()) {
    // The reason may name the path, which is not shown where a variable is.
    reader.errors()->Add(
        node.at,
        absl::StrCat("the password file '", node.Shown(), "' cannot be read: ",
                     node.written.empty()
                         ? Printable(content.status().message())
                         : absl::StatusCodeToString(content.status().code()),
                     "; name a file that this user may read"));
    return "";
  }
  std::string password = SecretIn(*content);
  if (password.empty()) {
    reader.errors()->Add(node.at,
                         absl::StrCat("the password file '", node.Shown(),
                                      "' is empty; write the password "
                                      "into it"));
  }
  if (!IsSendablePassword(password,
                          absl::StrCat("the password in '", node.Shown(), "'"),
                          node.at, reader.errors())) {
    return "";
  }
  return password;
}

std::string ReadUsername(const MapReader& reader, const YamlNode& node) {
  if (HoldsControlCharacter(node.text)) {
    reader.errors()->Add(node.at,
                         "'username' holds a line break or another control "
                         "character, which cannot be sent; write it on one "
                         "line");
    return "";
  }
  if (absl::StrContains(node.text, ':')) {
    reader.errors()->Add(node.at,
                         "'username' holds a ':', which ends a name when it is "
                         "sent (RFC 7617); write the name alone, and the "
                         "password under 'password'");
    return "";
  }
  return node.text;
}

// It is read only when a connection is made.
void CheckIsThere(const std::string& auth_file, const YamlNode& node,
                  const ConfigSources& sources, ErrorList* errors) {
  if (auth_file.empty()) return;
  const absl::Status status = sources.read_file(auth_file).status();
  if (!absl::IsNotFound(status) && !absl::IsPermissionDenied(status)) return;
  errors->Add(
      node.at,
      absl::StrCat("the auth-file '", node.Shown(), "' ",
                   absl::IsNotFound(status) ? "does not exist"
                                            : "may not be read by this user",
                   "; name a config.json of docker's, or leave "
                   "'auth-file' out"));
}

}  // namespace

void ReadCredentials(const MapReader& reader, const PathResolver& paths,
                     const ConfigSources& sources, RegistryConfig* registry) {
  ErrorList* errors = reader.errors();
  const YamlNode* username = FindText(reader, "username");
  const YamlNode* password = FindText(reader, "password");
  const YamlNode* password_file = FindText(reader, "password-file");
  const YamlNode* auth_file = FindText(reader, "auth-file");
  const YamlNode* secret = password != nullptr ? password : password_file;

  if (username != nullptr) {
    registry->username = ReadUsername(reader, *username);
  }
  if (password != nullptr &&
      IsSendablePassword(password->text, "'password'", password->at, errors)) {
    registry->password = SecretIn(password->text);
    registry->password_in_config = password->written.empty();
  }
  if (password_file != nullptr) {
    if (password != nullptr) {
      errors->Add(password_file->at,
                  "'password-file' stands beside 'password'; keep one of the "
                  "two");
    } else {
      registry->password_file = paths.Read(reader, "password-file");
      registry->password = ReadPasswordFile(registry->password_file, reader,
                                            *password_file, sources);
    }
  }
  if (auth_file != nullptr) {
    registry->auth_file = paths.Read(reader, "auth-file");
    CheckIsThere(registry->auth_file, *auth_file, sources, errors);
    if (username != nullptr || secret != nullptr) {
      errors->Add(auth_file->at,
                  "'auth-file' stands beside 'username' or a password; keep "
                  "one source of credentials");
      return;
    }
  }
  if (username != nullptr && secret == nullptr) {
    errors->Add(username->at,
                "'username' has no password beside it; add 'password' or "
                "'password-file'");
  }
  if (username == nullptr && secret != nullptr) {
    errors->Add(secret->at,
                "a password has no 'username' beside it; add 'username'");
  }
}

}  // namespace registry_manager
