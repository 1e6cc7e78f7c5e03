"""Where the weights of a loaded model are while it works, see `webui.core.memory`."""
