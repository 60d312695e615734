// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_REPORT_HTML_H_
#define REGISTRY_MANAGER_COORDINATOR_REPORT_HTML_H_

#include <string>

#include "coordinator/report/report.h"

namespace registry_manager {

// The report as one page that needs nothing but itself: no script, no other
// file, no font or picture from elsewhere. Failures come first. Whatever a
// registry put into a name stays text. Pure.
std::string HtmlReport(const Report& report);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_REPORT_HTML_H_
