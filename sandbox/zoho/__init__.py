"""Zoho CRM v8 as a local server."""
