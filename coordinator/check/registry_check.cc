// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/check/registry_check.h"

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/concurrency/parallel.h"
#include "common/reference/printable.h"
#include "common/registry/api/listing.h"
#include "common/registry/connection/connection.h"
#include "common/registry/connection/errors.h"
#include "common/registry/connection/identify.h"
#include "common/registry/drivers/driver.h"
#include "common/registry/registry_driver.h"
#include "coordinator/access/registry_access.h"
#include "coordinator/check/open_gate.h"

namespace registry_manager {
namespace {

using Level = Finding::Level;

// One attempt and one repetition tell as much as many.
constexpr int kRetries = 1;
// The most repositories that are looked at, if the config names repositories.
constexpr size_t kMostLookedAt = 20;
constexpr absl::Duration kPatience = absl::Seconds(60);

class Checker {
 public:
  Checker(const RegistryQuestion& question, const RegistryClient& client,
          RegistryDriver& driver, std::vector<Finding>& findings)
      : question_(question),
        client_(client),
        driver_(driver),
        findings_(findings) {}

  void Run() {
    if (!Reach()) return;
    const size_t reached = findings_.size();
    Identify();
    const bool listed =
        question_.config->repositories ? LookAtNamed() : ListCatalogue();
    // Some open their base endpoint to all: what is listed proves a password.
    if (!refused_) {
      findings_.insert(findings_.begin() + reached,
                       {Level::kOk, Credentials()});
    }
    if (question_.deletes && listed) TryDelete();
    if (question_.is_target) {
      Say(Level::kNote,
          "whether it takes pushes was not tried: that would begin an upload");
    }
    Limits();
  }

 private:
  void Say(Level level, std::string text) {
    findings_.push_back({level, std::move(text)});
  }
  void Say(Level level, const absl::Status& status) {
    Say(level, Printable(status.message(), 2000));
  }

  // Address, TLS and credentials.
  bool Reach() {
    absl::Status status = CheckIsRegistry(client_);
    if (!status.ok()) {
      Say(Level::kUnreachable, WithTlsHint(status));
      return false;
    }
    SayTransport();
    status = CheckCredentials(client_);
    if (absl::IsUnauthenticated(status) || absl::IsPermissionDenied(status) ||
        IsUnusable(status)) {
      Say(Level::kUnreachable, status);
      return false;
    }
    if (!status.ok()) {
      Say(Level::kError, WithTlsHint(status));
      return false;
    }
    return true;
  }

  // Says so where the registry refuses the credentials, or cannot be used.
  bool SaidRefused(const absl::Status& status) {
    refused_ = RefusesCredentials(status) || IsUnusable(status);
    if (refused_) Say(Level::kUnreachable, status);
    return refused_;
  }

  void SayTransport() {
    const bool is_plain =
        absl::StartsWith(client_.connection->address().str(), "http:");
    if (is_plain) {
      const bool is_local = client_.connection->base().IsLocal();
      Say(is_local ? Level::kOk : Level::kWarning,
          is_local ? "answers, over plain HTTP on this machine"
                   : "answers over plain HTTP: passwords and images pass in "
                     "the clear; use https:// where the registry can");
    } else if (question_.config->insecure) {
      Say(Level::kWarning,
          "answers, but its certificate is not verified (insecure: true); "
          "name its authority in ca-file instead");
    } else {
      Say(Level::kOk, "answers, over TLS with a verified certificate");
    }
  }

  // A TLS port answers plain HTTP with status 400 or with an alert that is not
  // HTTP. For such an error this adds the advice to write https://.
  absl::Status WithTlsHint(const absl::Status& status) const {
    const bool is_plain =
        absl::StartsWith(client_.connection->address().str(), "http:");
    if (!is_plain || (HttpStatusOf(status) != 400 &&
                      !absl::StrContains(status.message(), "HTTP/0.9"))) {
      return status;
    }
    return WithMessage(
        status, absl::StrCat(status.message(),
                             "; if TLS is spoken there, write https://"));
  }

  std::string Credentials() const {
    const bool has_some = client_.connection->has_credentials();
    std::string source = "docker's config.json";
    if (!question_.config->username.empty()) source = "the config";
    if (!question_.config->auth_file.empty()) source = "the auth-file";
    if (!client_.connection->has_asked) {
      return absl::StrCat(
          "asks for no credentials",
          has_some ? absl::StrCat("; those of ", source, " were not tried")
                   : "");
    }
    if (!has_some) {
      return "serves anonymously: nothing names credentials for it";
    }
    return client_.connection->takes_credentials
               ? absl::StrCat("takes the credentials of ", source)
               : absl::StrCat("asks for credentials; that it takes those of ",
                              source, " could not be proven");
  }

