"""The plan of an animation: schedules, prompts and seeds of every frame, without any model."""
