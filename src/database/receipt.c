/* Comparing what was there with what is left of it. */
#include "database/receipt.h"

#include <string.h>

#include "database/driver.h"
#include "database/inventory.h"

/* ---- kinds ----------------------------------------------------------------------------------- */

static const struct {
    const char *one, *many;
} kinds[LOSS_KINDS] = {
    [LOSS_TABLE] = {"table", "tables"},
    [LOSS_COLUMN] = {"column", "columns"},
    [LOSS_EMPTIED] = {"table emptied", "tables emptied"},
    [LOSS_DELETED] = {"rows deleted", "rows deleted"},
    [LOSS_UPDATED] = {"rows updated", "rows updated"},
    [LOSS_MATERIALIZED_VIEW] = {"materialized view", "materialized views"},
    [LOSS_VIEW] = {"view", "views"},
    [LOSS_SEQUENCE] = {"sequence", "sequences"},
    [LOSS_INDEX] = {"index", "indexes"},
    [LOSS_CONSTRAINT] = {"constraint", "constraints"},
    [LOSS_TRIGGER] = {"trigger", "triggers"},
    [LOSS_POLICY] = {"policy", "policies"},
    [LOSS_RULE] = {"rule", "rules"},
    [LOSS_STATISTICS] = {"statistics object", "statistics objects"},
    [LOSS_TYPE] = {"type", "types"},
    [LOSS_FUNCTION] = {"function", "functions"},
    [LOSS_EXTENSION] = {"extension", "extensions"},
    [LOSS_SCHEMA] = {"schema", "schemas"},
};

const char *loss_kind_name(enum loss_kind kind, gboolean is_plural)
{
    return is_plural ? kinds[kind].many : kinds[kind].one;
}

gboolean loss_kind_holds_data(enum loss_kind kind)
{
    return kind <= LOSS_UPDATED;
}

/* ---- lists ----------------------------------------------------------------------------------- */

struct item {
    struct inventory_item item; /* its strings are the inventory's */
    struct loss *loss;          /* once it is gone */
    gboolean is_emptied;
};

struct inventory {
    GStringChunk *strings;
    GPtrArray *items; /* of struct item *, as they were added */
    GHashTable *by_key, *by_alias;
    gboolean counts_changes;
};

static struct inventory *inventory_new(void)
{
    struct inventory *inventory = g_new0(struct inventory, 1);
    inventory->strings = g_string_chunk_new(4096);
    inventory->items = g_ptr_array_new_with_free_func(g_free);
    inventory->by_key = g_hash_table_new(g_str_hash, g_str_equal);
    inventory->by_alias = g_hash_table_new(g_str_hash, g_str_equal);
    return inventory;
}

void inventory_free(struct inventory *inventory)
{
    g_hash_table_unref(inventory->by_key);
    g_hash_table_unref(inventory->by_alias);
    g_ptr_array_unref(inventory->items);
    g_string_chunk_free(inventory->strings);
    g_free(inventory);
}

static const char *keep(struct inventory *inventory, const char *text)
{
    return text != NULL ? g_string_chunk_insert(inventory->strings, text) : NULL;
}

void inventory_add(struct inventory *inventory, const struct inventory_item *item)
{
    struct item *added = g_new0(struct item, 1);
    const char **const texts[] = {&added->item.key,  &added->item.parents, &added->item.alias,
                                  &added->item.name, &added->item.schema,  &added->item.object,
                                  &added->item.note, &added->item.column,  &added->item.bare};
    added->item = *item;
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        *texts[i] = keep(inventory, *texts[i]);
    g_ptr_array_add(inventory->items, added);
    g_hash_table_replace(inventory->by_key, (gpointer)(gsize)added->item.key, added);
    if (added->item.alias != NULL)
        g_hash_table_replace(inventory->by_alias, (gpointer)(gsize)added->item.alias, added);
}

static struct inventory *list(struct database *database, gboolean is_brief, GError **error)
{
    AUTOPTR(inventory) *inventory = inventory_new();
    inventory->counts_changes = database->driver->counts_changes;
    return database->driver->inventory_list(database, inventory, is_brief, error)
               ? g_steal_pointer(&inventory)
               : NULL;
}

struct inventory *database_inventory_read(struct database *database, GError **error)
{
    return list(database, FALSE, error);
}

gboolean inventory_counts_changes(const struct inventory *inventory)
{
    return inventory->counts_changes;
}

/* ---- losses ---------------------------------------------------------------------------------- */

static void loss_free(gpointer data)
{
    struct loss *loss = data;
    char *const owned[] = {loss->schema, loss->name,   loss->bare,   loss->note,
                           loss->copied, loss->object, loss->column, loss->since};
    for (gsize i = 0; i < G_N_ELEMENTS(owned); i++)
        g_free(owned[i]);
    g_free(loss);
}

