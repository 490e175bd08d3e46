/* Evidence: gathered by a driver, immutable from then on. */
#include "database/evidence.h"

struct evidence *evidence_ref(struct evidence *evidence)
{
    g_atomic_ref_count_inc(&evidence->references);
    return evidence;
}

void evidence_unref(struct evidence *evidence)
{
    if (!g_atomic_ref_count_dec(&evidence->references))
        return;
    g_free((gpointer)(gsize)evidence->locks);
    g_free((gpointer)(gsize)evidence->rewrites);
    g_free((gpointer)(gsize)evidence->scans);
    g_free((gpointer)(gsize)evidence->said);
    g_string_chunk_free(evidence->strings);
    g_free(evidence);
}

const struct evidence_lock *evidence_strongest(const struct evidence *evidence)
{
    for (guint i = 0; i < evidence->lock_count; i++)
        if (!evidence->locks[i].relation.is_new)
            return &evidence->locks[i];
    return NULL;
}

const char *evidence_kind_text(char kind)
{
    static const struct {
        char kind;
        const char *text;
    } kinds[] = {
        {'r', "table"},
        {'p', "partitioned table"},
        {'i', "index"},
        {'I', "partitioned index"},
        {'S', "sequence"},
        {'v', "view"},
        {'m', "materialized view"},
        {'f', "foreign table"},
        {'c', "composite type"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (kinds[i].kind == kind)
            return kinds[i].text;
    return "relation";
}

/* ---- building -------------------------------------------------------------------------------- */

void evidence_builder_init(struct evidence_builder *builder)
{
    builder->locks = g_array_new(FALSE, FALSE, sizeof(struct evidence_lock));
    builder->rewrites = g_array_new(FALSE, FALSE, sizeof(struct evidence_rewrite));
    builder->scans = g_array_new(FALSE, FALSE, sizeof(struct evidence_scan));
    builder->said = g_ptr_array_new();
    builder->strings = g_string_chunk_new(256);
}

void evidence_builder_clear(struct evidence_builder *builder)
{
    g_array_unref(builder->locks);
    g_array_unref(builder->rewrites);
    g_array_unref(builder->scans);
    g_ptr_array_unref(builder->said);
    g_string_chunk_free(builder->strings);
}

struct evidence_relation evidence_builder_relation(struct evidence_builder *builder,
                                                   const char *name, char kind, gboolean is_new)
{
    return (struct evidence_relation){
        .name = g_string_chunk_insert_const(builder->strings, name),
        .kind = kind,
        .is_new = is_new,
    };
}

/* Strongest first; what somebody else may want before what is new; tables before what belongs to
 * them; by name. */
static gint compare_locks(gconstpointer one, gconstpointer other)
{
    const struct evidence_lock *a = one, *b = other;
    if (a->relation.is_new != b->relation.is_new)
        return a->relation.is_new ? 1 : -1;
    if (a->mode != b->mode)
        return a->mode > b->mode ? -1 : 1;
    gboolean a_is_table = a->relation.kind == 'r' || a->relation.kind == 'p';
    gboolean b_is_table = b->relation.kind == 'r' || b->relation.kind == 'p';
    if (a_is_table != b_is_table)
        return a_is_table ? -1 : 1;
    return g_strcmp0(a->relation.name, b->relation.name);
}

struct evidence *evidence_builder_finish(struct evidence_builder *builder, const char *tag)
{
    struct evidence *evidence = g_new0(struct evidence, 1);
    g_atomic_ref_count_init(&evidence->references);
    g_array_sort(builder->locks, compare_locks);
    evidence->tag = g_string_chunk_insert(builder->strings, tag);
    evidence->lock_count = builder->locks->len;
    evidence->rewrite_count = builder->rewrites->len;
    evidence->scan_count = builder->scans->len;
    evidence->said_count = builder->said->len;
    evidence->locks = (gpointer)g_array_free(builder->locks, FALSE);
    evidence->rewrites = (gpointer)g_array_free(builder->rewrites, FALSE);
    evidence->scans = (gpointer)g_array_free(builder->scans, FALSE);
    evidence->said = (gpointer)g_ptr_array_free(builder->said, FALSE);
    evidence->strings = builder->strings;
    evidence_builder_init(builder);
    return evidence;
}
