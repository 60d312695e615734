"""Tests of the registry library's rooms, which all need the same."""

load("@rules_cc//cc:defs.bzl", "cc_test")

def registry_tests(names, size):
    """Tests beside a room's sources, each of one file.

    Args:
      names: the files' names without "_test.cc".
      size: "small", or "medium" for those that speak to servers.
    """
    for name in names:
        cc_test(
            name = name + "_test",
            size = size,
            srcs = [name + "_test.cc"],
            deps = [
                ":internal",
                "//common/concurrency",
                "//common/http",
                "//common/http:test_servers",
                "//common/reference",
                "//common/registry/api",
                "//common/registry/connection",
                "//common/registry/copy",
                "//common/registry/drivers:driver",
                "//common/registry/drivers/plain",
                "//common/registry/testing",
                "@debian//:absl",
                "@debian//:gtest_main",
                "@debian//:httplib",
                "@debian//:json",
            ],
        )
