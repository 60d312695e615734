// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_REPORT_HTML_STYLE_H_
#define REGISTRY_MANAGER_COORDINATOR_REPORT_HTML_STYLE_H_

namespace registry_manager {

// The style of a report's page: on a screen, light and dark, on a phone and on
// paper. Text has a contrast of at least 4.5 to what is behind it.
inline constexpr char kHtmlStyle[] = R"css(
:root {
  color-scheme: light dark;
  --page: #fafaf9; --card: #fff; --line: #dfe2e5; --ink: #1c2126;
  --soft: #59616b; --done: #4f90c1; --idle: #8696a4; --failed: #a81f0f;
  --warn: #b0731a;
  --good-ink: #17663a; --good-fill: #e3f2e8;
  --bad-ink: #a1200f; --bad-fill: #fce9e6;
  --warn-ink: #774a00; --warn-fill: #fcf1d9;
  --live-ink: #1d5b8b; --live-fill: #e4eff8;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #131619; --card: #1a1e22; --line: #343b42; --ink: #e5e8ea;
    --soft: #a2abb4; --done: #4687bd; --idle: #6f7f8d; --failed: #ff9284;
    --warn: #d29a3f;
    --good-ink: #8ad6a8; --good-fill: #16331f;
    --bad-ink: #ffa99f; --bad-fill: #421b17;
    --warn-ink: #eec57e; --warn-fill: #3a2a0c;
    --live-ink: #9fcdf2; --live-fill: #142f45;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
}
main { max-width: 64rem; margin: 0 auto; padding: 2.5rem 1.5rem 3rem; }
section { margin-top: 2.75rem; }
h1, h2, h3, p, dl, dd, ul { margin: 0; padding: 0; }
h1 { font-size: 1.9rem; line-height: 1.2; letter-spacing: -.01em; }
h2 { font-size: 1.15rem; margin-bottom: .75rem; }
h2 span { color: var(--soft); font-weight: 400; margin-left: .35em; }
h3 { font-size: 1rem; }
ul { list-style: none; }
code {
  font: .875em/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas,
    "DejaVu Sans Mono", monospace;
  unicode-bidi: isolate;
}
.soft, .kind, footer, dt, th { color: var(--soft); }
.kind, footer, dt, th { font-size: .875rem; }

.title { display: flex; flex-wrap: wrap; align-items: center; gap: .4rem .75rem; }
.badge {
  padding: .15rem .65rem; border-radius: 1rem; font-size: .9rem;
  font-weight: 600; border: 1px solid currentColor; color: var(--soft);
}
.good { color: var(--good-ink); background: var(--good-fill); }
.bad { color: var(--bad-ink); background: var(--bad-fill); }
.warn { color: var(--warn-ink); background: var(--warn-fill); }
.live { color: var(--live-ink); background: var(--live-fill); }
.lead { margin-top: .75rem; font-size: 1.1rem; max-width: 44rem; }
.facts {
  display: flex; flex-wrap: wrap; gap: .75rem 2rem; margin-top: 1.25rem;
  padding-top: 1.1rem; border-top: 1px solid var(--line);
}

table, .card {
  width: 100%; background: var(--card); border: 1px solid var(--line);
  border-radius: .5rem;
}
table { border-collapse: separate; border-spacing: 0; }
th, td { padding: .6rem .9rem; text-align: left; vertical-align: top; }
th { font-weight: 400; padding-bottom: .4rem; }
td { border-top: 1px solid var(--line); }
.number { width: 1%; text-align: right; white-space: nowrap; }
.failures .where { width: 32%; }
.failures .what { width: 16%; }
.what b, .what span { display: block; }
li + li { margin-top: .2rem; }
.more { margin-top: .6rem; font-size: .875rem; color: var(--soft); }

.figures {
  display: grid; grid-template-columns: repeat(auto-fill, minmax(10rem, 1fr));
  gap: .75rem;
}
.figures > div {
  display: flex; flex-direction: column-reverse; justify-content: flex-end;
  padding: .7rem .9rem .8rem; background: var(--card);
  border: 1px solid var(--line); border-radius: .5rem;
}
.figures dd { font-size: 1.5rem; line-height: 1.25; font-weight: 600; }
.figures dt { line-height: 1.35; }
.figures .failed dd { color: var(--bad-ink); }

.chart { padding: 1.1rem 2.2rem 2.4rem 4.2rem; }
svg { display: block; width: 100%; height: 13rem; overflow: visible; }
svg text { fill: var(--soft); font-size: .8rem; }
svg line { stroke: var(--line); stroke-width: 1; }
svg rect { stroke: var(--card); }
svg .done { fill: var(--done); }
svg .failed { fill: var(--failed); }
.legend { display: flex; flex-wrap: wrap; gap: .15rem 1.25rem; font-size: .9rem; }
.legend li { margin: 0; }
.legend i { display: inline-block; width: .7em; height: .7em; margin-right: .45em; }
.key { margin-bottom: .6rem; }
i { border-radius: 2px; background: var(--line); print-color-adjust: exact;
  -webkit-print-color-adjust: exact; }
i.done { background: var(--done); }
i.idle { background: var(--idle); }
i.failed { background: var(--failed); }
i.aside { background: var(--warn); }
i.left { background: repeating-linear-gradient(135deg, var(--warn) 0 2px,
  transparent 2px 5px); }

.stream { padding: .9rem 1rem 1rem; }
.stream + .stream { margin-top: .75rem; }
.stream h3 { display: inline; margin-right: .75rem; }
.stream h3 span { font-weight: 400; }
.stream > span { display: inline-block; }
.stream > p { margin-top: .4rem; }
.bar { display: flex; gap: 2px; height: .7rem; margin: .6rem 0 .5rem; }
.bar i { min-width: 4px; }
.problem { padding: .5rem .75rem; border-radius: .35rem; }
.notes li { padding-left: .9rem; border-left: 3px solid var(--line); }
footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); }

@media (max-width: 40rem) {
  main { padding: 1.5rem 1rem 2rem; }
  section { margin-top: 2.25rem; }
  h1 { font-size: 1.6rem; }
  .figures { grid-template-columns: 1fr 1fr; gap: .5rem; }
  .figures dd { font-size: 1.25rem; }
  .chart { padding: 1rem 1.5rem 2.2rem 3.4rem; }
  svg { height: 10rem; }
  thead { display: none; }
  table, tbody, td { display: block; }
  td, .failures .where, .failures .what { width: auto; }
  tr { display: flex; flex-direction: column; gap: .3rem;
    padding: .75rem .9rem; border-top: 1px solid var(--line); }
  tr:first-child { border-top: 0; }
  td { padding: 0; border: 0; }
  .failures .where { order: 1; }
  .number { text-align: left; }
  .number:first-child { font-weight: 600; }
  .number[data-unit]::after { content: " " attr(data-unit); }
  .what b, .what span { display: inline; margin-right: .6em; }
}
@media print {
  :root { --page: #fff; }
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  tr, .card, .figures > div { break-inside: avoid; }
  h2 { break-after: avoid; }
  svg rect { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
)css";

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_REPORT_HTML_STYLE_H_
