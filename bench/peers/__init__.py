"""The service and what people use in its place, side by side."""
