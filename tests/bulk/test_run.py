from __future__ import annotations

import asyncio

from pagemill.bulk.outputs.output import NumberedRow
from pagemill.bulk.outputs.run_state import WrittenRecords
from pagemill.bulk.run import _Order


def row(source, record, size=10):
    return NumberedRow(source, record, {"text": "x" * size})


def test_rows_leave_in_the_order_of_the_records():
    """Of inputs of 2, 0 and 2 records, of which the second of the first is written already."""
    written = WrittenRecords()
    written.add(0, 1)
    order, later = _Order(), row(2, 0)
    assert order.add(later, written) == []
    assert order.end(1, 0, written) == []
    assert order.end(0, 2, written) == []
    first, last = row(0, 0), row(2, 1)
    assert order.add(first, written) == [first, later]
    assert order.add(last, written) == [last]


async def test_a_row_waits_where_many_wait_for_one():
    order, written = _Order(), WrittenRecords()
    early = row(0, 1, 5000)
    assert order.add(early, written) == []
    waiting = asyncio.create_task(order.wait_for_room(early, 1000))
    await asyncio.sleep(0)
    assert not waiting.done()
    assert [found.record for found in order.add(row(0, 0), written)] == [0, 1]
    await waiting
