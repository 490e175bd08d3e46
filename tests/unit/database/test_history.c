/* Records: words, fields, the hash chain and what breaks it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "database/history.h"

static struct history_record *sample_record(void)
{
    struct history_record *record = history_record_new(HISTORY_UP, OUTCOME_DONE);
    record->id = 1;
    record->version_table = g_strdup("public.schema_migrations");
    record->run_id = g_strdup("00000000deadbeef");
    record->version = record->to_version = 3;
    record->title = g_strdup("add \303\251");
    record->started_at = G_GINT64_CONSTANT(1700000000000001);
    record->finished_at = G_GINT64_CONSTANT(1700000000000002);
    record->statements = 2;
    record->message = g_strdup("");
    record->file = g_strdup("m/3_a.up.sql");
    record->xid = g_strdup("744");
    record->database_user = g_strdup("app");
    record->backend_pid = 99;
    record->tool = g_strdup("winch 0.1.0");
    return record;
}

static void history__names__go_there_and_back(void **state)
{
    (void)state;
    for (int i = HISTORY_STARTED; i <= HISTORY_ENVIRONMENT; i++) {
        enum history_kind kind = HISTORY_STARTED;
        assert_true(history_kind_parse(history_kind_name((enum history_kind)i), &kind));
        assert_int_equal(kind, i);
    }
    for (int i = OUTCOME_DONE; i <= OUTCOME_UNKNOWN; i++) {
        enum history_outcome outcome = OUTCOME_DONE;
        assert_true(history_outcome_parse(history_outcome_name((enum history_outcome)i), &outcome));
        assert_int_equal(outcome, i);
    }
    enum history_kind kind = HISTORY_DOWN;
    assert_false(history_kind_parse("levitated", &kind));
    assert_false(history_kind_parse("", &kind));
    assert_int_equal(kind, HISTORY_DOWN);
}

/* The expected value was computed from the documented rule by another program. */
static void history__hash__is_as_documented(void **state)
{
    (void)state;
    AUTOPTR(history_record) *record = sample_record();
    g_autofree char *hash = history_record_hash(record, "abc");
    assert_string_equal(hash, "8a506cf8876d73247fdce0683d07c52a803195281d2f5f038f6af6e137e8a388");
}

static void history__hash__depends_on_every_field(void **state)
{
    (void)state;
    for (guint i = 0; i < HISTORY_FIELDS_HASHED; i++) {
        AUTOPTR(history_record) *record = sample_record();
        g_autofree char *before = history_record_hash(record, "");
        const struct history_field *field = &history_fields[i];
        const char *text = field->type == HISTORY_FIELD_KIND      ? "drop"
                           : field->type == HISTORY_FIELD_OUTCOME ? "refused"
                                                                  : "77";
        assert_true(history_field_set(record, field, text));
        g_autofree char *after = history_record_hash(record, "");
        if (strcmp(before, after) == 0)
            fail_msg("%s is not hashed", field->name);
    }
}

static void history__hash__tells_null_from_empty(void **state)
{
    (void)state;
    AUTOPTR(history_record) *record = sample_record();
    g_autofree char *empty = history_record_hash(record, NULL);
    g_free(g_steal_pointer(&record->message));
    g_autofree char *null = history_record_hash(record, NULL);
    assert_string_not_equal(empty, null);
}

static void history__copy__is_equal_and_its_own(void **state)
{
    (void)state;
    AUTOPTR(history_record) *record = sample_record();
    record->hash = g_strdup("x");
    AUTOPTR(history_record) *copy = history_record_copy(record);
    for (const struct history_field *field = history_fields; field->name != NULL; field++) {
        g_autofree char *one = history_field_text(record, field);
        g_autofree char *other = history_field_text(copy, field);
        assert_int_equal(g_strcmp0(one, other), 0);
    }
    assert_ptr_not_equal(copy->title, record->title);
}

static void history__field__refuses_what_is_no_number(void **state)
{
    static const char *const wrong[] = {"", "x", "1x", "9223372036854775808", NULL};
    (void)state;
    AUTOPTR(history_record) *record = sample_record();
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++)
        assert_false(history_field_set(record, &history_fields[0], wrong[i]));
    assert_int_equal(record->id, 1);
}

