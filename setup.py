"""The part of the package that is compiled, where there is a C compiler; without one, numpy does the same."""

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "pagemill.extraction.choosing.model.tree_sums",
            ["src/pagemill/extraction/choosing/model/tree_sums.pyx"],
            extra_compile_args=["-O3", "-g0"],
            optional=True,
        )
    ]
)
