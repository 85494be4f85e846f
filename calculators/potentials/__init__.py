"""Potentials by name: what each is and covers, how it is loaded, and the dispersion that is added."""
