"""The look of Gradio's own parts, so that an extension's tab matches ours (assets/base.css)."""

from __future__ import annotations

from webui.ui.gradio_import import Base


def theme() -> Base:
    """Quiet, compact, system fonts; colours are the variables of base.css."""
    return Base(
        spacing_size="sm",
        radius_size="md",
        text_size="md",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    ).set(
        **_both("body_background_fill", "var(--paper)"),
        **_both("body_text_color", "var(--ink)"),
        **_both("body_text_color_subdued", "var(--soft)"),
        **_both("background_fill_primary", "var(--panel)"),
        **_both("background_fill_secondary", "var(--well)"),
        **_both("block_background_fill", "transparent"),
        **_both("block_border_width", "0px"),
        **_both("block_label_text_color", "var(--soft)"),
        **_both("block_title_text_color", "var(--ink)"),
        **_both("block_info_text_color", "var(--soft)"),
        **_both("border_color_primary", "var(--line)"),
        **_both("border_color_accent", "var(--accent)"),
        **_both("color_accent_soft", "var(--accent-soft)"),
        **_both("input_background_fill", "var(--well)"),
        **_both("input_background_fill_focus", "var(--panel)"),
        **_both("input_border_width", "1px"),
        **_both("input_border_color_focus", "var(--accent)"),
        input_radius="8px",
        block_padding="0px",
        button_large_radius="10px",
        button_large_text_size="14px",
        **_both("checkbox_background_color_selected", "var(--accent-fill)"),
        **_both("checkbox_border_color", "var(--edge)"),
        **_both("checkbox_border_color_selected", "var(--accent-fill)"),
        **_both("checkbox_label_background_fill", "var(--well)"),
        **_both("checkbox_label_background_fill_selected", "var(--accent-soft)"),
        **_both("checkbox_label_text_color_selected", "var(--ink)"),
        **_both("input_border_color", "var(--line)"),
        **_both("input_placeholder_color", "var(--soft)"),
        **_both("button_primary_background_fill", "var(--accent-fill)"),
        **_both("button_primary_background_fill_hover", "var(--accent-fill-hover)"),
        **_both("button_primary_text_color", "var(--on-accent)"),
        **_both("button_secondary_background_fill", "var(--well)"),
        **_both("button_secondary_background_fill_hover", "var(--line)"),
        **_both("button_secondary_text_color", "var(--ink)"),
        **_both("link_text_color", "var(--accent)"),
        **_both("slider_color", "var(--accent)"),
    )


def _both(name: str, value: str) -> dict[str, str]:
    """One value for light and dark: the variables of base.css already know which it is."""
    return {name: value, f"{name}_dark": value}
