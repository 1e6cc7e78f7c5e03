"""Every parameter of an animation, with Deforum's name, default and range, as data.

The order is that of Deforum's settings files. Addresses of sample files are empty here, and the
four sample prompts are one empty prompt.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webui.timeline.parameter import Kind, Parameter
from webui.timeline.parameter import parameter as _p

CONTROLNET_UNITS = 5

_FIRST = (
    _p("W", "int", 512, "run", low=64, high=2048, least=8),
    _p("H", "int", 512, "run", low=64, high=2048, least=8),
    _p("show_info_on_ui", "bool", True, "run"),
    _p("tiling", "bool", False, "run"),
    _p("restore_faces", "bool", False, "run"),
    _p("seed_resize_from_w", "number", 0, "run", low=0, high=2048),
    _p("seed_resize_from_h", "number", 0, "run", low=0, high=2048),
    _p("seed", "int", -1, "run", least=-1),
    _p("sampler", "text", "Euler a", "run"),
    _p("steps", "int", 25, "run", low=1, high=200, least=1),
    _p("batch_name", "text", "Deforum_{timestring}", "run"),
    _p(
        "seed_behavior",
        "choice",
        "iter",
        "generation",
        choices=("iter", "fixed", "random", "ladder", "alternate", "schedule"),
    ),
    _p("seed_iter_N", "int", 1, "generation", least=1),
    _p("use_init", "bool", False, "init"),
    _p("strength", "number", 0.8, "init", low=0, high=1),
    _p("strength_0_no_init", "bool", True, "init"),
    _p("init_image", "text", "", "init"),
    _p("use_mask", "bool", False, "masks"),
    _p("use_alpha_as_mask", "bool", False, "masks"),
    _p("mask_file", "text", "", "masks"),
    _p("invert_mask", "bool", False, "masks"),
    _p("mask_contrast_adjust", "number", 1.0, "masks"),
    _p("mask_brightness_adjust", "number", 1.0, "masks"),
    _p("overlay_mask", "bool", True, "masks"),
    _p("mask_overlay_blur", "int", 4, "masks", low=0, high=64),
    _p(
        "fill",
        "choice",
        "original",
        "masks",
        choices=("fill", "original", "latent noise", "latent nothing"),
    ),
    _p("full_res_mask", "bool", True, "masks"),
    _p("full_res_mask_padding", "int", 4, "masks", low=0, high=512),
    _p(
        "reroll_blank_frames",
        "choice",
        "ignore",
        "masks",
        choices=("reroll", "interrupt", "ignore"),
    ),
    _p("reroll_patience", "int", 10, "masks", least=1),
    _p("motion_preview_mode", "bool", False, "run"),
    _p("prompts", "prompts", {"0": ""}, "prompts"),
    _p("animation_prompts_positive", "text", "", "prompts"),
    _p("animation_prompts_negative", "text", "nsfw, nude", "prompts"),
    _p(
        "animation_mode",
        "choice",
        "2D",
        "animation",
        choices=("2D", "3D", "Video Input", "Interpolation"),
    ),
    _p("max_frames", "int", 120, "animation", least=1),
    _p("border", "choice", "replicate", "animation", choices=("replicate", "wrap")),
    _p("angle", "schedule", "0: (0)", "motion"),
    _p("zoom", "schedule", "0: (1.0025+0.002*sin(1.25*3.14*t/30))", "motion"),
    _p("translation_x", "schedule", "0: (0)", "motion"),
    _p("translation_y", "schedule", "0: (0)", "motion"),
    _p("translation_z", "schedule", "0: (1.75)", "motion"),
    _p("transform_center_x", "schedule", "0: (0.5)", "motion"),
    _p("transform_center_y", "schedule", "0: (0.5)", "motion"),
    _p("rotation_3d_x", "schedule", "0: (0)", "motion"),
    _p("rotation_3d_y", "schedule", "0: (0)", "motion"),
    _p("rotation_3d_z", "schedule", "0: (0)", "motion"),
    _p("enable_perspective_flip", "bool", False, "motion"),
    _p("perspective_flip_theta", "schedule", "0: (0)", "motion"),
    _p("perspective_flip_phi", "schedule", "0: (0)", "motion"),
    _p("perspective_flip_gamma", "schedule", "0: (0)", "motion"),
    _p("perspective_flip_fv", "schedule", "0: (53)", "motion"),
    _p("noise_schedule", "schedule", "0: (0.065)", "noise"),
    _p("strength_schedule", "schedule", "0: (0.65)", "generation"),
    _p("contrast_schedule", "schedule", "0: (1.0)", "generation"),
    _p("cfg_scale_schedule", "schedule", "0: (7)", "generation"),
    _p("enable_steps_scheduling", "bool", False, "generation"),
    _p("steps_schedule", "schedule", "0: (25)", "generation"),
    _p("fov_schedule", "schedule", "0: (70)", "depth"),
    _p("aspect_ratio_schedule", "schedule", "0: (1)", "depth"),
    _p("aspect_ratio_use_old_formula", "bool", False, "depth"),
    _p("near_schedule", "schedule", "0: (200)", "depth"),
    _p("far_schedule", "schedule", "0: (10000)", "depth"),
    _p("seed_schedule", "schedule", '0:(s), 1:(-1), "max_f-2":(-1), "max_f-1":(s)', "generation"),
    _p("pix2pix_img_cfg_scale_schedule", "schedule", "0:(1.5)", "run"),
    _p("enable_subseed_scheduling", "bool", False, "generation"),
    _p("subseed_schedule", "schedule", "0: (1)", "generation"),
    _p("subseed_strength_schedule", "schedule", "0: (0)", "generation"),
    _p("enable_sampler_scheduling", "bool", False, "generation"),
    _p("sampler_schedule", "texts", '0: ("Euler a")', "generation"),
    _p("use_noise_mask", "bool", False, "masks"),
    _p("mask_schedule", "texts", '0: ("{video_mask}")', "masks"),
    _p("noise_mask_schedule", "texts", '0: ("{video_mask}")', "masks"),
    _p("enable_checkpoint_scheduling", "bool", False, "generation"),
    _p(
        "checkpoint_schedule",
        "texts",
        '0: ("model1.ckpt"), 100: ("model2.safetensors")',
        "generation",
    ),
    _p("enable_clipskip_scheduling", "bool", False, "generation"),
    _p("clipskip_schedule", "schedule", "0: (2)", "generation"),
    _p("enable_noise_multiplier_scheduling", "bool", True, "generation"),
    _p("noise_multiplier_schedule", "schedule", "0: (1.05)", "generation"),
    _p("resume_from_timestring", "bool", False, "run"),
    _p("resume_timestring", "text", "20230129210106", "run"),
    _p("enable_ddim_eta_scheduling", "bool", False, "run"),
    _p("ddim_eta_schedule", "schedule", "0: (0)", "run"),
    _p("enable_ancestral_eta_scheduling", "bool", False, "run"),
    _p("ancestral_eta_schedule", "schedule", "0: (1)", "run"),
    _p("amount_schedule", "schedule", "0: (0.1)", "coherence"),
    _p("kernel_schedule", "schedule", "0: (5)", "coherence"),
    _p("sigma_schedule", "schedule", "0: (1)", "coherence"),
    _p("threshold_schedule", "schedule", "0: (0)", "coherence"),
    _p(
        "color_coherence",
        "choice",
        "LAB",
        "coherence",
        choices=("None", "HSV", "LAB", "RGB", "Video Input", "Image"),
    ),
    _p("color_coherence_image_path", "text", "", "coherence"),
    _p("color_coherence_video_every_N_frames", "int", 1, "coherence"),
    _p("color_force_grayscale", "bool", False, "coherence"),
    _p("legacy_colormatch", "bool", False, "coherence"),
    _p("diffusion_cadence", "int", 2, "cadence", low=1, high=50, least=1),
    _p(
        "optical_flow_cadence",
        "choice",
        "None",
        "cadence",
        choices=("None", "RAFT", "DIS Medium", "DIS Fine", "Farneback"),
    ),
    _p("cadence_flow_factor_schedule", "schedule", "0: (1)", "cadence"),
    _p(
        "optical_flow_redo_generation",
        "choice",
        "None",
        "cadence",
        choices=("None", "RAFT", "DIS Medium", "DIS Fine", "Farneback"),
    ),
    _p("redo_flow_factor_schedule", "schedule", "0: (1)", "cadence"),
    _p("diffusion_redo", "int", 0, "coherence", least=0),
    _p("noise_type", "choice", "perlin", "noise", choices=("uniform", "perlin")),
    _p("perlin_octaves", "int", 4, "noise", low=1, high=7, least=1),
    _p("perlin_persistence", "number", 0.5, "noise", low=0, high=1),
    _p("use_depth_warping", "bool", True, "depth"),
    _p(
        "depth_algorithm",
        "choice",
        "Midas-3-Hybrid",
        "depth",
        choices=(
            "Midas+AdaBins (old)",
            "Zoe+AdaBins (old)",
            "Midas-3-Hybrid",
            "AdaBins",
            "Zoe",
            "Leres",
        ),
        open=True,
    ),
    _p("midas_weight", "number", 0.2, "depth"),
    _p("padding_mode", "choice", "border", "depth", choices=("border", "reflection", "zeros")),
    _p("sampling_mode", "choice", "bicubic", "depth", choices=("bicubic", "bilinear", "nearest")),
    _p("save_depth_maps", "bool", False, "depth"),
    _p("video_init_path", "text", "", "init"),
    _p("extract_nth_frame", "int", 1, "init"),
    _p("extract_from_frame", "int", 0, "init"),
    _p("extract_to_frame", "int", -1, "init"),
    _p("overwrite_extracted_frames", "bool", False, "init"),
    _p("use_mask_video", "bool", False, "init"),
    _p("video_mask_path", "text", "", "init"),
    _p("hybrid_comp_alpha_schedule", "schedule", "0:(0.5)", "hybrid"),
    _p("hybrid_comp_mask_blend_alpha_schedule", "schedule", "0:(0.5)", "hybrid"),
    _p("hybrid_comp_mask_contrast_schedule", "schedule", "0:(1)", "hybrid"),
    _p("hybrid_comp_mask_auto_contrast_cutoff_high_schedule", "schedule", "0:(100)", "hybrid"),
    _p("hybrid_comp_mask_auto_contrast_cutoff_low_schedule", "schedule", "0:(0)", "hybrid"),
    _p("hybrid_flow_factor_schedule", "schedule", "0:(1)", "hybrid"),
    _p("hybrid_generate_inputframes", "bool", False, "hybrid"),
    _p(
        "hybrid_generate_human_masks",
        "choice",
        "None",
        "hybrid",
        choices=("None", "PNGs", "Video", "Both"),
    ),
    _p("hybrid_use_first_frame_as_init_image", "bool", True, "hybrid"),
    _p(
        "hybrid_motion",
        "choice",
        "None",
        "hybrid",
        choices=("None", "Optical Flow", "Perspective", "Affine"),
    ),
    _p("hybrid_motion_use_prev_img", "bool", False, "hybrid"),
    _p("hybrid_flow_consistency", "bool", False, "hybrid"),
    _p("hybrid_consistency_blur", "int", 2, "hybrid", low=0, high=16),
    _p(
        "hybrid_flow_method",
        "choice",
        "RAFT",
        "hybrid",
        choices=("RAFT", "DIS Medium", "DIS Fine", "Farneback"),
    ),
    _p(
        "hybrid_composite",
        "choice",
        "None",
        "hybrid",
        choices=("None", "Normal", "Before Motion", "After Generation"),
    ),
    _p("hybrid_use_init_image", "bool", False, "hybrid"),
    _p(
        "hybrid_comp_mask_type",
        "choice",
        "None",
        "hybrid",
        choices=("None", "Depth", "Video Depth", "Blend", "Difference"),
    ),
    _p("hybrid_comp_mask_inverse", "bool", False, "hybrid"),
    _p(
        "hybrid_comp_mask_equalize",
        "choice",
        "None",
        "hybrid",
        choices=("None", "Before", "After", "Both"),
    ),
    _p("hybrid_comp_mask_auto_contrast", "bool", False, "hybrid"),
    _p("hybrid_comp_save_extra_frames", "bool", False, "hybrid"),
    _p("parseq_manifest", "text", None, "parseq"),
    _p("parseq_use_deltas", "bool", True, "parseq"),
    _p("parseq_non_schedule_overrides", "bool", True, "parseq"),
    _p("use_looper", "bool", False, "guided"),
    _p("init_images", "json", {}, "guided"),
    _p("image_strength_schedule", "schedule", "0:(0.75)", "guided"),
    _p("blendFactorMax", "schedule", "0:(0.35)", "guided"),
    _p("blendFactorSlope", "schedule", "0:(0.25)", "guided"),
    _p("tweening_frames_schedule", "schedule", "0:(20)", "guided"),
    _p("color_correction_factor", "schedule", "0:(0.075)", "guided"),
)
_LAST = (
    _p("skip_video_creation", "bool", False, "video"),
    _p("fps", "number", 15, "video", low=1, high=240, least=1),
    _p("make_gif", "bool", False, "video"),
    _p("delete_imgs", "bool", False, "video"),
    _p("delete_input_frames", "bool", False, "video"),
    _p("add_soundtrack", "choice", "None", "video", choices=("None", "File", "Init Video")),
    _p("soundtrack_path", "text", "", "video"),
    _p("r_upscale_video", "bool", False, "upscaling"),
    _p("r_upscale_factor", "choice", "x2", "upscaling", choices=("x2", "x3", "x4"), open=True),
    _p(
        "r_upscale_model",
        "choice",
        "realesr-animevideov3",
        "upscaling",
        choices=("realesr-animevideov3", "realesrgan-x4plus", "realesrgan-x4plus-anime"),
        open=True,
    ),
    _p("r_upscale_keep_imgs", "bool", True, "upscaling"),
    _p("store_frames_in_ram", "bool", False, "video"),
    _p(
        "frame_interpolation_engine",
        "choice",
        "None",
        "interpolation",
        choices=("None", "RIFE v4.6", "FILM"),
        open=True,
    ),
    _p("frame_interpolation_x_amount", "int", 2, "interpolation", low=2, high=10),
    _p("frame_interpolation_slow_mo_enabled", "bool", False, "interpolation"),
    _p("frame_interpolation_slow_mo_amount", "int", 2, "interpolation", low=2, high=10),
    _p("frame_interpolation_keep_imgs", "bool", False, "interpolation"),
    _p("frame_interpolation_use_upscaled", "bool", False, "interpolation"),
    _p("init_image_box", "image", None, "init", saved=False),
    _p("perlin_w", "number", 8, "noise", low=0.1, high=16, saved=False),
    _p("perlin_h", "number", 8, "noise", low=0.1, high=16, saved=False),
    _p("image_path", "text", "", "video", saved=False),
)

_CONTROLNET: tuple[tuple[str, Kind, Any, tuple[str, ...]], ...] = (
    ("overwrite_frames", "bool", True, ()),
    ("vid_path", "text", "", ()),
    ("mask_vid_path", "text", "", ()),
    ("enabled", "bool", False, ()),
    ("low_vram", "bool", False, ()),
    ("pixel_perfect", "bool", False, ()),
    ("module", "text", "none", ()),
    ("model", "text", "None", ()),
    ("weight", "schedule", "0:(1)", ()),
    ("guidance_start", "schedule", "0:(0.0)", ()),
    ("guidance_end", "schedule", "0:(1.0)", ()),
    ("processor_res", "number", 64, ()),
    ("threshold_a", "number", 64, ()),
    ("threshold_b", "number", 64, ()),
    (
        "resize_mode",
        "choice",
        "Inner Fit (Scale to Fit)",
        ("Outer Fit (Shrink to Fit)", "Inner Fit (Scale to Fit)", "Just Resize"),
    ),
    (
        "control_mode",
        "choice",
        "Balanced",
        ("Balanced", "My prompt is more important", "ControlNet is more important"),
    ),
    ("loopback_mode", "bool", False, ()),
)


def _controlnet(unit: int) -> tuple[Parameter, ...]:
    return tuple(
        Parameter(f"cn_{unit}_{name}", kind, default, "controlnet", choices, open=True)
        for name, kind, default, choices in _CONTROLNET
    )


_OURS = (
    _p("bpm", "number", 120, "animation", least=1),
    _p("prompt_blend", "text", "", "prompts"),
    _p("series", "json", {}, "animation"),
    _p("schedules", "json", {}, "animation"),
    _p("depth_source", "text", "", "depth"),
    _p("labels", "json", {}, "animation"),
    _p("camera", "choice", "relative", "motion", choices=("relative", "absolute")),
    _p("shake", "json", {}, "motion"),
    _p("diffuse", "choice", "cadence", "animation", choices=("cadence", "keys")),
)

DEFORUM: Mapping[str, Parameter] = {
    parameter.name: parameter
    for parameter in (
        *_FIRST,
        *(row for unit in range(1, CONTROLNET_UNITS + 1) for row in _controlnet(unit)),
        *_LAST,
    )
}
"""Deforum's parameters by name, in the order of its settings files."""

NATIVE: Mapping[str, Parameter] = {parameter.name: parameter for parameter in _OURS}
"""What native mode has besides.

`bpm` beats a minute, for keys in beats; `prompt_blend` the easing from one prompt to the next,
`step` for none; `series` named numbers for formulas, each one or a list over the frames;
`schedules` more schedules by name, for the values of extensions; `depth_source` a picture or film
of depths, white near, in place of a network; `labels` names for frames, times and beats; `camera`
whether its schedules say how much each frame moves or where the camera is; `shake` a hand that
holds it (`webui.timeline.camera.Shake`); `diffuse` whether frames are generated in a cadence, or
where keys of prompts, guiding pictures and the strength stand.
"""

PARAMETERS: Mapping[str, Parameter] = {**DEFORUM, **NATIVE}
