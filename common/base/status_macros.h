// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_BASE_STATUS_MACROS_H_
#define REGISTRY_MANAGER_COMMON_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// For functions that return absl::Status or absl::StatusOr.

// Returns the status of `expression`, an absl::Status, unless it is OK.
#define RETURN_IF_ERROR(expression)                       \
  do {                                                    \
    if (absl::Status status_of_expression = (expression); \
        !status_of_expression.ok()) {                     \
      return status_of_expression;                        \
    }                                                     \
  } while (false)

// Sets `variable`, a declaration or something that exists, to the value of
// `expression`, an absl::StatusOr; returns its status if it has none. A type
// with a comma in it needs `auto`.
#define ASSIGN_OR_RETURN(variable, expression)                            \
  ASSIGN_OR_RETURN_NAMED(STATUS_MACROS_NAME(result_, __LINE__), variable, \
                         expression)

// A declaration cannot be put in parentheses.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define ASSIGN_OR_RETURN_NAMED(result, variable, expression) \
  auto result = (expression);                                \
  if (!result.ok()) return std::move(result).status();       \
  variable = *std::move(result)
// NOLINTEND(bugprone-macro-parentheses)

#define STATUS_MACROS_NAME(prefix, line) STATUS_MACROS_JOIN(prefix, line)
#define STATUS_MACROS_JOIN(prefix, line) prefix##line

#endif  // REGISTRY_MANAGER_COMMON_BASE_STATUS_MACROS_H_
