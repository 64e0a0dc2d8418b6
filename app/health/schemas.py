"""Shapes of the room health."""
