"""The contact angle of a solution on a solid, from quenched films to the curve."""
