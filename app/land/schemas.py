"""Shapes of the room land."""
