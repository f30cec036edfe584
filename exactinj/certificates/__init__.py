"""Certificates: one file for the data of each rule, and how they are written."""
