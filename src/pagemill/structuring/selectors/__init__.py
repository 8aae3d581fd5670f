"""Selectors learned from one page of a template and used on the others."""
