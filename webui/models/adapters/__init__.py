"""Adapters: small files that change the weights of a model for a prompt (LoRA and its kin)."""
