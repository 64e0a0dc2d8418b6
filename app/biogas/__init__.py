"""The biogas room: digesters, fillings, expected and actual production, reports."""
