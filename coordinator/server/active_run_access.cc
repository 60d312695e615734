// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// This file holds how workers get what opens the run's registries. Files are
// read, and credential helpers run, on a side thread.

#include <memory>
#include <string>
#include <utility>

#include "absl/algorithm/container.h"
#include "coordinator/server/active_run.h"

namespace registry_manager {

bool ActiveRun::HasTaskOf(const std::string& session) const {
  return absl::c_any_of(tasks_, [&](const auto& entry) {
    return entry.second.session == session;
  });
}

void ActiveRun::HandleSettingsRequest(const std::string& session) {
  // Guard: settings-for-task-holders-only
  if (!HasTaskOf(session)) return;
  if (is_access_read_) {
    SendSettings(session);
    return;
  }
  const bool is_reading = !await_settings_.empty();
  await_settings_.insert(session);
  if (!is_reading) ReadAllAccess();
}

void ActiveRun::ReadAllAccess() {
  auto settings = std::make_shared<proto::RunSettings>(settings_);
  const auto read = [settings, read_access = parts_.read_access] {
    for (proto::Registry& registry : *settings->mutable_registries()) {
      read_access(registry);
    }
    return absl::OkStatus();
  };
  Post(*shared_.access_thread, read,
       [this, settings](const absl::Status&, absl::Time) {
         settings_ = std::move(*settings);
         is_access_read_ = true;
         for (const std::string& session : std::exchange(await_settings_, {})) {
           if (HasTaskOf(session)) SendSettings(session);
         }
       });
}

void ActiveRun::SendSettings(const std::string& session) {
  proto::Envelope message;
  *message.mutable_settings()->mutable_settings() = settings_;
  shared_.desk->Send(session, std::move(message));
}

void ActiveRun::HandleCredentialsRequest(
    const std::string& session, const proto::CredentialsRequest& request) {
  const proto::Registry* const registry = FindRegistry(request.registry());
  if (!HasTaskOf(session) || registry == nullptr || !registry->is_renewable()) {
    shared_.desk->RefuseCredentials(session, request.number());
    return;
  }
  std::set<CredentialsCall>& waiting = await_credentials_[request.registry()];
  const bool is_reading = !waiting.empty();
  waiting.emplace(session, request.number());
  if (!is_reading) ReadAccessAgain(request.registry());
}

void ActiveRun::ReadAccessAgain(const std::string& registry) {
  auto read = std::make_shared<proto::Registry>(*FindRegistry(registry));
  Post(
      *shared_.access_thread,
      [read, read_access = parts_.read_access] {
        read_access(*read);
        return absl::OkStatus();
      },
      [this, read](const absl::Status&, absl::Time) {
        for (const auto& [session, number] :
             std::exchange(await_credentials_[read->id()], {})) {
          proto::Envelope message;
          proto::CredentialsReply& reply = *message.mutable_credentials_reply();
          reply.set_number(number);
          *reply.mutable_credentials() = read->credentials();
          reply.set_problem(read->problem());
          shared_.desk->Send(session, std::move(message));
        }
        // Others still have what was read before.
        if (read->problem().empty()) *FindRegistry(read->id()) = *read;
      });
}

proto::Registry* ActiveRun::FindRegistry(const std::string& id) {
  for (proto::Registry& registry : *settings_.mutable_registries()) {
    if (registry.id() == id) return &registry;
  }
  return nullptr;
}

}  // namespace registry_manager
