"""Where blocks stand in Markdown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pagemill.extraction.annotation.alignment import align

WORDS = st.lists(st.sampled_from(["mill", "river", "flour", "wheel", "stone", "今", "年", "x_y"]), max_size=12)
BLOCKS = st.lists(st.tuples(st.integers(0, 20), WORDS.map(" ".join)), max_size=8)


def pieces(blocks: list[str], markdown: str) -> list[tuple[str, int | None]]:
    return [(markdown[piece.begin : piece.end], piece.block) for piece in align(enumerate(blocks), markdown)]


def test_each_line_has_its_block():
    markdown = '# The mill\n\nIt *stands* by the [river](/river?a=b "the river").\n\n- one\n- two\n'
    blocks = ["The mill", "It stands by the river.", "one", "two"]
    assert pieces(blocks, markdown) == [
        ("# The mill", 0),
        ('It *stands* by the [river](/river?a=b "the river").', 1),
        ("- one", 2),
        ("- two", 3),
    ]


def test_a_line_of_several_blocks_is_cut_between_them():
    assert pieces(["By Ann Miller", "May 2024"], "By Ann Miller · May 2024\n") == [
        ("By Ann Miller · ", 0),
        ("May 2024", 1),
    ]
    assert pieces(["width", "4 cm", "height", "5 cm"], "| width | 4 cm |\n| height | 5 cm |\n") == [
        ("| width | ", 0),
        ("4 cm |", 1),
        ("| height | ", 2),
        ("5 cm |", 3),
    ]


def test_what_only_one_side_has_is_skipped():
    blocks = ["Share this", "The stones still turn.", "Read more here", "The flour is sold."]
    markdown = "The stones still turn.\n\n![A stone turning](/still/turn.jpg)\n\nThe flour is sold.\n\nPrice: 4 €\n"
    assert pieces(blocks, markdown) == [
        ("The stones still turn.", 1),
        ("![A stone turning](/still/turn.jpg)", None),
        ("The flour is sold.", 3),
        ("Price: 4 €", None),
    ]


def test_a_long_part_that_was_left_out_does_not_lose_the_rest():
    left_out = " ".join(f"word{number}" for number in range(300))
    assert pieces(["The first.", left_out, "The flour is sold."], "The first.\n\nThe flour is sold.\n")[-1][1] == 2


def test_a_block_that_was_moved_is_found_by_its_text():
    assert pieces(["The wheel", "The stones still turn."], "The stones still turn.\n\nThe wheel\n") == [
        ("The stones still turn.", 1),
        ("The wheel", 0),
    ]


def test_scripts_without_spaces_are_aligned_by_characters():
    markdown = "今年秋季，北京的气温\n\n气象专家表示\n"
    assert [block for _, block in pieces(["今年秋季，\n北京的气温", "气象专家表示"], markdown)] == [0, 1]


@given(BLOCKS, st.text(alphabet="mill river\n|#*[]()!<>_`今年x", max_size=200))
def test_pieces_are_all_of_the_text_but_space_in_order_and_of_blocks_that_exist(blocks, markdown):
    found = align(blocks, markdown)
    position = 0
    for piece in found:
        assert piece.begin >= position
        assert not markdown[position : piece.begin].strip()
        assert piece.begin < piece.end
        assert piece.block is None or piece.block in {number for number, _ in blocks}
        position = piece.end
    assert not markdown[position:].strip()


@given(st.lists(WORDS.filter(bool).map(" ".join), max_size=8))
def test_blocks_that_are_all_there_are_all_found(blocks):
    assert pieces(blocks, "\n\n".join(blocks)) == list(zip(blocks, range(len(blocks)), strict=True))
