/* Reports: rows and their details. */
#include "console/report.h"

static void detail_free(gpointer data)
{
    struct report_detail *detail = data;
    g_free(detail->label);
    g_free(detail->text);
    g_free(detail);
}

void report_row_free(struct report_row *row)
{
    g_ptr_array_unref(row->details);
    g_free(row->mark);
    g_free(row->text);
    g_free(row);
}

static void row_free(gpointer data)
{
    report_row_free(data);
}

struct report *report_new(void)
{
    struct report *report = g_new0(struct report, 1);
    report->rows = g_ptr_array_new_with_free_func(row_free);
    return report;
}

void report_free(struct report *report)
{
    g_ptr_array_unref(report->rows);
    g_free(report->verdict);
    g_free(report->basis);
    g_free(report);
}

struct report_row *report_row_new(enum style style, const char *mark, gint64 version,
                                  const char *text)
{
    struct report_row *row = g_new(struct report_row, 1);
    *row = (struct report_row){style, g_strdup(mark), version, g_strdup(text),
                               g_ptr_array_new_with_free_func(detail_free)};
    return row;
}

struct report_row *report_add(struct report *report, enum style style, const char *mark,
                              gint64 version, const char *text)
{
    struct report_row *row = report_row_new(style, mark, version, text);
    g_ptr_array_add(report->rows, row);
    return row;
}

void report_row_add(struct report_row *row, enum style style, const char *label, const char *text)
{
    if (text == NULL || *text == '\0')
        return;
    struct report_detail *detail = g_new(struct report_detail, 1);
    *detail = (struct report_detail){style, g_strdup(label), g_strdup(text)};
    g_ptr_array_add(row->details, detail);
}

void report_row_addf(struct report_row *row, enum style style, const char *label,
                     const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    report_row_add(row, style, label, text);
}

void report_question_copy(struct report_question *to, const struct report_question *from)
{
    *to = *from;
    to->scope = g_strdup(from->scope);
    to->set = from->set != NULL ? migration_set_ref(from->set) : NULL;
}

void report_question_clear(struct report_question *question)
{
    g_clear_pointer(&question->scope, g_free);
    g_clear_pointer(&question->set, migration_set_unref);
}

void report_tell(struct inquiry *inquiry, const char *text, guint done, guint total,
                 struct report_row *row)
{
    struct report_progress *progress = g_new(struct report_progress, 1);
    *progress = (struct report_progress){g_strdup(text), done, total, row};
    inquiry_tell(inquiry, progress);
}

void report_progress_free(struct report_progress *progress)
{
    g_clear_pointer(&progress->row, report_row_free);
    g_free(progress->text);
    g_free(progress);
}
