"""What exists in space: the phase library and prototype candidates."""
