"""What an electrolyte becomes: reactions in contact, and the voltages it withstands."""
