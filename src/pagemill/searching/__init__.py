"""Web search by a service of the operator's choice: one adapter for each protocol. No page is fetched here."""
