import json
from pathlib import Path

import pytest

from tests.checkpoints import write_weights
from webui.library.heads import read_head


def raw(path: Path, head: str, numbers: int = 4) -> Path:
    data = head.encode()
    path.write_bytes(len(data).to_bytes(8, "little") + data + bytes(numbers))
    return path


TABLE = '"a": {"dtype": "F16", "shape": [2], "data_offsets": [0, 4]}}'


def test_one_table_under_other_metadata(tmp_path):
    heads = [
        read_head(write_weights(tmp_path / "a", {"x": (3,)}, metadata={"name": name}))
        for name in ("one", "żółw } \" ,")
    ]  # fmt: skip
    assert heads[0] and heads[1]
    assert heads[0].table == heads[1].table and heads[0].length == heads[1].length == 6
    assert heads[1].metadata == {"name": "żółw } \" ,"}  # fmt: skip
    other = read_head(write_weights(tmp_path / "b", {"y": (3,)}, metadata={"name": "one"}))
    assert other and other.table != heads[0].table


def test_spaces_and_what_is_no_text(tmp_path):
    head = read_head(raw(tmp_path / "a", f' {{ "__metadata__" : {{"a": "b", "c": 7}}, {TABLE}'))
    assert head and head.metadata == {"a": "b"} and head.length == 4


@pytest.mark.parametrize(
    "head",
    [
        *("", "{", "[]", f"{{{TABLE}", '{"__metadata__": {"a"', '{"__metadata__": []}'),
        '{"a": {}, "__metadata__": {}}',
        '{"__metadata__": ' + "[" * 100_000,
    ],
)
def test_anything_else_is_left_to_who_reads_it_whole(tmp_path, head):
    assert read_head(raw(tmp_path / "a", head)) is None


def test_lengths_that_lie(tmp_path):
    path = tmp_path / "a"
    for data in (b"", b"\0" * 7, (10**12).to_bytes(8, "little") + b"{}", b"\xff" * 100):
        path.write_bytes(data)
        assert read_head(path) is None
    assert read_head(tmp_path / "absent") is None
    text = json.dumps({"__metadata__": {"a": "ż"}}, ensure_ascii=False).encode("iso8859-2")
    path.write_bytes(len(text).to_bytes(8, "little") + text)
    assert read_head(path) is None
