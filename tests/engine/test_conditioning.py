from tests.engine.stub import StubModel
from webui.engine.conditioning import Words, conditioning


class CountingModel(StubModel):
    def __init__(self) -> None:
        super().__init__()
        self.read: list[tuple[tuple[str, ...], int]] = []
        self.negatives: list[bool] = []

    def encode_texts(self, texts, clip_skip=1, *, negative=False):
        self.read.append((tuple(texts), clip_skip))
        self.negatives.append(negative)
        return super().encode_texts(texts, clip_skip)


def test_branches_schedules_and_inline_negatives():
    model = CountingModel()
    words = Words("a [cat:dog:0.5] AND rain :0.4 (-bad hands)", "blurry")
    conds = conditioning(model, [words], calls=8, clip_skip=2)
    assert [(cond.role, cond.weight, len(cond.schedule)) for cond in conds] == [
        ("positive", 1.0, 2),
        ("positive", 0.4, 1),
        ("negative", 1.0, 1),
    ]
    assert [last for last, _ in conds[0].schedule] == [4, 8]
    assert model.read == [
        (("a cat", "a dog"), 2),
        ((" rain",), 2),
        (("blurry, bad hands",), 2),
    ]


def test_words_that_pictures_share_are_read_once():
    model = CountingModel()
    batch = [Words("a cat", "bad"), Words("a dog", "bad"), Words("a cat", "bad")]
    conds = conditioning(model, batch, calls=4)
    assert [cond.image for cond in conds] == [0, 0, 1, 1, 2, 2]
    assert [texts for texts, _ in model.read] == [("a cat",), ("bad",), ("a dog",)]


def test_tags_of_networks_are_no_words():
    model = StubModel()
    conditioning(model, [Words("a cat <lora:ghibli:0.8>", "")], calls=4)
    assert model.texts == [["a cat"], [""]]
