"""A trial of a configuration: people, faults and the judgement of what came of it; knows no room of the house."""
