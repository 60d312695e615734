"""Repository rules that make Debian's Bazel packages usable with each other."""

_RULES_CC = "/usr/share/bazel/rules/cc"

# Debian's rules_cc 0.0.4 expects a newer Bazel than Debian's 4.2.3: these two
# files load a symbol that @bazel_tools does not have yet.
_FILES_FOR_NEWER_BAZEL = [
    "cc/private/rules_impl/compiler_flag.bzl",
    "cc/private/rules_impl/cc_flags_supplier.bzl",
]

def _debian_rules_cc_impl(ctx):
    result = ctx.execute(["cp", "-rL", _RULES_CC + "/.", "."])
    if result.return_code != 0:
        fail("cannot copy %s (run tools/setup): %s" % (_RULES_CC, result.stderr))
    for name in _FILES_FOR_NEWER_BAZEL:
        text = ctx.read(name)
        text = text.replace(', "use_cpp_toolchain")', ")")
        text = text.replace(
            "use_cpp_toolchain()",
            '["@bazel_tools//tools/cpp:toolchain_type"]',
        )
        ctx.file(name, text, executable = False)

debian_rules_cc = repository_rule(
    implementation = _debian_rules_cc_impl,
    doc = "A copy of Debian's rules_cc that Debian's Bazel 4.2.3 can load.",
    local = True,
)
