"""The users room: people, roles, permissions and tokens. Knows nothing of what they work on."""
