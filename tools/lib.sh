# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
#
# What the scripts of this repository share. To be sourced; sets `root`, the
# repository's top folder, and defines functions, nothing else.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"

# Results go to standard output; what a script is doing goes to standard error.
say() { printf '%s\n' "$*" >&2; }

die() {
  say "${0##*/}: $*"
  exit 1
}

# Bazel in the repository, wherever the user stands. It keeps its outputs under
# $HOME; where that is unset or cannot be written, under the temporary folder.
run_bazel() {
  local startup=()
  if [[ -z "${HOME:-}" || ! -d "$HOME" || ! -w "$HOME" ]]; then
    startup=("--output_user_root=${TMPDIR:-/tmp}/registry-manager-bazel-$(id -u)")
  fi
  (
    cd "$root"
    # Bazel stops where it cannot name its user.
    export USER="${USER:-$(id -un 2>/dev/null || id -u)}"
    exec bazel "${startup[@]}" "$@"
  )
}

# The files that differ from the last commit, new ones included.
changed_files() {
  {
    git -C "$root" diff --name-only --diff-filter=d HEAD
    git -C "$root" ls-files --others --exclude-standard
  } | sort -u
}

# Builds both programs as they are released and sets `programs` to the folder
# that holds coordinator/coordinator and worker/worker. Silent where nothing
# has changed; progress shows on a terminal only.
build_programs() {
  local options=(--config=release)
  local display=(--ui_event_filters=-info --show_result=0)
  if [[ ! -t 2 ]]; then
    display+=(--noshow_progress)
  fi
  run_bazel build "${options[@]}" "${display[@]}" \
    //coordinator:coordinator //worker:worker >&2 ||
    die "the build failed; the compiler's messages are above"
  programs="$(run_bazel info "${options[@]}" bazel-bin 2>/dev/null)"
}
