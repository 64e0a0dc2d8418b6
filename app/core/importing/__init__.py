"""Spreadsheets in: reading them, understanding their columns and rows, previewing and storing them all or nothing."""
