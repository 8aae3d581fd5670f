"""`pagemill doctor`: says what is well and what is not, before the service starts or while it runs."""
