from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagemill.bulk.outputs.run_state import RunState, WrittenRecords
from pagemill.errors import OperatorError, UsageError


@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=4).flatmap(lambda totals: st.tuples(st.just(totals), st.data()))
)
def test_written_records_are_known_in_whatever_order_they_are_written(case):
    totals, data = case
    records = [(source, record) for source, total in enumerate(totals) for record in range(total)]
    order = data.draw(st.permutations(records))
    done = data.draw(st.integers(0, len(order)))
    ended = data.draw(st.sets(st.sampled_from(range(len(totals)))))
    written = WrittenRecords()
    for source in ended:
        written.end(source, totals[source])
    for record in order[:done]:
        written.add(*record)
    later = WrittenRecords.from_json(orjson.loads(orjson.dumps(written.to_json())))
    for known in (written, later):
        assert {record for record in records if known.has(*record)} == set(order[:done])
    for source, total in enumerate(totals):
        later.end(source, total)
    for record in order[done:]:
        later.add(*record)
    assert later.whole == len(totals)
    assert later.to_json()["open"] == []


def test_what_was_written_after_the_last_note_is_cut_off(tmp_path):
    state = RunState(tmp_path / "state", {"inputs": []})
    state.place = {"size": 7}
    state.save([("a", b"1")])
    with (tmp_path / "state" / "sketches.jsonl").open("ab") as file:
        file.write(b'["b", "Mg==')  # half a line of the next part
    later = RunState(tmp_path / "state", {"inputs": []})
    later.load()
    assert later.place == {"size": 7}
    assert list(later.read_sketches()) == [("a", b"1")]
    later.save([("c", b"3")])
    assert list(later.read_sketches()) == [("a", b"1"), ("c", b"3")]


def test_another_task_does_not_go_on(tmp_path):
    RunState(tmp_path, {"inputs": [], "filter": None}).save()
    with pytest.raises(UsageError, match="other filter"):
        RunState(tmp_path, {"inputs": [], "filter": "quality > 1"}).load()
    (tmp_path / "state.json").write_text("{")
    with pytest.raises(OperatorError, match="delete"):
        RunState(tmp_path, {}).load()
