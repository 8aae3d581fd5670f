"""Values looked up in a page's text: numbers, dates and phrases, however they are written."""
