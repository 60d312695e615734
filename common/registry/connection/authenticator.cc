// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/connection/authenticator.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/reference/printable.h"
#include "common/registry/connection/errors.h"

namespace registry_manager {
namespace {

// A run touches many repositories; tokens of those that are done are dropped.
constexpr size_t kMaxTokens = 10000;
// A helper may ask a cloud's service, and so may every request that is refused.
constexpr absl::Duration kRenewEvery = absl::Seconds(30);
// Their source may be told of new ones a moment later than the registry.
constexpr absl::Duration kSourceLags = absl::Seconds(1);
// A registry's clock, or its copy of the token, may be behind that of its token
// service by so much. After a token that was taken at once, one pause will do.
constexpr absl::Duration kPauses[] = {absl::Seconds(1), absl::Seconds(2),
                                      absl::Seconds(4)};
constexpr absl::Duration kOnePause = absl::Seconds(2);
constexpr absl::Duration kFresh = absl::Seconds(30);
// No more pauses once so many were in vain: rights are missing.
constexpr int kMaxPausesInVain = 2;
// A token that worked and is denied is renewed no sooner.
constexpr absl::Duration kLeastTokenAge = absl::Seconds(2);

// The time for which a token is used: its lifetime minus a margin in which a
// request may still be under way.
absl::Duration UsableFor(absl::Duration lifetime) {
  return lifetime - std::min(lifetime / 4, absl::Seconds(15));
}

// True if one of `scopes` grants all that `scope` does: it has the same name,
// all of its actions and perhaps more.
bool Covers(const ScopeSet& scopes, absl::string_view scope) {
  const size_t name_end = scope.rfind(':') + 1;
  const std::vector<absl::string_view> wanted =
      absl::StrSplit(scope.substr(name_end), ',');
  return std::any_of(
      scopes.begin(), scopes.end(), [&](absl::string_view granted) {
        if (!absl::ConsumePrefix(&granted, scope.substr(0, name_end))) {
          return false;
        }
        const std::set<absl::string_view> actions =
            absl::StrSplit(granted, ',');
        return std::all_of(
            wanted.begin(), wanted.end(),
            [&](absl::string_view action) { return actions.contains(action); });
      });
}

// The one of several scopes that a request cannot do without: a mount can do
// without the scope for reading.
std::string MainScope(const ScopeSet& scopes) {
  for (const std::string& scope : scopes) {
    const absl::string_view actions =
        absl::string_view(scope).substr(scope.rfind(':') + 1);
    if (absl::StrContains(actions, "push") ||
        absl::StrContains(actions, "delete")) {
      return scope;
    }
  }
  return scopes.empty() ? "" : *scopes.begin();
}

// "team/app" of "repository:team/app:pull"; "" of other scopes.
std::string RepositoryOf(const ScopeSet& scopes) {
  const std::string scope = MainScope(scopes);
  absl::string_view name =
      absl::string_view(scope).substr(0, scope.empty() ? 0 : scope.rfind(':'));
  return absl::ConsumePrefix(&name, "repository:") ? std::string(name) : "";
}

const Challenge* Find(const std::vector<Challenge>& challenges,
                      absl::string_view scheme) {
  const auto found =
      std::find_if(challenges.begin(), challenges.end(),
                   [&](const Challenge& c) { return c.scheme == scheme; });
  return found == challenges.end() ? nullptr : &*found;
}

std::vector<Challenge> ChallengesOf(const HttpResponse& refusal) {
  std::vector<Challenge> challenges;
  for (absl::string_view header : refusal.headers.GetAll("WWW-Authenticate")) {
    for (Challenge& challenge : ParseChallenges(header)) {
      challenges.push_back(std::move(challenge));
    }
  }
  return challenges;
}

absl::Status UnknownSchemes(const std::vector<Challenge>& challenges) {
  const std::string names = absl::StrJoin(
      challenges, ", ", [](std::string* out, const Challenge& challenge) {
        absl::StrAppend(out, Printable(challenge.scheme, 32));
      });
  return absl::UnauthenticatedError(absl::StrCat(
      "the registry refuses the request and asks for neither Basic nor Bearer "
      "authentication",
      names.empty() ? "" : absl::StrCat(", but for ", names)));
}

bool SaysExpired(absl::string_view body) {
  const std::string text = absl::AsciiStrToLower(body.substr(0, 4096));
  if (!absl::StrContains(text, "expired")) return false;
  for (const char* what : {"token", "credential", "authoriz", "authentic",
                           "password", "session"}) {
    if (absl::StrContains(text, what)) return true;
  }
  return false;
}

// The error of a look-up that says nothing of the credentials; OK if it does.
// It is no time-out of the registry's.
absl::Status WhyNobodyKnows(const absl::Status& look_up) {
  if (absl::IsCancelled(look_up)) return look_up;
  if (absl::IsDeadlineExceeded(look_up) || absl::IsUnavailable(look_up)) {
    return absl::UnavailableError(look_up.message());
  }
  return absl::OkStatus();
}

// An answer that some registries give to what has lapsed.
bool IsDenial(const HttpResponse& response) {
  if (response.status == 403) return true;
  if (response.status != 400) return false;
  const std::string code = ParseRegistryError(response.body).code;
  return code == "DENIED" || code == "UNAUTHORIZED" ||
         SaysExpired(response.body);
}

}  // namespace

Authenticator::Authenticator(Url registry, RegistryCredentials credentials,
                             TlsSettings tls, CredentialsLookUp renew)
    : registry_(std::move(registry)),
      tls_(std::move(tls)),
      renew_(std::move(renew)),
      credentials_(std::move(credentials)) {}

Authenticator::Scheme& Authenticator::SchemeFor(const ScopeSet& scopes) {
  const std::string first = scopes.empty() ? "" : *scopes.begin();
  return schemes_[first.substr(0, first.find(':'))];
}

const Credentials& Authenticator::CredentialsFor(const ScopeSet& scopes) const {
  return credentials_.For(RepositoryOf(scopes));
}

const ScopeSet& Authenticator::AskedFor(const ScopeSet& scopes) const {
  const auto instead = asked_instead_.find(scopes);
  return instead == asked_instead_.end() ? scopes : instead->second;
}

Authenticator::Token* Authenticator::FindToken(
    const ScopeSet& scopes, const std::string& authorization) {
  const auto token = tokens_.find(AskedFor(scopes));
  const bool in_use =
      token != tokens_.end() && !token->second.being_fetched &&
      authorization == absl::StrCat("Bearer ", token->second.value);
  return in_use ? &token->second : nullptr;
}

absl::StatusOr<RegistryCredentials> Authenticator::LookUp(
    const ScopeSet& scopes, const Credentials& refused) const {
  absl::StatusOr<RegistryCredentials> found = renew_();
  if (found.ok() && found->For(RepositoryOf(scopes)) == refused) {
    absl::SleepFor(kSourceLags);
    found = renew_();
  }
  return found;
}

absl::StatusOr<bool> Authenticator::Renew(const ScopeSet& scopes,
                                          const Credentials& refused,
                                          absl::Time& next,
                                          std::unique_lock<std::mutex>& lock) {
  if (being_renewed_) {
    const uint64_t awaited = renewals_ + 1;
    renewed_.wait(lock, [&] { return renewals_ >= awaited; });
    if (!last_renewal_.ok()) return last_renewal_;
    return CredentialsFor(scopes) != refused;
  }
  if (CredentialsFor(scopes) != refused) return true;
  if (!renew_ || absl::Now() < next) return false;
  being_renewed_ = true;
  lock.unlock();
  absl::StatusOr<RegistryCredentials> found = LookUp(scopes, refused);
  lock.lock();
  being_renewed_ = false;
  ++renewals_;
  last_renewal_ = WhyNobodyKnows(found.status());
  renewed_.notify_all();
  if (!last_renewal_.ok()) return last_renewal_;
  next = absl::Now() + kRenewEvery;
  if (!found.ok() || found->For(RepositoryOf(scopes)) == refused) return false;
  credentials_ = *std::move(found);
  return true;
}

absl::StatusOr<std::string> Authenticator::Authorization(
    const ScopeSet& scopes, const Exchange& exchange) {
  Scheme scheme;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    scheme = SchemeFor(scopes);
    if (scheme.kind == Scheme::Kind::kNone) return "";
    if (scheme.kind == Scheme::Kind::kBasic) {
      return BasicAuthorization(CredentialsFor(scopes));
    }
  }
  ASSIGN_OR_RETURN(std::string token, BearerToken(scopes, scheme, exchange));
  return absl::StrCat("Bearer ", token);
}

