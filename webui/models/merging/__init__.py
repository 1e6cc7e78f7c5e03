"""Checkpoints made of checkpoints, tensor by tensor: no more than a few are held at a time."""
