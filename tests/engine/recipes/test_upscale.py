import pytest
from PIL import Image

from tests.engine.test_upscaler_tiles import picture
from tests.fakes import FakeModel
from webui.core.participants import Participant
from webui.core.requests import Upscale
from webui.engine.recipes import RECIPES, Tools, batches
from webui.prompt.infotext import VERSION, build_infotext, parse_infotext

REF = "sha256:" + "0" * 64
SOURCE = picture(30, 20)
RESAMPLING = {"Lanczos": Image.Resampling.LANCZOS, "Nearest": Image.Resampling.NEAREST}


def made(source=SOURCE, infotext="", participants=(), **fields):
    request = Upscale.model_validate({"image": REF, **fields})
    tools = Tools(
        model=lambda name: FakeModel(),
        picture=lambda ref: source,
        infotext=lambda ref: infotext,
        upscale=lambda name, image, *size: image.resize(size, RESAMPLING[name]),
        participants=participants,
    )
    (batch,) = batches(request)
    (drawn,) = RECIPES["upscale"](request, batch, tools)
    return drawn


def said(drawn):
    return build_infotext(drawn.parameters).rpartition("\n")[2]


def test_by_a_factor():
    drawn = made(by=1.5)
    assert drawn.image == SOURCE.resize((45, 30), Image.Resampling.LANCZOS)
    assert (drawn.index, drawn.seed) == (0, 0)
    assert said(drawn) == (
        f"Postprocess upscale by: 1.5, Postprocess upscaler: Lanczos, Version: {VERSION}"
    )


@pytest.mark.parametrize(
    ("fields", "size", "keys"),
    [
        ({"width": 60}, (60, 40), "Postprocess upscale to: 60x40, "),
        ({"height": 10}, (15, 10), "Postprocess upscale to: 15x10, "),
        (
            {"width": 60, "height": 60},
            (60, 60),
            "Postprocess upscale to: 60x60, Postprocess crop to: 60x60, ",
        ),
        (
            {"width": 60, "height": 60, "crop": False},
            (60, 40),
            "Postprocess upscale to: 60x40, ",
        ),
    ],
)
def test_to_a_size(fields, size, keys):
    drawn = made(**fields)
    assert drawn.image.size == size
    assert said(drawn).startswith(f"{keys}Postprocess upscaler: Lanczos")


def test_what_is_cropped_is_the_middle():
    whole = SOURCE.resize((90, 60), Image.Resampling.NEAREST)
    drawn = made(width=60, height=60, upscaler="Nearest")
    assert drawn.image == whole.crop((15, 0, 75, 60))


def test_two_upscalers_are_mixed():
    one, two = (SOURCE.resize((60, 40), how) for how in RESAMPLING.values())
    drawn = made(upscaler_2="Nearest", mix=0.25)
    assert drawn.image == Image.blend(one, two, 0.25)
    assert "Postprocess upscaler 2: Nearest, Postprocess upscaler 2 visibility: 0.25" in said(drawn)
    for fields in ({"upscaler_2": "Nearest", "mix": 0}, {"upscaler_2": "None", "mix": 0.5}):
        only = made(**fields)
        assert only.image == one and "upscaler 2" not in said(only)


def test_the_source_s_own_parameters_are_kept():
    text = (
        "a cat: (fat:1.2)\nNegative prompt: dog\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 5, "
        'Size: 30x20, Lora hashes: "a: 12, b: 34", Postprocess upscale by: 4, '
        "Postprocess crop to: 5x5, Postprocess upscaler: Nearest, Version: v1.10.1"
    )
    drawn = made(infotext=text)
    assert build_infotext(drawn.parameters) == (
        "a cat: (fat:1.2)\nNegative prompt: dog\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 5, "
        'Size: 30x20, Lora hashes: "a: 12, b: 34", Postprocess upscale by: 2, '
        "Postprocess upscaler: Lanczos, Version: v1.10.1"
    )


def test_what_is_said_can_be_read_back():
    drawn = made(diffusion={"seed": 7, "prompt": "hills, sea", "strength": 0.2})
    values = parse_infotext(build_infotext(drawn.parameters)).values
    assert values["Postprocess upscale by"] == "2"
    assert values["Tiled diffusion prompt"] == "hills, sea"
    assert values["Tiled diffusion seed"] == "7" and values["Tiled diffusion model"] == "fake"


def test_drawing_over_keeps_what_is_clear():
    source = SOURCE.convert("RGBA")
    source.putalpha(Image.linear_gradient("L").resize(SOURCE.size))
    plain = made(source, by=4)
    drawn = made(source, by=4, diffusion={"seed": 7})
    assert drawn.seed == 7 and drawn.image.mode == "RGBA" and drawn.image.size == (120, 80)
    assert drawn.image.getchannel("A") == plain.image.getchannel("A")
    assert drawn.image.convert("RGB") != plain.image.convert("RGB")


def test_participants_see_the_result():
    class Turn(Participant):
        def image(self, image):
            return image.rotate(90, expand=True)

    assert made(participants=[Turn()]).image.size == (40, 60)


def test_a_picture_of_one_pixel():
    assert made(Image.new("RGB", (1, 1)), by=8, diffusion={"seed": 1}).image.size == (8, 8)


def test_every_picture_of_a_job_by_itself_but_those_that_are_gone():
    request = Upscale(job="a" * 32, frames=3, by=2, upscaler="Nearest")
    there = {f"picture:{'a' * 32}-{number}": picture(10 + number, 8) for number in (0, 2)}
    tools = Tools(
        model=lambda name: FakeModel(),
        picture=there.__getitem__,
        has=there.__contains__,
        infotext=lambda ref: f"{ref[-1]} cats",
        upscale=lambda name, image, *size: image.resize(size, RESAMPLING[name]),
    )
    parts = list(batches(request, done=()))
    assert [[shot.index for shot in part] for part in parts] == [[0], [1], [2]]
    drawn = [one for part in parts for one in RECIPES["upscale"](request, part, tools)]
    assert [(one.index, one.image.size) for one in drawn] == [(0, (20, 16)), (2, (24, 16))]
    assert [one.parameters.prompt for one in drawn] == ["0 cats", "2 cats"]
    assert [[shot.index for shot in part] for part in batches(request, done=(0, 1))] == [[2]]
