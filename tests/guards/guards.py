# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Removes guards one by one, and expects the test that holds each to fail.

A guard is marked in the code by a comment, "Guard: NAME", right above it: it may
move to another file without a change here. tools/guards runs this: in a clean
checkout each guard's text is replaced in place, its test is run through Bazel,
and the text is put back. A guard whose test passes without it is held by
nothing: that fails.
"""

import dataclasses
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))


@dataclasses.dataclass(frozen=True)
class Guard:
    what: str
    name: str
    text: str
    without: str
    test: str


GUARDS = [
    Guard(
        "exclusion always wins",
        "exclusion-wins",
        "if (auto why = exclude.Match(tag)) {",
        "if (auto why = exclude.Match(tag); why && false) {",
        "//common/policy:tag_rules_test",
    ),
    Guard(
        "no rule judges a signature-like tag",
        "signatures-not-judged",
        "} else if (IsSignatureLikeTag(tag)) {",
        "} else if (IsSignatureLikeTag(tag) && false) {",
        "//common/policy:deletion_selection_test",
    ),
    Guard(
        "what a kept tag reaches is kept",
        "reach-of-kept-is-kept",
        "for (int next : graph_.followers[digest]) Mark(next, kept_, work);",
        "",
        "//common/policy:delete_plan_test",
    ),
    Guard(
        "what is gone takes along what belonged to it",
        "gone-takes-its-own-along",
        "      gone_[number] = true;\n      doomed_[number] = true;\n"
        "      Mark(number, planned_, work);",
        "      gone_[number] = true;\n      doomed_[number] = true;",
        "//common/policy:delete_plan_property_test",
    ),
    Guard(
        "an unfamiliar Content-Type is read before it is believed",
        "unfamiliar-type-is-read",
        "return !absl::EqualsIgnoreCase(type, kOciManifest) &&",
        "return IsIndexType(type) && !absl::EqualsIgnoreCase(type, kOciManifest) &&",
        "//common/registry/drivers/plain:snapshot_test",
    ),
    Guard(
        "a child is missing only where a GET says so",
        "missing-child-needs-a-get",
        "    read = not_found || MayBeIndexType(head->media_type);",
        "    if (not_found) {\n      known.missing = true;\n      return known;\n    }\n"
        "    read = MayBeIndexType(head->media_type);",
        "//common/registry/drivers/plain:snapshot_test",
    ),
    Guard(
        "what is known never makes what is missing look present",
        "known-does-not-mean-present",
        "  if (known && !seen_as.empty() && known->media_type == seen_as) {",
        "  if (known) {",
        "//common/registry/drivers/plain:snapshot_cache_test",
    ),
    Guard(
        "what is damaged on disk is not believed",
        "damaged-cache-not-believed",
        "      rest.substr(0, kSumSize) == SumOf(rest.substr(kSumSize))) {",
        "      true) {",
        "//common/registry/api:content_cache_test",
    ),
    Guard(
        "no run that may go on is removed",
        "unfinished-run-not-removed",
        "  if (!is_over) return false;",
        "  if (!is_over && false) return false;",
        "//coordinator/records:stored_runs_test",
    ),
    Guard(
        "a run that a process uses is not removed",
        "run-in-use-not-removed",
        "  if (!alone->has_value()) return false;",
        "",
        "//coordinator/records:stored_runs_test",
    ),
    Guard(
        "a tag's manifest that is missing by its digest stops",
        "tag-without-manifest-stops",
        "                LostTags(states)};",
        "                {}};",
        "//common/registry/drivers/plain:snapshot_test",
    ),
    Guard(
        "a referrer stays with a subject that stays",
        "referrer-stays-with-subject",
        "          doomed_[manifest] && !present_[subject];",
        "          doomed_[manifest];",
        "//common/policy:delete_plan_test",
    ),
    Guard(
        "what is attached to an image that stays is spared",
        "attached-is-spared",
        "    if (manifest.subject) attached_",
        "    if (manifest.subject && false) attached_",
        "//common/policy:attachment_test",
    ),
    Guard(
        "a blob is brought to a target by one task at a time",
        "one-sender-a-blob",
        "  while (!entry.holder && !entry.waiting.empty()) {",
        "  while (!entry.waiting.empty()) {",
        "//coordinator/server:blob_claims_test",
    ),
    Guard(
        "an answer without a list is no empty list",
        "no-list-is-not-empty",
        "  if (!reader.found()) {",
        "  if (!reader.found() && false) {",
        "//common/registry/connection:json_test",
    ),
    Guard(
        "a repository that vanishes under a listed tag stops",
        "vanished-repository-stops",
        "if (absl::IsNotFound(listed.status()) && states.empty()) {",
        "if (absl::IsNotFound(listed.status())) {",
        "//common/registry/drivers/plain:tag_states_test",
    ),
    Guard(
        "a tag delete that takes the image along with its last tag is not used",
        "last-tag-takes-image",
        "    if (proven.ok() && *proven) {",
        "    if (false) {",
        "//common/registry/drivers/plain:tag_removal_test",
    ),
    Guard(
        "nobody else's probe tags are deleted",
        "foreign-probe-tags-stay",
        "if (now && !IsPlaceholder(*now)) return false;",
        "",
        "//common/registry/drivers/plain:tag_removal_test",
    ),
    Guard(
        "what a removal took along is pushed back",
        "lost-image-is-pushed-back",
        "        pushed_back.Update(PushBack(raw));",
        "",
        "//common/registry/drivers/plain:tag_removal_test",
    ),
    Guard(
        "a page that a cap may have cut is followed up",
        "capped-page-is-followed",
        "  if (!LooksFull(names.size())) return absl::OkStatus();",
        "  if (!LooksFull(names.size()) || was == Next::kFirst) {\n"
        "    return absl::OkStatus();\n  }",
        "//common/registry/api:listing_test",
    ),
    Guard(
        "a link's path leads to no other repository",
        "link-path-is-ignored",
        "  next.query = named->query;",
        "  next.query = named->query;\n  next.path = named->path;",
        "//common/registry/api:listing_test",
    ),
    Guard(
        "another repository's list is refused",
        "foreign-list-is-refused",
        "  if (!is_right) {",
        "  if (!is_right && false) {",
        "//common/registry/api:listing_test",
    ),
    Guard(
        "what bears no date stays if dates decide",
        "undated-stays",
        "    if (candidate.version || candidate.created != absl::InfinitePast()) {",
        "    if (candidate.version || candidate.created >= absl::InfinitePast()) {",
        "//common/policy:deletion_selection_test",
    ),
    Guard(
        "a tag that somebody moved is not deleted by its name",
        "moved-tag-is-spared",
        "        if (gone) return attempt == 0 ? Deleted::kPassedOver : "
        "Deleted::kDone;",
        "",
        "//common/registry/drivers/plain:deletion_test",
    ),
    Guard(
        "a DELETE without an answer is watched, not believed",
        "unanswered-delete-is-watched",
        "if (!IsUnanswered(answer)) return absl::ZeroDuration();",
        "if (!answer.ok()) return absl::ZeroDuration();",
        "//common/registry/drivers/plain:deletion_test",
    ),
    Guard(
        "nothing is written after the lease",
        "no-write-after-lease",
        "if (clock_->Now() >= absl::Nanoseconds(may_write_until_ns_.load())) {",
        "if (false) {",
        "//worker/session:session_test",
    ),
    Guard(
        "Authorization goes to no other host",
        "authorization-stays-here",
        'url.SameOrigin(base_) ? authorization : ""',
        "authorization",
        "//common/registry/connection:connection_test",
    ),
    Guard(
        "no request begins before Retry-After has passed",
        "retry-after-is-heeded",
        "    if (gate_->ParkedFor() > absl::ZeroDuration()) {",
        "    if (false) {",
        "//common/registry/connection:connection_test",
    ),
    Guard(
        "every byte of a blob is hashed on its way",
        "every-byte-is-hashed",
        "      if (found != blob_.digest) {",
        "      if (found != blob_.digest && false) {",
        "//common/registry/api:blobs_test",
    ),
    Guard(
        "a source that fails for good is not waited for",
        "failed-source-ends-copy",
        "return absl::IsUnavailable(status) ? absl::AbortedError(status.message())",
        "return false ? absl::AbortedError(status.message())",
        "//common/http:pipe_test",
    ),
    Guard(
        "a result is acknowledged only once it is journalled",
        "acknowledged-once-journalled",
        "  if (next_.tasks.contains(key)) {",
        "  if (false) {",
        "//coordinator/server:server_test",
    ),
    Guard(
        "an outcome is told before it is journalled",
        "recorded-before-journalled",
        "  const absl::Status recorded = parts_.listener->OnCommit();",
        "  const absl::Status recorded;",
        "//coordinator/server:server_test",
    ),
    Guard(
        "losses of a worker are journalled",
        "losses-are-journalled",
        "      run->JournalFailures(*count);",
        "",
        "//coordinator/server:server_test",
    ),
    Guard(
        "who takes a run over knows which syncs failed",
        "takeover-knows-failed-syncs",
        "    if (task == TaskState::kDead) {",
        "    if (false) {",
        "//coordinator/server:run_simulation_test",
    ),
    Guard(
        "who takes a run over does nothing that has ended",
        "takeover-repeats-nothing",
        "    stream_state.SetState(number, index, task);",
        "    if (index % 50 != 0) stream_state.SetState(number, index, task);",
        "//coordinator/server:run_simulation_test",
    ),
    Guard(
        "nothing is deleted before every sync of its registry has ended",
        "delete-waits-for-syncs",
        "  return absl::c_all_of(state.spec().after, [&](size_t before) {",
        "  return absl::c_all_of(std::vector<size_t>(), [&](size_t before) {",
        "//coordinator/server:run_simulation_test",
    ),
    Guard(
        "a run is not resumed with streams that its journal does not number",
        "streams-are-those-of-the-journal",
        "  RETURN_IF_ERROR(CheckStreams(state.record));",
        "",
        "//coordinator/run:run_restore_test",
    ),
    Guard(
        "a worker without a task of the run gets no credentials",
        "settings-for-task-holders-only",
        "  if (!HasTaskOf(session)) return;",
        "",
        "//coordinator/server:several_runs_test",
    ),
    Guard(
        "where others were harmed, what is under way is cancelled",
        "harm-cancels-deletes",
        "    CancelDeletes(problem.registry());",
        "",
        "//coordinator/server:server_test",
    ),
    Guard(
        "who has lost a run to another coordinator writes nothing",
        "lost-run-writes-nothing",
        "if epoch ~= ARGV[1] then\n"
        "  return redis.error_reply('FENCED by another epoch')\n"
        "end\nlocal at = 1",
        "local at = 1",
        "//coordinator/journal:redis_journal_test",
    ),
    Guard(
        "control characters reach no terminal",
        "no-control-characters",
        "if (lead < 0x80) return lead >= 0x20 && lead != 0x7f ? 1 : 0;",
        "if (lead < 0x80) return 1;",
        "//common/reference:reference_test",
    ),
    Guard(
        "credentials that are refused are looked up again",
        "refused-credentials-asked-again",
        "Renew(scopes, credentials, renew_from_, lock));",
        "absl::StatusOr<bool>(false));",
        "//common/registry/connection:authentication_test",
    ),
    Guard(
        "a Link that cannot be read is not the end of a list",
        "unreadable-link-is-an-error",
        "    if (close == absl::string_view::npos) return Unreadable(whole);",
        "    if (close == absl::string_view::npos) return std::nullopt;",
        "//common/registry/api:link_test",
    ),
    Guard(
        "a placeholder is not put again on an old look",
        "placeholder-needs-a-fresh-look",
        "  request.repeatable = before_send == nullptr;",
        "  request.repeatable = true;",
        "//tests/e2e:hostile_last_look_test",
    ),
    Guard(
        "a digest whose DELETE was turned away is looked at again",
        "turned-away-digest-needs-a-look",
        "      if (RestsOnAPlan()) return LookAgain(answer.message());",
        "",
        "//tests/e2e:hostile_last_look_test",
    ),
    Guard(
        "what an image leads to stays if the image stays",
        "image-that-stays-spares-what-it-leads-to",
        "if (spared.contains(plan.images[next].digest)) {",
        "if (false && spared.contains(plan.images[next].digest)) {",
        "//common/registry/drivers:waves_test",
    ),
    Guard(
        "a tag whose image was pushed again is left alone",
        "image-pushed-again-keeps-its-tag",
        "state.digest && !missing.contains(tags.at(tag));",
        "false && !missing.contains(tags.at(tag));",
        "//worker/handlers/deletion:delete_repository_test",
    ),
    Guard(
        "a tag that somebody pushed again is not doomed by a second plan",
        "tag-of-others-is-not-doomed-again",
        "    for (const std::string& tag : others_tags_) planned.doomed.erase(tag);",
        "",
        "//worker/handlers/deletion:delete_repository_test",
    ),
    Guard(
        "no dangling tag is taken away while a DELETE is not settled",
        "unsettled-delete-holds-tags-back",
        "    if (!is_settled_) {",
        "    if (false) {",
        "//worker/handlers/deletion:delete_repository_test",
    ),
    Guard(
        "a listed manifest is attached only if it names its subject",
        "referrer-names-its-subject",
        " || known.subject != level[i]",
        "",
        "//tests/e2e:hostile_odd_lists_test",
    ),
]


def sources():
    """(path, text) of all code but tests."""
    for top in ("common", "coordinator", "worker"):
        for folder, _, names in os.walk(os.path.join(ROOT, top)):
            for name in sorted(names):
                if name.endswith((".h", ".cc")) and not name.endswith("_test.cc"):
                    path = os.path.join(folder, name)
                    with open(path, encoding="utf-8") as file:
                        yield path, file.read()


def find(guard, files):
    """(path, text, where the guard's text begins); a string says what is wrong."""
    marker = re.compile(rf"(//|--) Guard: {re.escape(guard.name)}\n")
    marked = [(path, text, m) for path, text in files for m in marker.finditer(text)]
    if len(marked) != 1:
        return f"{len(marked)} places are marked 'Guard: {guard.name}'"
    path, text, match = marked[0]
    start = text.find(guard.text.lstrip("\n"), match.end())
    between = text[match.end() : start]
    if start < 0 or between.count("\n") > 1:
        return f"{path}: the guard's text does not follow its marker"
    return path, text, start - (len(guard.text) - len(guard.text.lstrip("\n")))


def holds(guard):
    """Whether the guard's test fails without it."""
    found = find(guard, list(sources()))
    if isinstance(found, str):
        print(f"WRONG  {guard.what}: {found}")
        return False
    path, whole, start = found
    try:
        with open(path, "w", encoding="utf-8") as file:
            end = start + len(guard.text)
            file.write(whole[:start] + guard.without + whole[end:])
        run = subprocess.run(
            ["bazel", "test", "--noshow_progress", guard.test],
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        with open(path, "w", encoding="utf-8") as file:
            file.write(whole)
    failed = run.returncode == 3
    print(f"{'right' if failed else 'WRONG'}  {guard.what}: {guard.test}", flush=True)
    if run.returncode not in (0, 3):
        print(run.stderr[-2000:])
    return failed


def main():
    changed = subprocess.run(
        ["git", "status", "--porcelain"], capture_output=True, text=True, check=True
    )
    if changed.stdout:
        sys.exit("guards: the checkout has changes; commit or stash them first")
    wanted = sys.argv[1:]
    chosen = [g for g in GUARDS if not wanted or any(w in g.what for w in wanted)]
    held = [holds(guard) for guard in chosen]
    print(f"{sum(held)} of {len(held)} guards are held by their tests")
    sys.exit(0 if all(held) else 1)


if __name__ == "__main__":
    main()
