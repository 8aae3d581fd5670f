"""The web interface: pages for people, made by the API itself. Routes at `/` and below `/ui`."""
