"""Maps and crawls: what is fetched of a site, beside its pages' contents."""
