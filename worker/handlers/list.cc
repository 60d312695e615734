// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/list.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/reference/printable.h"
#include "common/reference/reference.h"
#include "common/registry/api/listing.h"
#include "worker/handlers/outcome.h"
#include "worker/handlers/problem.h"
#include "worker/handlers/settings.h"

namespace registry_manager {
namespace {

using proto::Action;

// A cursor may lapse between two pages: the listing begins again, and what is
// frozen already is dropped by the coordinator.
absl::StatusOr<CatalogPage> ListPage(RegistryDriver& registry, TaskScope& task,
                                     const std::string& cursor,
                                     bool& listed_again) {
  absl::StatusOr<CatalogPage> page = registry.ListCatalog(task, cursor);
  const bool refused = absl::IsInvalidArgument(page.status()) ||
                       absl::IsNotFound(page.status()) ||
                       absl::IsUnimplemented(page.status());
  listed_again = refused && !cursor.empty();
  if (!listed_again) return page;
  return registry.ListCatalog(task, "");
}

}  // namespace

proto::TaskResult ListCatalog(const proto::ListCatalog& task,
                              TaskContext& context) {
  absl::StatusOr<RegistryDriver*> driver = DriverOf(task.registry(), context);
  if (!driver.ok()) {
    return FailedResult(SettingsProblem(task.registry(), driver.status()));
  }
  OutcomeBuilder outcome(context);
  bool listed_again = false;
  absl::StatusOr<CatalogPage> page =
      ListPage(**driver, *context.scope, task.cursor(), listed_again);
  if (!page.ok()) {
    return outcome.Fail(ProblemOf(page.status(), task.registry()));
  }
  if (listed_again) {
    outcome.Note("the catalogue's cursor has lapsed: listing from the start");
  }
  for (const std::string& name : page->repositories) {
    if (!IsRepositoryName(name)) {
      outcome.Note(absl::StrCat("the catalogue lists '", Printable(name),
                                "', which is no repository name: left out"));
    }
  }
  proto::TaskResult result = outcome.Finish(proto::TaskResult::DONE);
  for (std::string& name : page->repositories) {
    if (IsRepositoryName(name)) *result.add_repositories() = std::move(name);
  }
  result.set_next_cursor(page->next_cursor);
  result.set_listed_again(listed_again);
  return result;
}

proto::TaskResult ListRepository(const proto::ListRepository& task,
                                 TaskContext& context) {
  absl::StatusOr<RegistryDriver*> driver = DriverOf(task.registry(), context);
  if (!driver.ok()) {
    return FailedResult(SettingsProblem(task.registry(), driver.status()));
  }
  OutcomeBuilder outcome(context);
  absl::StatusOr<std::vector<std::string>> tags =
      (*driver)
          ->Open(*context.scope, task.entry().repository(), /*pushes=*/false)
          ->ListTags();
  // A catalogue may list a repository that is empty.
  if (absl::IsNotFound(tags.status())) tags = std::vector<std::string>();
  if (!tags.ok()) {
    return outcome.Fail(ProblemOf(tags.status(), task.registry()));
  }
  std::sort(tags->begin(), tags->end());
  tags->erase(std::unique(tags->begin(), tags->end()), tags->end());
  outcome.SetTags(tags->size());
  const std::set<std::string> named(task.entry().named().begin(),
                                    task.entry().named().end());
  for (const std::string& tag : *tags) {
    if (task.entry().whole() || named.contains(tag)) {
      outcome.Add(MakeAction(Action::LIST, Action::DONE, Printable(tag)));
    }
  }
  return outcome.Finish(proto::TaskResult::DONE);
}

}  // namespace registry_manager
