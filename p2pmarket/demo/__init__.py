"""The main job on real input: four households as four processes on this computer."""
