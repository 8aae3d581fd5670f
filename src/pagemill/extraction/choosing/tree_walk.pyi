from turbohtml import Element

from pagemill.extraction.choosing.blocks import Blocks

class TreeWalk:
    def __init__(
        self, blocks: Blocks, inline_tags: frozenset[str], non_text_tags: frozenset[str], most: int
    ) -> None: ...
    def run(self, root: Element) -> bool: ...
