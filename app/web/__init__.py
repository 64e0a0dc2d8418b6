"""The web client this project ships: one page, its scripts and styles. It speaks to the API like any other client."""
