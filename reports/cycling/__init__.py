"""Amalgam films in time: tables, pictures and section of the report."""
