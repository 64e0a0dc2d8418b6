"""Analytics: what many rooms say together. It reads everyone and owns no table."""
