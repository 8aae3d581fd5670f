"""The JSON of the API: request fields checked, answers and errors written, encodings and streaming. It alone knows
camelCase."""
