/* What a fuzz target defines: libFuzzer calls it, or replay.c where there is no libFuzzer. */
#ifndef WINCH_FUZZ_FUZZ_H
#define WINCH_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Feeds one input to the code under test; a broken promise aborts. Always returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
