"""Shapes of the room herd."""
