"""Driving calls: the clock, the tasks of one call, the choice of the engine."""
