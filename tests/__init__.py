"""The tests of Navette: a folder per package of `services`, and `tidy` for the house itself."""