absl::StatusOr<std::string> Authenticator::BearerToken(
    const ScopeSet& scopes, const Scheme& scheme, const Exchange& exchange) {
  std::unique_lock<std::mutex> lock(mutex_);
  const ScopeSet asked = AskedFor(scopes);
  token_fetched_.wait(lock, [&] { return !tokens_[asked].being_fetched; });
  Token& cached = tokens_[asked];
  if (!cached.value.empty() && absl::Now() < cached.renew_at) {
    return cached.value;
  }
  cached.being_fetched = true;
  lock.unlock();
  absl::StatusOr<Token> token = Fetch(scopes, asked, scheme, exchange);
  lock.lock();
  // Another thread may have made room meanwhile, but never takes an entry that
  // is being fetched.
  tokens_[asked] = token.ok() ? *token : Token{};
  if (const ScopeSet& now = AskedFor(scopes); token.ok() && now != asked) {
    tokens_[now] = *token;
  }
  DropTokens(asked);
  token_fetched_.notify_all();
  if (!token.ok()) return token.status();
  return token->value;
}

void Authenticator::DropTokens(const ScopeSet& but) {
  if (tokens_.size() <= kMaxTokens) return;
  const absl::Time now = absl::Now();
  for (auto entry = tokens_.begin(); entry != tokens_.end();) {
    const Token& old = entry->second;
    const bool drop = !old.being_fetched && entry->first != but &&
                      (now >= old.renew_at || tokens_.size() > kMaxTokens);
    entry = drop ? tokens_.erase(entry) : std::next(entry);
  }
}

