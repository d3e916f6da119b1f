"""What `duban drill` is made of: its own ground, its people, the truth read back."""
