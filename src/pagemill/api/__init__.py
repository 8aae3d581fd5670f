"""HTTP: translates the wire to the model and back. It knows jobs, and knows no fetching."""
