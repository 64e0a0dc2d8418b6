"""The sensors room: from the wire to the screen. Knows devices and channels, not digesters."""
