"""The networks and what loads them. Whatever imports this never asks a model hub for anything."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"  # read once, when the libraries are imported
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
