/* A receipt in words. */
#include "engine/receipt.h"

#include "base/text.h"

#include <string.h>

static char *bytes_text(gint64 bytes)
{
    return g_format_size_full((guint64)bytes, G_FORMAT_SIZE_IEC_UNITS);
}

/* Without the schema that everybody is in. */
static const char *short_name(const struct receipt *receipt, const struct loss *loss)
{
    gsize length = receipt->schema != NULL ? strlen(receipt->schema) : 0;
    gboolean is_usual = length > 0 && g_strcmp0(loss->schema, receipt->schema) == 0 &&
                        strncmp(loss->name, receipt->schema, length) == 0 &&
                        loss->name[length] == '.';
    return is_usual ? loss->name + length + 1 : loss->name;
}

static void append_count(GString *text, const struct loss *loss)
{
    const char *about = loss->basis == LOSS_ESTIMATED ? "about " : "";
    g_autofree char *rows = text_count(loss->rows);
    g_autofree char *of_rows = text_count(loss->of_rows);
    if (loss->kind == LOSS_COLUMN)
        g_string_append_printf(text, ": %s%s %s", about, rows,
                               loss->rows == 1 ? "value" : "values");
    else
        g_string_append_printf(text, ": %s%s %s", about, rows, loss->rows == 1 ? "row" : "rows");
    if (loss->kind == LOSS_COLUMN && loss->of_rows >= 0)
        g_string_append_printf(text, " in %s%s %s", about, of_rows,
                               loss->of_rows == 1 ? "row" : "rows");
    if (loss->bytes >= 0) {
        g_autofree char *bytes = bytes_text(loss->bytes);
        g_string_append_printf(text, ", %s", bytes);
    }
    g_string_append(text, loss->basis == LOSS_EXACT ? " (exact)" : "");
}

static void append_written(GString *text, const struct loss *loss)
{
    g_autofree char *written = text_count(loss->written_since);
    if (loss->written_since < 0 || loss->rows == 0)
        return;
    if (loss->written_since == 0)
        g_string_append(text, "; none written since it was applied");
    else
        g_string_append_printf(text, "; %s%s written since it was applied",
                               loss->written_at_most ? "at most " : "", written);
}

static char *changed_text(const struct receipt *receipt, const struct loss *loss)
{
    g_autofree char *rows = text_count(loss->rows);
    return g_strdup_printf("%s %s %s of %s (counted while it ran)",
                           loss->kind == LOSS_DELETED ? "deletes" : "changes", rows,
                           loss->rows == 1 ? "row" : "rows", short_name(receipt, loss));
}

char *receipt_loss_text(const struct receipt *receipt, const struct loss *loss)
{
    if (loss->kind == LOSS_DELETED || loss->kind == LOSS_UPDATED)
        return changed_text(receipt, loss);
    GString *text = g_string_new(NULL);
    g_string_append_printf(
        text, "%s %s %s", loss->kind == LOSS_EMPTIED ? "empties" : "drops",
        loss_kind_name(loss->kind == LOSS_EMPTIED ? LOSS_TABLE : loss->kind, FALSE),
        short_name(receipt, loss));
    if (loss->basis != LOSS_NOT_COUNTED)
        append_count(text, loss);
    append_written(text, loss);
    if (loss->copied != NULL && loss->rows != 0)
        g_string_append_printf(text, "; %s", loss->copied);
    if (loss->note != NULL)
        g_string_append_printf(text, " (%s)", loss->note);
    if (loss->is_unnamed)
        g_string_append(text, "; the file does not name it: it goes along");
    return g_string_free(text, FALSE);
}

static void append_kinds(GString *text, const guint counts[LOSS_KINDS])
{
    for (guint kind = 0; kind < LOSS_KINDS; kind++) {
        if (counts[kind] == 0)
            continue;
        g_autofree char *some =
            text_plural(counts[kind], loss_kind_name(kind, FALSE), loss_kind_name(kind, TRUE));
        g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "", some);
    }
}

char *receipt_with_text(const struct receipt *receipt, const struct loss *loss)
{
    guint counts[LOSS_KINDS] = {0};
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < receipt->losses->len; i++) {
        const struct loss *other = receipt->losses->pdata[i];
        /* the columns of a table are no news */
        gboolean counts_in =
            other->with == loss && !(loss->kind == LOSS_TABLE && other->kind == LOSS_COLUMN);
        counts[other->kind] += counts_in ? 1 : 0;
    }
    append_kinds(text, counts);
    return g_string_free(text, text->len == 0);
}

/* What is gone, and how much of it. */
struct total {
    guint data[LOSS_KINDS], others[LOSS_KINDS];
    gint64 rows;
    gboolean is_known;
};

static struct total total_of(const struct receipt *receipt)
{
    struct total total = {.is_known = TRUE};
    for (guint i = 0; i < receipt->losses->len; i++) {
        const struct loss *loss = receipt->losses->pdata[i];
        if (loss->with != NULL)
            continue;
        gboolean holds_data = loss_kind_holds_data(loss->kind);
        (holds_data ? total.data : total.others)[loss->kind]++;
        if (loss->kind == LOSS_UPDATED || loss->kind == LOSS_DELETED)
            (holds_data ? total.data : total.others)[loss->kind] += (guint)loss->rows - 1;
        if (!holds_data || loss->kind == LOSS_COLUMN)
            continue;
        total.rows += MAX(loss->rows, 0);
        total.is_known = total.is_known && loss->basis != LOSS_NOT_COUNTED;
    }
    return total;
}

static gboolean is_all_seen(const struct receipt *receipt)
{
    for (guint i = 0; i < receipt->plan->steps->len; i++)
        if (!receipt->steps[i].is_seen)
            return FALSE;
    return TRUE;
}

char *receipt_text(const struct receipt *receipt)
{
    struct total total = total_of(receipt);
    g_autofree char *rows = text_count(total.rows);
    g_autoptr(GString) data = g_string_new(NULL);
    g_autoptr(GString) others = g_string_new(NULL);
    append_kinds(data, total.data);
    append_kinds(others, total.others);
    if (receipt->failure != NULL)
        return g_strdup("would fail: see below");
    const char *unseen = is_all_seen(receipt) ? "" : ", as far as it can be told beforehand";
    if (data->len == 0)
        return g_strdup_printf("destroys no rows and no values%s%s%s", unseen,
                               others->len > 0 ? "; drops " : "", others->str);
    gboolean has_rows = total.data[LOSS_TABLE] + total.data[LOSS_EMPTIED] > 0;
    return g_strdup_printf("destroys %s%s%s%s%s%s%s", data->str, has_rows ? ": " : "",
                           has_rows && !total.is_known ? "at least " : "", has_rows ? rows : "",
                           has_rows ? (total.rows == 1 ? " row" : " rows") : "",
                           receipt_is_exact(receipt) ? " (exact)" : " (not exact)", unseen);
}
