"""The part of the package that is compiled, where there is a C compiler; without one, numpy does the same.

It keeps to CPython's stable interface, so one wheel serves 3.11 and every later version.
"""

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "pagemill.extraction.choosing.model.tree_sums",
            ["src/pagemill/extraction/choosing/model/tree_sums.pyx"],
            define_macros=[("Py_LIMITED_API", "0x030b0000")],  # 3.11: the first whose interface has buffers
            extra_compile_args=["-O3", "-g0"],
            py_limited_api=True,
            optional=True,
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
