#!/usr/bin/env bash
# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
#
# run.sh MODULE: a test of Bazel's that runs unittest cases from its runfiles.
set -euo pipefail
cd "$TEST_SRCDIR/$TEST_WORKSPACE"
exec /usr/bin/python3 -B -W ignore::ResourceWarning -m tests.support.run "$@"
