"""Each frame of an animation is darker than the one before."""

from collections.abc import Sequence

from PIL import Image, ImageEnhance

from webui.ext import JobView, Participant, hookimpl


class Fade(Participant):
    def __init__(self, amount: float, last: int) -> None:
        self.amount = amount
        self.last = max(last, 1)
        self.number = 0

    def start(self, numbers: Sequence[int]) -> None:
        self.number = numbers[0]

    def image(self, image: Image.Image) -> Image.Image:
        light = 1 - self.amount * self.number / self.last
        return ImageEnhance.Brightness(image).enhance(light)


@hookimpl
def participate(job: JobView) -> Participant | None:
    amount = job.options.get("fade", 0)
    return Fade(amount, job.request.images - 1) if amount else None
