"""Makes the data of the demo model and trains it."""
