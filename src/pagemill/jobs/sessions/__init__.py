"""Sessions: the cookies and the storage of a browser context, kept encrypted under a name."""
