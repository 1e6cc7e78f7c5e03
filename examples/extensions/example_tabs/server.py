"""A tab of Gradio's parts: it counts letters."""

import gradio as gr

from webui.ext import Tab, hookimpl


def build() -> None:
    words = gr.Textbox(label="Words")
    count = gr.Number(label="Letters")
    gr.Button("Count").click(len, words, count)


@hookimpl
def register_tabs() -> list[Tab]:
    return [Tab("letters", {"en": "Letters", "pl": "Litery"}, build)]
