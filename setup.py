"""The parts of the package that are compiled, where there is a C compiler; without one, Python and numpy do the same.

They keep to CPython's stable interface, so one wheel serves 3.11 and every later version.
"""

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            f"pagemill.extraction.choosing.{name}",
            [f"src/pagemill/extraction/choosing/{name.replace('.', '/')}.pyx"],
            define_macros=[("Py_LIMITED_API", "0x030b0000")],  # 3.11: the first whose interface has buffers
            extra_compile_args=["-O3", "-g0"],
            py_limited_api=True,
            optional=True,
        )
        for name in ("features.word_table", "model.tree_sums", "tree_walk")
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
