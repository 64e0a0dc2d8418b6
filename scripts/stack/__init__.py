"""The whole farm on this machine from the files in deploy/, in a folder and on ports of its own: `make stack`."""
