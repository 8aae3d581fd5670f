# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""Known words as a hash table, and what the short texts of a page say of them, in one pass over their characters.

The plain twins are `PhraseModel.log_odds`, `title_match.match` and `Vocabulary`, which give the same to the last bit. Texts and
words are UTF-16 without surrogate pairs, one number for each character. Every loop is linear in the text.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcmp, memcpy

# The bits of `kinds`, as in `short_texts`.
cdef enum:
    SEPARATOR = 1
    DIGIT = 2
    WORD = 4


cdef inline uint32_t hash_of(const uint16_t* word, Py_ssize_t length) noexcept nogil:
    """FNV-1a of a word, its high bits mixed into the low ones."""
    cdef uint32_t key = 2166136261u
    cdef Py_ssize_t place
    for place in range(length):
        key = (key ^ word[place]) * 16777619u
    return key ^ key >> 15


cdef class WordTable:
    """Words, each with its number: its place among those that the table was made of. Words are not changed later."""

    cdef int32_t* slots  # a power of two of them, at least twice the words; -1 in free ones
    cdef int64_t* begins  # where each word begins in `codes`, and where the last one ends
    cdef uint16_t* codes
    cdef uint32_t mask
    cdef Py_ssize_t count

    def __cinit__(self, words):
        """Make a table of distinct words. Those with characters beyond the basic multilingual plane are never found."""
        cdef bytes encoded = "".join(words).encode("utf-16-le", "surrogatepass")
        cdef const char* data = encoded
        cdef uint32_t size = 2, slot
        cdef Py_ssize_t place = 0
        self.count = len(words)
        while size < 2 * self.count + 1:
            size *= 2
        self.mask = size - 1
        self.slots = <int32_t*> malloc(size * sizeof(int32_t))
        self.begins = <int64_t*> calloc(self.count + 1, sizeof(int64_t))
        self.codes = <uint16_t*> malloc(len(encoded) + 2)
        if self.slots == NULL or self.begins == NULL or self.codes == NULL:
            raise MemoryError
        memcpy(self.codes, data, len(encoded))
        for slot in range(size):
            self.slots[slot] = -1
        for place, word in enumerate(words):
            self.begins[place + 1] = self.begins[place] + len(word.encode("utf-16-le", "surrogatepass")) // 2
            slot = hash_of(self.codes + self.begins[place], self.begins[place + 1] - self.begins[place]) & self.mask
            while self.slots[slot] >= 0:
                slot = (slot + 1) & self.mask
            self.slots[slot] = <int32_t> place

    def __dealloc__(self):
        free(self.slots)
        free(self.begins)
        free(self.codes)

    def __reduce__(self):
        """Make the same table elsewhere."""
        words = [
            (<bytes> (<char*> (self.codes + self.begins[place]))[: 2 * (self.begins[place + 1] - self.begins[place])])
            for place in range(self.count)
        ]
        return WordTable, ([word.decode("utf-16-le", "surrogatepass") for word in words],)

    cdef int32_t find(self, const uint16_t* word, Py_ssize_t length) noexcept nogil:
        """The number of a word, -1 if it is unknown."""
        cdef uint32_t slot = hash_of(word, length) & self.mask
        cdef int32_t number
        while (number := self.slots[slot]) >= 0:
            if (
                self.begins[number + 1] - self.begins[number] == length
                and memcmp(self.codes + self.begins[number], word, length * sizeof(uint16_t)) == 0
            ):
                return number
            slot = (slot + 1) & self.mask
        return -1

    def sum_weights(
        self,
        const uint16_t[::1] text,
        const int64_t[::1] begins,
        const int64_t[::1] ends,
        const uint8_t[::1] kinds,
        const double[::1] weights,
        Py_ssize_t most_whole,
        double[::1] sums,
    ):
        """Write the sum of the weights of the tokens of each part of a text to `sums`, as `PhraseModel.log_odds`.

        `begins`, `ends`: the parts, within the text. `kinds`: the bits of each of the 65536 characters. `weights`: of
        each word of the table. `most_whole`: the most words of a part that is a token as a whole. A token that is said
        twice counts once. Raises ValueError if the arrays do not fit together.
        """
        cdef Py_ssize_t part, place, word, length, count, kept, longest = 0
        cdef Py_ssize_t parts = sums.shape[0]
        cdef int32_t number, known
        cdef bint is_number
        cdef double total
        if kinds.shape[0] != 65536 or weights.shape[0] < self.count or begins.shape[0] != parts or ends.shape[0] != parts:
            raise ValueError("the arrays of a word table do not fit together")
        for part in range(parts):
            if not 0 <= begins[part] <= ends[part] <= text.shape[0]:
                raise ValueError("a part lies outside the text")
            longest = max(longest, ends[part] - begins[part])
        # The words of a part with one space between them, after the sign of a whole; and its known tokens, sorted.
        cdef uint16_t* told = <uint16_t*> malloc((longest + 3) * sizeof(uint16_t))
        cdef int32_t* found = <int32_t*> malloc((longest // 2 + 3) * sizeof(int32_t))
        if told == NULL or found == NULL:
            free(told)
            free(found)
            raise MemoryError
        with nogil:
            told[0] = ord("=")
            for part in range(parts):
                length, count, kept, place = 1, 0, 0, begins[part]
                while True:
                    while place < ends[part] and kinds[text[place]] & SEPARATOR:
                        place += 1
                    if place == ends[part]:
                        break
                    if count:
                        told[length] = ord(" ")
                        length += 1
                    word, is_number, count = length, True, count + 1
                    while place < ends[part] and not kinds[text[place]] & SEPARATOR:
                        is_number = is_number and kinds[text[place]] & DIGIT
                        told[length] = text[place]
                        length, place = length + 1, place + 1
                    if is_number:
                        told[word] = ord("#")
                        length = word + 1
                    kept = insert(found, kept, self.find(told + word, length - word))
                if 1 < count <= most_whole:
                    kept = insert(found, kept, self.find(told, length))
                total = 0.0
                for place in range(kept):
                    total += weights[found[place]]
                sums[part] = total
        free(told)
        free(found)

    def find_words(
        self,
        const uint16_t[::1] text,
        const int64_t[::1] begins,
        const int64_t[::1] ends,
        const uint8_t[::1] kinds,
        int64_t[::1] counts,
    ):
        """Count the words of each part of a text, and return the known ones as pairs of the part and the word's number.

        Words are runs of characters of the kind WORD, as `\\w+`. The arrays are those of `sum_weights`.
        """
        cdef Py_ssize_t part, place, word, parts = counts.shape[0]
        cdef int32_t number
        cdef list found = []
        if kinds.shape[0] != 65536 or begins.shape[0] != parts or ends.shape[0] != parts:
            raise ValueError("the arrays of a word table do not fit together")
        for part in range(parts):
            if not 0 <= begins[part] <= ends[part] <= text.shape[0]:
                raise ValueError("a part lies outside the text")
            counts[part], place = 0, begins[part]
            while place < ends[part]:
                if not kinds[text[place]] & WORD:
                    place += 1
                    continue
                word = place
                while place < ends[part] and kinds[text[place]] & WORD:
                    place += 1
                counts[part] += 1
                number = self.find(&text[word], place - word)
                if number >= 0:
                    found.append((part, number))
        return found

    def sum_names(
        self, const uint16_t[::1] names, const uint16_t[::1] signs, const double[:, ::1] weights, double[:, ::1] sums
    ):
        """Write the sums of the weights of each element's words to `sums`, (positions, elements), as `Vocabulary`.

        `names`: classes and ids, with a NUL between elements. Their words are runs of ASCII letters, in lower case, and
        an upper-case letter after a lower-case one begins another. `signs`: tags and roles, with spaces between them
        and a NUL between elements. `weights`: (positions, words). Raises ValueError if the arrays do not fit together.
        """
        cdef Py_ssize_t name = 0, sign = 0, begin, length, kept, element, position, place
        cdef uint16_t code
        cdef double total
        if weights.shape[0] != sums.shape[0] or weights.shape[1] < self.count:
            raise ValueError("the arrays of a word table do not fit together")
        cdef uint16_t* word = <uint16_t*> malloc((names.shape[0] + 1) * sizeof(uint16_t))
        cdef int32_t* found = <int32_t*> malloc((self.count + 1) * sizeof(int32_t))
        if word == NULL or found == NULL:
            free(word)
            free(found)
            raise MemoryError
        with nogil:
            for element in range(sums.shape[1]):
                kept = 0
                while name < names.shape[0] and names[name]:
                    length = 0
                    while name < names.shape[0] and is_letter(names[name]):
                        code = names[name]
                        if length and code < c"a" and names[name - 1] >= c"a":
                            break
                        word[length] = code | 0x20
                        length, name = length + 1, name + 1
                    if length:
                        kept = insert(found, kept, self.find(word, length))
                    else:
                        name += 1
                while sign < signs.shape[0] and signs[sign]:
                    begin = sign
                    while sign < signs.shape[0] and signs[sign] and signs[sign] != c" ":
                        sign += 1
                    if sign > begin:
                        kept = insert(found, kept, self.find(&signs[begin], sign - begin))
                    else:
                        sign += 1
                name, sign = name + 1, sign + 1
                for position in range(sums.shape[0]):
                    total = 0.0
                    for place in range(kept):
                        total += weights[position, found[place]]
                    sums[position, element] = total
        free(word)
        free(found)


cdef inline bint is_letter(uint16_t code) noexcept nogil:
    return c"a" <= (code | 0x20) <= c"z" and code < 0x80


cdef inline Py_ssize_t insert(int32_t* found, Py_ssize_t count, int32_t number) noexcept nogil:
    """Insert a number into sorted distinct ones, if it is neither known nor -1. Return how many there are then."""
    cdef Py_ssize_t place = count, moved
    if number < 0:
        return count
    while place and found[place - 1] > number:
        place -= 1
    if place and found[place - 1] == number:
        return count
    for moved in range(count, place, -1):
        found[moved] = found[moved - 1]
    found[place] = number
    return count + 1