struct loss *loss_new(enum loss_kind kind, guint step)
{
    struct loss *loss = g_new0(struct loss, 1);
    loss->kind = kind;
    loss->step = step;
    loss->rows = loss->of_rows = loss->bytes = loss->written_since = -1;
    return loss;
}

GPtrArray *losses_new(void)
{
    return g_ptr_array_new_with_free_func(loss_free);
}

struct comparison {
    struct inventory *before;
    guint step;
    const char *since;
    GPtrArray *losses;
};

static struct loss *add_loss(struct comparison *comparison, enum loss_kind kind,
                             const struct inventory_item *item)
{
    struct loss *loss = loss_new(kind, comparison->step);
    loss->schema = g_strdup(item->schema);
    loss->name = g_strdup(item->name);
    loss->bare = g_strdup(item->bare);
    loss->note = g_strdup(item->note);
    loss->object = g_strdup(item->object);
    loss->column = g_strdup(item->column);
    loss->oid = item->oid;
    loss->number = item->number;
    loss->since = g_strdup(comparison->since);
    g_ptr_array_add(comparison->losses, loss);
    return loss;
}

/* Single rows of a table do not matter any more once all of them are gone. */
static void forget_changes(const struct comparison *comparison, const struct inventory_item *item)
{
    for (guint i = comparison->losses->len; i-- > 0;) {
        const struct loss *loss = comparison->losses->pdata[i];
        if ((loss->kind == LOSS_DELETED || loss->kind == LOSS_UPDATED ||
             loss->kind == LOSS_EMPTIED) &&
            g_strcmp0(loss->name, item->name) == 0)
            g_ptr_array_remove_index(comparison->losses, i);
    }
}

static void add_change(struct comparison *comparison, enum loss_kind kind,
                       const struct inventory_item *item, gint64 rows)
{
    if (rows <= 0)
        return;
    struct loss *loss = add_loss(comparison, kind, item);
    loss->rows = rows;
    loss->basis = LOSS_EXACT;
}

static void compare_table(struct comparison *comparison, struct item *was,
                          const struct inventory_item *is)
{
    if (was->item.storage != is->storage && was->item.size > 0 && is->size == 0) {
        forget_changes(comparison, &was->item);
        add_loss(comparison, LOSS_EMPTIED, &was->item);
        was->is_emptied = TRUE;
        return;
    }
    add_change(comparison, LOSS_DELETED, &was->item, is->deleted - was->item.deleted);
    add_change(comparison, LOSS_UPDATED, &was->item, is->updated - was->item.updated);
    was->item.deleted = is->deleted;
    was->item.updated = is->updated;
}

static void compare_item(struct comparison *comparison, struct item *was, struct inventory *now)
{
    if (was->loss != NULL)
        return;
    const struct item *is = g_hash_table_lookup(now->by_key, was->item.key);
    if (is == NULL && was->item.alias != NULL)
        is = g_hash_table_lookup(now->by_alias, was->item.alias);
    if (is != NULL && was->item.kind == LOSS_TABLE && !was->is_emptied)
        compare_table(comparison, was, &is->item);
    if (is != NULL)
        return;
    if (was->item.kind == LOSS_TABLE)
        forget_changes(comparison, &was->item);
    was->loss = add_loss(comparison, was->item.kind, &was->item);
}

/* The loss that an item goes with: of the first of its parents that is gone. */
static const struct loss *taken_along_by(const struct inventory *before, const struct item *item)
{
    if (item->item.parents == NULL)
        return NULL;
    g_auto(GStrv) parents = g_strsplit(item->item.parents, " ", -1);
    for (char **parent = parents; *parent != NULL; parent++) {
        const struct item *found = g_hash_table_lookup(before->by_key, *parent);
        if (found != NULL && found != item && found->loss != NULL)
            return found->loss;
    }
    return NULL;
}

static void find_owners(struct comparison *comparison)
{
    for (guint i = 0; i < comparison->before->items->len; i++) {
        struct item *item = comparison->before->items->pdata[i];
        if (item->loss != NULL && item->loss->with == NULL)
            item->loss->with = taken_along_by(comparison->before, item);
    }
    /* straight to the one that stands for itself; a circle is no owner */
    for (guint i = 0; i < comparison->losses->len; i++) {
        struct loss *loss = comparison->losses->pdata[i];
        for (guint turns = 0; loss->with != NULL && loss->with->with != NULL && turns < 8; turns++)
            loss->with = loss->with->with != loss ? loss->with->with : NULL;
    }
}

static gint compare_losses(gconstpointer a, gconstpointer b)
{
    const struct loss *x = *(struct loss *const *)a, *y = *(struct loss *const *)b;
    if (x->step != y->step)
        return x->step < y->step ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return strcmp(x->name, y->name);
}

