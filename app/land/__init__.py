"""The land: paddocks, what grows in them, and which animals stayed where and when."""
