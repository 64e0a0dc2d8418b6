"""Shapes of the room activity."""
