"""Molecular dynamics: runs that can be stopped and resumed, melting and quenching."""
