// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_REPORT_HTML_CHART_H_
#define REGISTRY_MANAGER_COORDINATOR_REPORT_HTML_CHART_H_

#include <string>

#include "coordinator/report/report.h"

namespace registry_manager {

// The part of a report's page on what was done when; "" where nothing was.
std::string ChartSection(const Report& report);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_REPORT_HTML_CHART_H_
