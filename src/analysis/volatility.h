/* Whether a function may give another result each time: what decides if a new column's default has
 * to be written into every row (PostgreSQL manual, ALTER TABLE, Notes; section 38.7). */
#ifndef WINCH_ANALYSIS_VOLATILITY_H
#define WINCH_ANALYSIS_VOLATILITY_H

enum volatility {
    VOLATILITY_STABLE, /* or immutable: asked once */
    VOLATILITY_VOLATILE,
    VOLATILITY_UNKNOWN, /* not a function that is known here */
};

/* schema may be NULL; so may name. */
enum volatility volatility_of(const char *schema, const char *name);

#endif
