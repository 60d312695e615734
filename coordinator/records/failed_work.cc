// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/records/failed_work.h"

#include <utility>

#include "common/base/status_macros.h"

namespace registry_manager {

absl::StatusOr<FailedWork> FailedWork::Read(const std::string& outcomes_file) {
  FailedWork failed;
  RETURN_IF_ERROR(ReadFinalOutcomes(
      outcomes_file,
      [&failed](const OutcomeRecord& record) { failed.Add(record); }));
  return failed;
}

void FailedWork::Add(const OutcomeRecord& record) {
  if (record.result != "failed") return;
  FailedStream& stream =
      streams_[{record.policy, record.registry, record.target}];
  switch (record.kind) {
    case OutcomeRecord::Kind::kCatalogue:
      stream.whole = true;
      break;
    case OutcomeRecord::Kind::kRepository:
      stream.repositories[record.repository].whole = true;
      break;
    case OutcomeRecord::Kind::kAction: {
      Repository& repository = stream.repositories[record.repository];
      // It comes along with an image, which is not known here.
      if (record.action == "copy-referrer") repository.whole = true;
      repository.references.insert(record.reference);
      break;
    }
  }
}

proto::RepositoryEntry FailedWork::EntryOf(const WorkStream& stream,
                                           const std::string& name,
                                           const Repository& failed) {
  proto::RepositoryEntry entry;
  entry.set_repository(name);
  entry.set_whole(true);
  if (stream.entries) {
    for (const proto::RepositoryEntry& known : *stream.entries) {
      if (known.repository() == name) entry = known;
    }
  }
  if (failed.whole) return entry;
  for (const std::string& reference : failed.references) {
    entry.add_only(reference);
  }
  return entry;
}

std::vector<WorkStream> FailedWork::Restrict(
    const std::vector<WorkStream>& streams) const {
  std::vector<WorkStream> restricted;
  for (const WorkStream& stream : streams) {
    const auto failed =
        streams_.find({stream.policy_name(), stream.registry, stream.target});
    if (failed == streams_.end()) continue;
    restricted.push_back(stream);
    restricted.back().start = 0;
    if (failed->second.whole) continue;
    std::vector<proto::RepositoryEntry> entries;
    for (const auto& [name, repository] : failed->second.repositories) {
      entries.push_back(EntryOf(stream, name, repository));
    }
    restricted.back().entries = std::move(entries);
  }
  return restricted;
}

}  // namespace registry_manager
