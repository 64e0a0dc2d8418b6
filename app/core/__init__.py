"""What every room stands on. Knows no farm: nothing here may name an animal, a sensor or a digester."""
