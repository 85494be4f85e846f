"""Ordered cells of crystals with partly filled or shared sites."""
