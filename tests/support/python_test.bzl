"""Tests written in Python with Debian's interpreter and nothing else."""

def python_test(name, module, srcs, data = [], **options):
    """Runs the unittest cases of a module.

    Args:
      name: of the test.
      module: as Python imports it from the repository's top.
      srcs: the module's files; tests/support is always there.
      data: what else it needs, such as the programs.
      **options: of the sh_test.
    """
    native.sh_test(
        name = name,
        srcs = ["//tests/support:run.sh"],
        args = [module],
        data = srcs + data + ["//tests/support"],
        **options
    )
