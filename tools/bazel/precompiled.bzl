"""A header that the compiler reads in compiled form: half of the time that it
takes to compile one of our files is spent in the headers of Abseil, protobuf
and the standard library."""

_HEADERS = """\
// Made by tools/bazel/precompiled.bzl. Every C++ file is compiled as if it began
// with this file; each includes what it uses all the same.
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <google/protobuf/generated_message_reflection.h>
#include <google/protobuf/map.h>
#include <google/protobuf/map_field_inl.h>
#include <google/protobuf/message.h>
#include <google/protobuf/repeated_field.h>
#include <google/protobuf/unknown_field_set.h>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
"""

_BUILD = """\
cc_library(
    name = "headers",
    hdrs = glob(["headers.h*/*", "headers.h"], exclude_directories = 1),
    visibility = ["//visibility:public"],
)
"""

# The options of Bazel's compiler and of .bazelrc that make a difference. Without
# a match the compiler reads headers.h itself, which takes longer and is right.
_COMMON = [
    "-U_FORTIFY_SOURCE",
    "-fstack-protector",
    "-fno-omit-frame-pointer",
    "-Wall",
    "-Wextra",
    "-std=c++20",
    "-fno-canonical-system-headers",
]
_VARIANTS = {
    "fastbuild": ["-fPIC"],
    "asan": [
        "-fPIC",
        "-g1",
        "-fsanitize=address,undefined",
        "-fno-sanitize-recover=undefined",
    ],
    "release": [
        "-O2",
        "-D_FORTIFY_SOURCE=1",
        "-DNDEBUG",
        "-ffunction-sections",
        "-fdata-sections",
        "-g1",
    ],
}

def _precompiled_headers_impl(ctx):
    ctx.file("headers.h", _HEADERS, executable = False)
    ctx.file("BUILD.bazel", _BUILD, executable = False)

    # Only GCC finds a compiled header by itself.
    if ctx.os.environ.get("CC", "gcc") != "gcc":
        return
    commands = ["mkdir -p headers.h.gch"]
    for name, options in _VARIANTS.items():
        words = ["/usr/bin/gcc", "-x", "c++-header"] + _COMMON + options
        commands.append("%s headers.h -o headers.h.gch/%s &" % (" ".join(words), name))
    commands.append("wait")
    ctx.execute(["sh", "-c", "\n".join(commands)])

precompiled_headers = repository_rule(
    implementation = _precompiled_headers_impl,
    doc = "headers.h, and its compiled form for each way to build.",
    environ = ["CC"],
    local = True,
)
