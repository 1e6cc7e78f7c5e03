"""The public surface for extensions: import from here and from nowhere else in webui.

`docs/extensions.md` explains every name. It is safe on both sides: nothing here imports torch.
"""

from webui.core.areas import Box
from webui.core.errors import UserError
from webui.core.hookspecs import (
    API_VERSION,
    TOLD,
    Answer,
    Command,
    GalleryAction,
    GalleryPicture,
    Interpolator,
    Panel,
    PictureTool,
    Preprocessor,
    Route,
    RouteCall,
    Sampler,
    Schedule,
    Tab,
    Upscaler,
    hookimpl,
)
from webui.core.memory import ModelUse
from webui.core.option_texts import read_options
from webui.core.panel_fields import option
from webui.core.participants import (
    Call,
    Cond,
    Embedding,
    JobView,
    ModelFile,
    Over,
    Participant,
    Services,
    Step,
)
from webui.core.pictures import PictureRef
from webui.core.plugins import Extensions
from webui.core.requests import AnyRequest, Drawing, Img2Img, Inpaint, Outpaint, Txt2Img, Upscale
from webui.core.sampling import SamplerInfo, ScheduleInfo
from webui.core.settings import Settings
from webui.imaging.masks import flattened
from webui.imaging.resize import resized, shorter_side
from webui.prompt.wildcards import WildcardFiles
from webui.prompt.wildcards import expand as expand_wildcards

__all__ = [
    "API_VERSION",
    "TOLD",
    "Answer",
    "AnyRequest",
    "Box",
    "Call",
    "Command",
    "Cond",
    "Drawing",
    "Embedding",
    "Extensions",
    "GalleryAction",
    "GalleryPicture",
    "Img2Img",
    "Inpaint",
    "Interpolator",
    "JobView",
    "ModelFile",
    "ModelUse",
    "Outpaint",
    "Over",
    "Panel",
    "Participant",
    "PictureRef",
    "PictureTool",
    "Preprocessor",
    "Route",
    "RouteCall",
    "Sampler",
    "SamplerInfo",
    "Schedule",
    "ScheduleInfo",
    "Services",
    "Settings",
    "Step",
    "Tab",
    "Txt2Img",
    "Upscale",
    "Upscaler",
    "UserError",
    "WildcardFiles",
    "expand_wildcards",
    "flattened",
    "hookimpl",
    "option",
    "read_options",
    "resized",
    "shorter_side",
]
