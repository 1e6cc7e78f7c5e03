"""A button below each picture that asks for one twice as large."""

from collections.abc import Mapping
from typing import Any

from webui.ext import GalleryAction, GalleryPicture, hookimpl


def twice(picture: GalleryPicture) -> Mapping[str, Any]:
    return {"kind": "upscale", "image": picture.ref, "by": 2, "upscaler": "Lanczos"}


@hookimpl
def register_gallery_actions() -> list[GalleryAction]:
    return [GalleryAction("twice", {"en": "Twice as large", "pl": "Dwa razy większy"}, twice)]
