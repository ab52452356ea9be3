"""Sheets to print: an invite as flyer or poster, as PDF or SVG."""
