"""What Firecrawl's requests ask for, in this service's terms: fields, formats, actions, sites."""