absl::StatusOr<Authenticator::Token> Authenticator::Fetch(
    const ScopeSet& scopes, const ScopeSet& asked, const Scheme& scheme,
    const Exchange& exchange) {
  absl::StatusOr<Token> token = FetchOnce(asked, scheme, exchange);
  if (RefusalOf(token.status()) == 0 || asked.size() < 2) return token;
  // Some services refuse all scopes if they do not grant all of them.
  const ScopeSet fewer = asked != scopes ? scopes : ScopeSet{MainScope(scopes)};
  absl::StatusOr<Token> lesser = FetchOnce(fewer, scheme, exchange);
  if (!lesser.ok()) return token;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (asked_instead_.size() > kMaxTokens) asked_instead_.clear();
  asked_instead_[scopes] = fewer;
  return lesser;
}

absl::StatusOr<Authenticator::Token> Authenticator::FetchOnce(
    const ScopeSet& asked, const Scheme& scheme, const Exchange& exchange) {
  absl::StatusOr<IssuedToken> issued;
  absl::Time begun;
  for (bool renewed = false;; renewed = true) {
    RegistryCredentials all;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      all = credentials_;
    }
    const Credentials& credentials = all.For(RepositoryOf(asked));
    begun = absl::Now();
    issued = AskForToken(registry_, tls_, scheme.service, asked, all,
                         credentials, exchange);
    const int refusal = RefusalOf(issued.status());
    if (renewed || (refusal != 400 && refusal != 401 && refusal != 403)) break;
    std::unique_lock<std::mutex> lock(mutex_);
    ASSIGN_OR_RETURN(const bool is_better,
                     Renew(asked, credentials, renew_from_, lock));
    if (!is_better) break;
  }
  if (!issued.ok()) return issued.status();
  Token token;
  token.value = issued->value;
  token.obtained = absl::Now();
  token.renew_at = begun + UsableFor(issued->lifetime);
  return token;
}

absl::StatusOr<absl::Duration> Authenticator::Learn(
    const ScopeSet& scopes, const std::string& authorization,
    const HttpResponse& refusal, Trials& trials) {
  const std::vector<Challenge> challenges = ChallengesOf(refusal);
  std::unique_lock<std::mutex> lock(mutex_);
  if (const Challenge* bearer = Find(challenges, "bearer");
      bearer != nullptr && !bearer->Get("realm").empty()) {
    return LearnBearer(scopes, *bearer, authorization, trials);
  }
  if (Find(challenges, "basic") == nullptr) {
    ASSIGN_OR_RETURN(const bool lapsed,
                     HasLapsed(scopes, authorization, refusal, lock));
    if (lapsed) return absl::ZeroDuration();
    return UnknownSchemes(challenges);
  }
  // Either the credentials that are known now were refused, or another thread
  // has found better ones.
  const Credentials credentials = CredentialsFor(scopes);
  if (authorization == BasicAuthorization(credentials)) {
    // Guard: refused-credentials-asked-again
    ASSIGN_OR_RETURN(const bool is_better,
                     Renew(scopes, credentials, renew_from_, lock));
    if (!is_better) return Refused(credentials, credentials_.trouble);
  }
  if (CredentialsFor(scopes).password.empty()) {
    return Refused(credentials, credentials_.trouble);
  }
  SchemeFor(scopes).kind = Scheme::Kind::kBasic;
  return absl::ZeroDuration();
}

