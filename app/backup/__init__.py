"""Backups: the farm's rows and files in one checksummed file, and back. Which tables there are, the models say."""
