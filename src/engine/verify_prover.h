/* One scratch database in which migrations are proved one after the other. Between the files that
 * verify; nobody else includes this. */
#ifndef WINCH_ENGINE_VERIFY_PROVER_H
#define WINCH_ENGINE_VERIFY_PROVER_H

#include "engine/scratch.h"
#include "engine/verify.h"

struct prover;

/* Makes its own database on scratch, which has to outlive it, as settings and set have. */
struct prover *prover_open(struct scratch *scratch, const struct engine_settings *settings,
                           struct migration_set *set, struct cancellation *cancellation,
                           GError **error);
void prover_close(struct prover *prover);
DEFINE_AUTOPTR(prover, prover_close);

/* Takes a migration up and down and up again, and compares; or takes it up alone. What came of it
 * goes into result. Afterwards it is up, or as if it never had been, where its up fails; what needs
 * it is skipped then. FALSE when it cannot go on: the server is gone, or somebody cancelled. */
gboolean prover_prove(struct prover *prover, const struct migration *migration,
                      struct verify_result *result, GError **error);
gboolean prover_apply(struct prover *prover, const struct migration *migration, GError **error);

/* Puts rows in. */
gboolean prover_seed(struct prover *prover, const char *script, GError **error);

/* verify_compare.c: adds what turned before into after to the findings of result. again says that
 * the second up is compared with the first one. */
struct catalog;
void verify_compare_catalogs(struct verify_result *result, const struct catalog *before,
                             const struct catalog *after, gboolean again);
/* Of struct row_sum; what_rows, for people: "the rows made for this". */
void verify_compare_rows(struct verify_result *result, const GArray *before, const GArray *after,
                         const char *what_rows);
void verify_add(struct verify_result *result, enum verify_class class_, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
void verify_note(struct verify_result *result, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* The notes of the up file decide what is allowed, and that what class it comes to. */
void verify_judge(struct verify_result *result, const struct migration *migration);

/* verify_cache.c: what was known before, by the texts of everything up to a migration. */
struct verify_cache;
struct verify_cache *verify_cache_open(const char *directory, const char *server,
                                       struct migration_set *set, const GArray *seeds,
                                       GError **error);
void verify_cache_close(struct verify_cache *cache);
DEFINE_AUTOPTR(verify_cache, verify_cache_close);
/* NULL when it is not known. */
struct verify_result *verify_cache_read(struct verify_cache *cache,
                                        const struct migration *migration);
/* Best effort; any thread. */
void verify_cache_write(struct verify_cache *cache, const struct migration *migration,
                        const struct verify_result *result);

#endif