absl::StatusOr<absl::Duration> Authenticator::LearnBearer(
    const ScopeSet& scopes, const Challenge& challenge,
    const std::string& authorization, Trials& trials) {
  SchemeFor(scopes) = {Scheme::Kind::kBearer,
                       {challenge.Get("realm"), challenge.Get("service")}};
  Token* const refused = FindToken(scopes, authorization);
  const ScopeSet before = AskedFor(scopes);
  ScopeSet asked = scopes;
  const std::string named = challenge.Get("scope");
  for (absl::string_view scope :
       absl::StrSplit(named, ' ', absl::SkipEmpty())) {
    if (!Covers(scopes, scope)) asked.insert(std::string(scope));
  }
  if (asked != scopes) {
    if (asked_instead_.size() > kMaxTokens) asked_instead_.clear();
    asked_instead_[scopes] = asked;
  }
  if (refused == nullptr) return absl::ZeroDuration();
  const bool is_fresh =
      !refused->worked && absl::Now() - refused->obtained < kFresh;
  if (is_fresh && AskedFor(scopes) == before) {
    return AfterFreshToken(before, challenge, trials);
  }
  // It has lapsed, or lacks a right.
  tokens_.erase(before);
  return absl::ZeroDuration();
}

// A token that never worked is refused: by a clock that is behind, or because
// rights are missing.
absl::StatusOr<absl::Duration> Authenticator::AfterFreshToken(
    const ScopeSet& asked, const Challenge& challenge, Trials& trials) {
  const bool may_pass = challenge.Get("error") != "insufficient_scope" &&
                        pauses_in_vain_ < kMaxPausesInVain;
  const int most =
      takes_fresh_tokens_ ? 1 : static_cast<int>(std::size(kPauses));
  if (may_pass && trials.pauses < most) {
    const int pause = trials.pauses++;
    return takes_fresh_tokens_ ? kOnePause : kPauses[pause];
  }
  if (trials.tokens++ == 0) {
    if (trials.pauses > 0) ++pauses_in_vain_;
    tokens_.erase(asked);
    return absl::ZeroDuration();
  }
  return absl::UnauthenticatedError(
      "the registry refuses the token that its token service gave; is this "
      "user allowed to do so, and are the clocks of both right?");
}

absl::StatusOr<bool> Authenticator::LearnFromDenial(
    const ScopeSet& scopes, const std::string& authorization,
    const HttpResponse& denial) {
  if (!IsDenial(denial)) return false;
  std::unique_lock<std::mutex> lock(mutex_);
  return HasLapsed(scopes, authorization, denial, lock);
}

absl::StatusOr<bool> Authenticator::HasLapsed(
    const ScopeSet& scopes, const std::string& authorization,
    const HttpResponse& refusal, std::unique_lock<std::mutex>& lock) {
  if (authorization.empty()) return false;
  if (SchemeFor(scopes).kind == Scheme::Kind::kBasic) {
    const Credentials credentials = CredentialsFor(scopes);
    if (authorization != BasicAuthorization(credentials)) return true;
    return Renew(scopes, credentials, renew_from_after_denial_, lock);
  }
  Token* const token = FindToken(scopes, authorization);
  if (token == nullptr) return true;
  const bool is_old = absl::Now() - token->obtained >= kLeastTokenAge;
  const bool lapsed = (token->worked && is_old) || SaysExpired(refusal.body);
  if (lapsed) tokens_.erase(AskedFor(scopes));
  return lapsed;
}

void Authenticator::LetThrough(const ScopeSet& scopes,
                               const std::string& authorization,
                               const Trials& trials) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (trials.pauses > 0) pauses_in_vain_ = 0;
  Token* const token = FindToken(scopes, authorization);
  if (token == nullptr || token->worked) return;
  token->worked = true;
  if (absl::Now() - token->obtained < absl::Seconds(1)) {
    takes_fresh_tokens_ = true;
  }
}

absl::Status Authenticator::AskTokenService(const ScopeSet& scopes,
                                            const Exchange& exchange) {
  Scheme scheme;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    scheme = SchemeFor(scopes);
  }
  if (scheme.kind != Scheme::Kind::kBearer) {
    return absl::FailedPreconditionError("the registry names no token service");
  }
  return FetchOnce({}, scheme, exchange).status();
}

RegistryCredentials Authenticator::credentials() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return credentials_;
}

bool Authenticator::IsAnonymous(const ScopeSet& scopes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return CredentialsFor(scopes).anonymous();
}

bool Authenticator::UsesWhole(const ScopeSet& scopes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return CredentialsFor(scopes) == credentials_.whole;
}

}  // namespace registry_manager
