# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""The compiled form of `Trees.sums`, in a quarter of numpy's time. It scores 64 blocks at a time, to stay in the L1 cache."""

from libc.stdint cimport int32_t, uint16_t, uint32_t

cdef extern from *:
    """
    #if defined(_MSC_VER)
    #include <intrin.h>
    static int lowest_zero(unsigned int bits) { unsigned long place; _BitScanForward(&place, ~bits); return (int)place; }
    #else
    #define lowest_zero(bits) __builtin_ctz(~(bits))
    #endif
    """
    int lowest_zero(uint32_t bits) nogil


def add(
    const float[:, ::1] features,
    const int32_t[:, ::1] feature,
    const float[:, ::1] threshold,
    const uint16_t[:, ::1] left,
    const float[:, ::1] value,
    double[::1] sums,
):
    """Add to `sums` the values of the leaves that each column of `features` falls into.

    The arrays are those of `Trees`, which has checked that every index is in range.
    """
    cdef Py_ssize_t columns = sums.shape[0]
    cdef Py_ssize_t splits = feature.shape[0], trees = value.shape[0]
    cdef Py_ssize_t begin, column, count, split, tree
    cdef uint32_t ruled_out[64]
    cdef uint32_t bits
    cdef float limit
    cdef const float* values
    with nogil:
        for begin in range(0, columns, 64):
            count = min(<Py_ssize_t> 64, columns - begin)
            for tree in range(trees):
                for column in range(count):
                    ruled_out[column] = 0
                for split in range(splits):
                    bits = left[split, tree]
                    if bits == 0:
                        continue
                    limit = threshold[split, tree]
                    values = &features[feature[split, tree], begin]
                    for column in range(count):
                        ruled_out[column] |= bits if values[column] > limit else 0
                for column in range(count):
                    sums[begin + column] += value[tree, lowest_zero(ruled_out[column])]
