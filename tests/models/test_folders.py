from pathlib import Path

import numpy as np
import pytest
import torch

from webui.core.errors import UserError
from webui.models.folders import at_size, opened


class Part:
    @classmethod
    def from_pretrained(cls, folder: Path, local_files_only: bool):
        assert local_files_only
        if folder.name == "broken":
            raise OSError("no config\nin the folder")
        return cls.__name__, folder.name


class Other(Part):
    pass


def test_both_parts_come_from_the_folder(tmp_path):
    assert opened(tmp_path / "a", Part, Other, "depth_unread") == (("Part", "a"), ("Other", "a"))


def test_what_cannot_be_read_is_said_in_a_sentence(tmp_path):
    with pytest.raises(UserError) as raised:
        opened(tmp_path / "broken", Part, Other, "words_unread")
    problem = raised.value.problem
    assert (problem.code, problem.values) == (
        "words_unread",
        {"name": "broken", "reason": "no config"},
    )


def test_what_was_seen_comes_at_the_pictures_size():
    levels = np.zeros((6, 4, 3), np.uint8)
    seen = at_size(torch.full((1, 3, 2), 0.5, dtype=torch.float16), levels, "bilinear")
    assert seen.shape == (6, 4) and seen.dtype == np.float32 and (seen == 0.5).all()
