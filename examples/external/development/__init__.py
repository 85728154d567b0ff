"""What only development needs; the settings install this app only there."""
