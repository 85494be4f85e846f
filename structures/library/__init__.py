"""What crystals and liquids there are: the phase library, prototype candidates, electrolytes, liquid metals."""
