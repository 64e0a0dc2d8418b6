"""The herd: species, breeds, animals, their tags, pictures and pedigree, controls. Where they graze is land's part."""