gboolean database_inventory_compare(struct database *database, struct inventory *inventory,
                                    guint step, const char *since, GPtrArray *losses,
                                    GError **error)
{
    struct comparison comparison = {inventory, step, since, losses};
    AUTOPTR(inventory) *now = list(database, TRUE, error);
    if (now == NULL)
        return FALSE;
    for (guint i = 0; i < inventory->items->len; i++)
        compare_item(&comparison, inventory->items->pdata[i], now);
    find_owners(&comparison);
    g_ptr_array_sort(losses, compare_losses);
    return TRUE;
}

/* ---- what is read and not run ---------------------------------------------------------------- */

static gboolean is_part_of(const struct item *item, const struct item *relation)
{
    const char *parents = item->item.parents;
    gsize length = strlen(relation->item.key);
    return parents != NULL && strncmp(parents, relation->item.key, length) == 0 &&
           (parents[length] == '\0' || parents[length] == ' ');
}

/* The only thing of this kind and name that is still there; relation: a part of this one. */
static struct item *find(const struct inventory *inventory, enum loss_kind kind, const char *schema,
                         const char *name, const struct item *relation)
{
    struct item *found = NULL;
    for (guint i = 0; i < inventory->items->len; i++) {
        struct item *item = inventory->items->pdata[i];
        gboolean fits = item->item.kind == kind && item->loss == NULL &&
                        g_strcmp0(item->item.bare, name) == 0 &&
                        (schema == NULL || g_strcmp0(item->item.schema, schema) == 0) &&
                        (relation == NULL || is_part_of(item, relation));
        if (fits && found != NULL)
            return NULL;
        if (fits)
            found = item;
    }
    return found;
}

static struct item *find_name(const struct inventory *inventory, const struct inventory_name *name)
{
    static const enum loss_kind owners[] = {LOSS_TABLE, LOSS_VIEW, LOSS_MATERIALIZED_VIEW};
    enum loss_kind kind = name->kind == LOSS_EMPTIED ? LOSS_TABLE : name->kind;
    if (name->relation == NULL)
        return find(inventory, kind, name->schema, name->name, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(owners); i++) {
        const struct item *owner = find(inventory, owners[i], name->schema, name->relation, NULL);
        struct item *found = owner != NULL ? find(inventory, kind, NULL, name->name, owner) : NULL;
        if (found != NULL)
            return found;
    }
    return NULL;
}

/* Everything that belongs to what is gone goes as well. */
static void take_parts(struct comparison *comparison)
{
    for (gboolean goes_on = TRUE; goes_on;) {
        goes_on = FALSE;
        for (guint i = 0; i < comparison->before->items->len; i++) {
            struct item *item = comparison->before->items->pdata[i];
            if (item->loss != NULL || taken_along_by(comparison->before, item) == NULL)
                continue;
            item->loss = add_loss(comparison, item->item.kind, &item->item);
            item->loss->with = taken_along_by(comparison->before, item);
            goes_on = TRUE;
        }
    }
}

static gboolean take_dependents(struct database *database, struct comparison *comparison,
                                const struct item *item, gboolean cascades, GPtrArray *others,
                                GError **error)
{
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);
    if (database->driver->inventory_dependents == NULL)
        return TRUE;
    if (!database->driver->inventory_dependents(database, item->item.key, keys, error))
        return FALSE;
    for (guint i = 0; i < keys->len; i++) {
        struct item *other = g_hash_table_lookup(comparison->before->by_key, keys->pdata[i]);
        if (other == NULL || other->loss != NULL)
            continue;
        if (cascades)
            other->loss = add_loss(comparison, other->item.kind, &other->item);
        else
            g_ptr_array_add(
                others, g_strdup_printf("%s %s", kinds[other->item.kind].one, other->item.name));
    }
    return TRUE;
}

gboolean database_inventory_take(struct database *database, struct inventory *inventory,
                                 const struct inventory_name *name, guint step, const char *since,
                                 GPtrArray *losses, GPtrArray *others, gboolean *is_there,
                                 GError **error)
{
    struct comparison comparison = {inventory, step, since, losses};
    struct item *item = find_name(inventory, name);
    *is_there = item != NULL;
    if (item == NULL)
        return FALSE;
    if (name->kind == LOSS_EMPTIED) {
        if (!item->is_emptied)
            add_loss(&comparison, LOSS_EMPTIED, &item->item);
        item->is_emptied = TRUE;
        return TRUE;
    }
    if (item->item.kind == LOSS_TABLE)
        forget_changes(&comparison, &item->item);
    item->loss = add_loss(&comparison, item->item.kind, &item->item);
    take_parts(&comparison);
    if (!take_dependents(database, &comparison, item, name->cascades, others, error))
        return FALSE;
    take_parts(&comparison);
    find_owners(&comparison);
    g_ptr_array_sort(losses, compare_losses);
    return TRUE;
}

gboolean database_losses_count(struct database *database, GPtrArray *losses, gint64 budget,
                               gint64 lock_timeout, GError **error)
{
    return losses->len == 0 ||
           database->driver->losses_count(database, losses, budget, lock_timeout, error);
}
