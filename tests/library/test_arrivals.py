import json
import pickle
import struct
from pathlib import Path

import pytest

from tests.checkpoints import write_file, write_weights
from webui.core.errors import UserError
from webui.library.arrivals import (
    ending_of,
    look_for,
    recognise,
    shown_name,
    told_name,
    without_ending,
)


def test_kinds_and_endings_are_told_by_what_is_inside(tmp_path: Path):
    assert recognise(write_file(tmp_path / "a.part"), "x") == (".safetensors", "checkpoint")
    lora = write_weights(tmp_path / "b.part", {"lora_unet_x.lora_up.weight": (4, 2)})
    assert recognise(lora, "x.ckpt") == (".safetensors", "lora")
    other = write_weights(tmp_path / "c.part", {"something": (4, 2)})
    assert recognise(other, "x") == (".safetensors", "unknown")


def test_a_pickle_that_is_more_than_weights_is_refused(tmp_path: Path):
    bad = tmp_path / "bad.part"
    parts = [0x1950A86A20F9469CFC6C, 1001, {}, print]
    bad.write_bytes(b"".join(pickle.dumps(one, 2) for one in parts))
    with pytest.raises(UserError) as caught:
        recognise(bad, "bad.ckpt")
    assert caught.value.problem.code == "model_pickle_foreign"
    good = tmp_path / "good.part"
    parts.append([])  # numbers that follow
    parts[3] = {"state_dict": {"model.diffusion_model.input_blocks.0.0.weight": 1}}
    good.write_bytes(b"".join(pickle.dumps(one, 2) for one in parts))
    assert recognise(good, "x.ckpt")[0] == ".ckpt"
    assert recognise(good, "x.safetensors")[0] == ".pt"


@pytest.mark.parametrize(
    ("head", "ending"),
    [
        (struct.pack("<Q", 100) + b'{"a', ".safetensors"),
        (b"GGUF\x03\0\0\0\0\0", ".gguf"),
        (b"PK\x03\x04" + b"\0" * 20, ".pt"),
        (b"\x80\x02\x8a\n", ".pt"),
        (b"<!doctype html><html>", None),
        (json.dumps({"error": 1}).encode(), None),
        (b"version https://git-lfs.github.com/spec/v1", None),
        (b"\x1f\x8b\x08" + b"\0" * 20, None),
        (b"", None),
    ],
)
def test_first_bytes(head: bytes, ending: str | None):
    assert ending_of(head) == ending


def test_a_look_refuses_pages_and_unless_asked_pickles():
    look_for(False, "x")(struct.pack("<Q", 100) + b"{")
    look_for(True, "x")(b"PK\x03\x04")
    for head, code in ((b"<html>", "download_no_model"), (b"PK\x03\x04", "download_pickle")):
        with pytest.raises(UserError) as caught:
            look_for(False, "x")(head)
        assert caught.value.problem.code == code


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="a b.safetensors"', "a b.safetensors"),
        ("attachment; filename=a.safetensors", "a.safetensors"),
        ("attachment; filename*=UTF-8''za%C5%BC%C3%B3.bin", "zażó.bin"),
        ("attachment; filename=\"plain.bin\"; filename*=UTF-8''%C5%BC.bin", "ż.bin"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="..\\\\..\\\\x.bin"', "x.bin"),
        ("inline", None),
        ("", None),
        ("attachment; filename*=UTF-8''", None),
        ("a\r\nb: c", None),
    ],
)
def test_names_that_servers_give(header: str, name: str | None):
    assert told_name(header) == name


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://example.com/a/b%20c.bin?x=/y", "b c.bin"),
        ("https://example.com/", "example.com"),
        ("https://example.com/a/", "a"),
    ],
)
def test_names_of_addresses(url: str, name: str):
    assert shown_name(url) == name


def test_endings_of_weights_go():
    assert [without_ending(name) for name in ("a.safetensors", "b.v1.CKPT", "c.v1", "d")] == [
        *("a", "b.v1", "c.v1", "d")
    ]