/* What a later version writes is shown by its word, hashed as it was, and never misread. */
static void history__field__keeps_words_of_a_later_version(void **state)
{
    const struct history_field *kind = history_fields, *outcome = history_fields;
    (void)state;
    AUTOPTR(history_record) *record = sample_record();
    g_autofree char *before = history_record_hash(record, "");
    while (kind->type != HISTORY_FIELD_KIND)
        kind++;
    while (outcome->type != HISTORY_FIELD_OUTCOME)
        outcome++;
    assert_true(history_field_set(record, kind, "levitated"));
    assert_true(history_field_set(record, outcome, "other"));
    assert_false(history_field_set(record, kind, NULL));
    assert_true(history_field_set(record, kind, "levitated"));
    AUTOPTR(history_record) *copy = history_record_copy(record);
    g_autofree char *hash = history_record_hash(record, "");
    g_autofree char *again = history_record_hash(copy, "");
    assert_int_equal(copy->kind, HISTORY_OTHER);
    assert_int_equal(copy->outcome, OUTCOME_OTHER);
    assert_string_equal(history_record_kind(copy), "levitated");
    assert_string_equal(history_record_outcome(copy), "other");
    assert_string_equal(hash, again);
    assert_string_not_equal(hash, before);
}

static GPtrArray *chain_of(guint count)
{
    GPtrArray *records = g_ptr_array_new_with_free_func((GDestroyNotify)history_record_free);
    const char *previous = "";
    for (guint i = 0; i < count; i++) {
        struct history_record *record = sample_record();
        record->id = (gint64)i + 1;
        record->previous_hash = g_strdup(previous);
        record->hash = history_record_hash(record, previous);
        previous = record->hash;
        g_ptr_array_add(records, record);
    }
    return records;
}

static void swap_rows(GPtrArray *records)
{
    gpointer second = records->pdata[1];
    records->pdata[1] = records->pdata[2];
    records->pdata[2] = second;
}

static void change_row(GPtrArray *records)
{
    struct history_record *record = g_ptr_array_index(records, 1);
    record->to_version = 99;
}

static void change_and_rehash_row(GPtrArray *records)
{
    struct history_record *record = g_ptr_array_index(records, 1);
    change_row(records);
    g_free(record->hash);
    record->hash = history_record_hash(record, record->previous_hash);
}

static void remove_first(GPtrArray *records)
{
    g_ptr_array_remove_index(records, 0);
}

static void remove_middle(GPtrArray *records)
{
    g_ptr_array_remove_index(records, 1);
}

static void remove_last(GPtrArray *records)
{
    g_ptr_array_remove_index(records, records->len - 1);
}

static void rehash_last(GPtrArray *records)
{
    struct history_record *record = g_ptr_array_index(records, records->len - 1);
    record->to_version = 99;
    g_free(record->hash);
    record->hash = history_record_hash(record, record->previous_hash);
}

static void leave_alone(GPtrArray *records)
{
    (void)records;
}

static void history__verify__names_the_first_fault(void **state)
{
    static const struct {
        void (*spoil)(GPtrArray *records);
        const char *fault; /* NULL: whole */
    } rows[] = {
        {leave_alone, NULL},
        {change_row, "row 2 was changed"},
        {change_and_rehash_row, "row 3 does not follow"},
        {swap_rows, "row 2 is missing"},
        {remove_first, "row 1 is missing"},
        {remove_middle, "row 2 is missing"},
        {remove_last, "row 4 is missing"},
        {rehash_last, "head does not match"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GPtrArray) records = chain_of(4);
        const struct history_record *last = g_ptr_array_index(records, 3);
        g_autofree char *head = g_strdup(last->hash);
        g_autoptr(GError) error = NULL;
        rows[i].spoil(records);
        gboolean is_whole = history_verify(records, 4, head, &error);
        assert_int_equal(is_whole, rows[i].fault == NULL);
        if (!is_whole) {
            assert_true(error_is(error, ERROR_FINDINGS));
            if (strstr(error->message, rows[i].fault) == NULL)
                fail_msg("%s", error->message);
        }
    }
}

static void history__verify__counts_the_head(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) none = chain_of(0);
    g_autoptr(GPtrArray) one = chain_of(1);
    g_autoptr(GError) error = NULL;
    assert_true(history_verify(none, 0, NULL, NULL));
    assert_false(history_verify(none, 0, "abc", NULL));
    assert_false(history_verify(none, 1, "abc", NULL));
    assert_false(history_verify(one, 0, "", &error));
    assert_non_null(strstr(error->message, "one more than the head counts"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(history__names__go_there_and_back),
        cmocka_unit_test(history__hash__is_as_documented),
        cmocka_unit_test(history__hash__depends_on_every_field),
        cmocka_unit_test(history__hash__tells_null_from_empty),
        cmocka_unit_test(history__copy__is_equal_and_its_own),
        cmocka_unit_test(history__field__refuses_what_is_no_number),
        cmocka_unit_test(history__field__keeps_words_of_a_later_version),
        cmocka_unit_test(history__verify__names_the_first_fault),
        cmocka_unit_test(history__verify__counts_the_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
