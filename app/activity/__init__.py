"""Activity: who changed what, kept with the change itself, and the stream that tells the screens."""
