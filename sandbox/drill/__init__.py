"""The drill: the real engine between two systems in memory, under people, faults and crashes, judged afterwards."""
