"""How the parts are run together: containers, dashboards, what is scraped."""
