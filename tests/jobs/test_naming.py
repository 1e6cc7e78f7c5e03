from tests.jobs.door import Door
from webui.core.offers import Offers, ToolInfo


def test_names_inside_parts_are_those_of_the_menus(door: Door) -> None:
    hires = {"upscaler": "latent (NEAREST)", "sampler": "euler A", "model": "easel-demo"}
    request = door.taken("txt2img", prompt="x", hires=hires, refiner={"model": "easel-demo"})
    assert (request.hires.upscaler, request.hires.sampler) == ("Latent (nearest)", "Euler a")
    wrong = {"upscaler": "Lanczoz", "sampler": "qqq", "schedule": 3, "stepz": 1, "scale": 9}
    found = door.refused("txt2img", prompt="x", hires=wrong, refiner={"model": "other"})
    assert found == {
        "hires.upscaler": "unknown_upscaler_near",
        "hires.sampler": "unknown_sampler",
        "hires.schedule": "not_a_text",
        "hires.stepz": "unknown_field_near",
        "hires.scale": "too_large",
        "refiner.model": "unknown_model",
    }
    image = door.put(9, 9)
    assert door.refused("upscale", image=image, upscaler="Latent") == {
        "upscaler": "unknown_upscaler"
    }


def test_what_extensions_do_with_pictures_goes_by_name_or_title(door: Door) -> None:
    tool = ToolInfo(name="mender", title={"en": "Mend faces", "pl": "Napraw twarze"})
    offers = Offers(restorers=(tool,), captioners=(tool,))
    image = door.put(9, 9)
    taken = door.taken("upscale", image=image, restorer="napraw TWARZE", offers=offers)
    assert taken.restorer == "mender"
    assert door.refused("upscale", image=image, restorer="mendr", offers=offers) == {
        "restorer": "unknown_restorer_near"
    }
    film = {"job": "0" * 32, "interpolator": "optical FLOW"}
    assert door.taken("film", **film).interpolator == "Optical flow"
    film["interpolator"] = "Mend faces"
    assert door.refused("film", **film) == {"interpolator": "unknown_interpolator"}
    film_offers = Offers(interpolators=(tool,))
    assert door.taken("film", **film, offers=film_offers).interpolator == "mender"
    assert door.taken("caption", image=image, captioner="Mender", offers=offers).images == 0
    assert door.refused("caption", image=image, captioner="x") == {"captioner": "unknown_captioner"}
