"""A farm to try out: its animals, land and health, invented alike every time, stored through the rooms' own rules."""
