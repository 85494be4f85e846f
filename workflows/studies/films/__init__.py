"""Liquid films on solids: cut, melt, sample, quench; what the studies of wetting and adhesion share."""