  void Identify() {
    const absl::StatusOr<RegistryKind> kind = IdentifyRegistry(client_);
    if (!kind.ok()) return;
    switch (*kind) {
      case RegistryKind::kHarbor:
        Say(Level::kNote, "is Harbor; it is spoken to by its Registry API");
        break;
      case RegistryKind::kDockerHub:
        Say(Level::kNote,
            "is Docker Hub, which counts pulls and asks for patience beyond "
            "its limit");
        break;
      case RegistryKind::kPlain:
        break;
    }
  }

  // True if a repository is known that can be asked about.
  bool ListCatalogue() {
    const absl::StatusOr<CatalogPage> page =
        driver_.ListCatalog(*client_.task, "");
    if (!page.ok()) {
      if (SaidRefused(page.status())) return false;
      Say(question_.only_target ? Level::kNote : Level::kError,
          question_.only_target
              ? absl::Status(page.status().code(),
                             "does not list its catalogue, which a target "
                             "need not")
              : page.status());
      return false;
    }
    Say(Level::kOk, page->repositories.empty()
                        ? "lists its catalogue, which is empty"
                        : "lists its catalogue");
    if (page->repositories.empty()) return false;
    repository_ = page->repositories.front();
    return true;
  }

  // The first of those that are there is asked about afterwards.
  bool LookAtNamed() {
    std::set<std::string> named;
    for (const RepositoryEntry& entry : *question_.config->repositories) {
      named.insert(entry.repository);
    }
    std::vector<std::string> found, missing;
    for (const std::string& name : named) {
      if (found.size() + missing.size() == kMostLookedAt) break;
      const absl::Status status = ListTags(client_, name).status();
      if (absl::IsNotFound(status)) {
        missing.push_back(Printable(name));
      } else if (SaidRefused(status)) {
        return false;
      } else if (!status.ok()) {
        Say(Level::kError, status);
        return false;
      } else {
        if (found.empty()) repository_ = name;
        found.push_back(Printable(name));
      }
    }
    if (!missing.empty()) {
      Say(question_.only_target ? Level::kNote : Level::kWarning,
          absl::StrCat("has no repository ", absl::StrJoin(missing, ", "),
                       ", which the config names"));
    }
    if (found.empty()) return false;
    std::string text =
        absl::StrCat("lists the tags of ", absl::StrJoin(found, ", "));
    if (const size_t looked_at = found.size() + missing.size();
        looked_at < named.size()) {
      absl::StrAppend(&text, "; ", named.size() - looked_at,
                      " more that are named were not looked at");
    }
    Say(Level::kOk, std::move(text));
    return true;
  }

  void TryDelete() {
    const absl::Status status =
        driver_.Open(*client_.task, repository_, /*pushes=*/false)
            ->CheckDeletes();
    if (!status.ok()) {
      Say(Level::kError, status);
      return;
    }
    Say(Level::kOk, absl::StrCat("deletes (asked in ", Printable(repository_),
                                 ", with a digest that cannot exist)"));
  }

  void Limits() {
    std::string text = absl::StrCat("at most ", question_.max_connections,
                                    " requests at once");
    if (question_.config->requests_per_second) {
      absl::StrAppend(&text, ", ", *question_.config->requests_per_second,
                      " a second");
    }
    Say(Level::kNote, std::move(text));
  }

  const RegistryQuestion& question_;
  const RegistryClient& client_;
  RegistryDriver& driver_;
  std::vector<Finding>& findings_;
  std::string repository_;
  bool refused_ = false;
};

RegistryOptions OptionsOf(const RegistryConfig& config,
                          RegistryCredentials credentials) {
  RegistryOptions options{
      *config.address,
      std::move(credentials),
      {config.insecure, config.ca_file, config.client_cert, config.client_key},
      kRetries};
  options.listing_timeout = config.listing_timeout;
  return options;
}

}  // namespace

CheckedPart CheckRegistry(const RegistryQuestion& question,
                          HttpTransport* transport) {
  CheckedPart part;
  part.name = absl::StrCat("registry ", Printable(question.config->name), " (",
                           question.config->address->str(), ")");
  Cancellation cancellation;
  OpenGate gate(&cancellation);
  absl::StatusOr<RegistryCredentials> credentials =
      ReadCredentials(*question.access);
  if (!credentials.ok()) {
    part.findings.push_back(
        {Level::kUnreachable, std::string(credentials.status().message())});
    return part;
  }
  RegistryConnection connection(
      OptionsOf(*question.access, *std::move(credentials)), transport, &gate);
  const absl::Time ends = absl::Now() + kPatience;
  TaskScope scope(&cancellation, [ends] {
    return absl::Now() < ends ? absl::OkStatus()
                              : absl::DeadlineExceededError("no time left");
  });
  const RegistryClient client{&connection, &scope};
  ThreadPool pool(1);
  const std::unique_ptr<RegistryDriver> driver =
      NewRegistryDriver(&connection, &pool);
  Checker(question, client, *driver, part.findings).Run();
  if (const absl::Status end = cancellation.status(); !end.ok()) {
    part.findings.push_back({Level::kUnreachable, std::string(end.message())});
  }
  return part;
}

}  // namespace registry_manager
