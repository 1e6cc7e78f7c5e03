"""Easel: a Stable Diffusion web UI that draws the minute it is cloned."""

__version__ = "0.1.0"
