"""What the exit status of a command means."""

OK = 0
CRASH = 1
LOST_ANSWER = 1  # standard output did not take it: never a status that reads as proved
USAGE = 2
BAD_INPUT = 3
REJECTED = 4
NOT_INJECTIVE = 10
SEVERAL = 10  # inputs have the output
UNKNOWN = 11
OUT_OF_BUDGET = 12
NO_PREIMAGE = 13
INTERRUPTED = 130
