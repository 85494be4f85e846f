"""The contact angle against composition: curve, findings, tables and pictures."""
