"""Image info: what a picture says of how it was made."""

from __future__ import annotations

from webui.ui.parts.own import own


def build() -> None:
    """A place to drop a picture, its parameters and where to send them."""
    own("image_info")
