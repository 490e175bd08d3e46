/* The config screen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "console/views.h"
#include "fake_frame.h"
#include "fake_model.h"

struct stage {
    struct console *console;
    struct view *view;
    struct config *config;
    struct engine_settings *settings;
};

static const char *look_up(const char *name, gpointer data)
{
    (void)data;
    return strcmp(name, "WINCH_LOCK_TIMEOUT") == 0 ? "10s" : NULL;
}

static int setup(void **state)
{
    static const char text[] = "migrations:\n"
                               "  environment: production\n"
                               "  database:\n"
                               "    url: postgres://app:geheim@db-prod-1/billing\n"
                               "  options:\n"
                               "    timeout: 20min\n";
    const struct config_sources sources = {.lookup = look_up};
    struct stage *stage = g_new0(struct stage, 1);
    stage->console = fake_frame_new();
    stage->config =
        config_load_text(&sources, "configs/migrations.yaml", text, strlen(text), TRUE, NULL);
    assert_non_null(stage->config);
    stage->settings = engine_settings_new();
    stage->console->options.config = stage->config;
    stage->console->options.settings = stage->settings;
    stage->view = config_view_ops.open(stage->console);
    *state = stage;
    return 0;
}

static int teardown(void **state)
{
    struct stage *stage = *state;
    config_view_ops.close(stage->view);
    fake_frame_free(stage->console);
    config_free(stage->config);
    engine_settings_free(stage->settings);
    g_free(stage);
    return 0;
}

static void connect(struct stage *stage)
{
    struct model *model = model_new();
    model_take_server(model, fake_server(HISTORY_READ_ONLY));
    model_set_link(model, LINK_UP, NULL);
    fake_frame_take_model(stage->console, model);
}

static void view_config__draw__is_as_agreed(void **state)
{
    struct stage *stage = *state;
    connect(stage);
    fake_frame_act(stage->view, ACTION_DOWN, 4);
    fake_frame_assert_golden(stage->view, 21, 80, FALSE, "config-80x24.txt");
    fake_frame_assert_golden(stage->view, 13, 60, TRUE, "config-60x16.txt");
    fake_frame_act(stage->view, ACTION_LAST, 0);
    fake_frame_assert_golden(stage->view, 37, 140, TRUE, "config-140x40-ascii.txt");
}

static void assert_saved(struct stage *stage, const char *words, gboolean is_there)
{
    g_autofree char *saved = NULL;
    config_view_ops.update(stage->view);
    saved = config_view_ops.save(stage->view);
    if ((strstr(saved, words) != NULL) != is_there)
        fail_msg("%s: %s:\n%s", words, is_there ? "missing" : "there", saved);
}

static void view_config__save__says_who_gave_what(void **state)
{
    struct stage *stage = *state;
    assert_saved(stage, "geheim", FALSE);
    assert_saved(stage, "postgres://app:***@db-prod-1/billing", TRUE);
    assert_saved(stage, "20min  from configs/migrations.yaml:6", TRUE);
    assert_saved(stage, "10s  from WINCH_LOCK_TIMEOUT", TRUE);
    assert_saved(stage, "connecting", TRUE);
    assert_saved(stage, "last-known-good", TRUE);
    connect(stage);
    assert_saved(stage, "TLSv1.3", TRUE);
    assert_saved(stage, "ALTER DATABASE setting production", TRUE);
    assert_saved(stage, "readable, not writable", TRUE);
    struct model *model = model_copy(stage->console->model);
    model_set_link(model, LINK_LOST, "server closed the connection");
    fake_frame_take_model(stage->console, model);
    assert_saved(stage, "lost: server closed the connection", TRUE);
}

static void view_config__row_text__is_what_search_finds(void **state)
{
    struct stage *stage = *state;
    guint found = 0;
    g_free(fake_frame_draw(stage->view, 21, 80, FALSE));
    guint count = config_view_ops.list(stage->view)->count;
    for (guint row = 0; row < count; row++) {
        g_autofree char *text = config_view_ops.row_text(stage->view, row);
        found += strstr(text, "lock_timeout") != NULL;
    }
    assert_int_equal(found, 1);
    assert_null(config_view_ops.row_text(stage->view, count));
}

static void view_config__draw__survives_every_size(void **state)
{
    struct stage *stage = *state;
    fake_frame_draw_all_sizes(stage->view);
    connect(stage);
    fake_frame_draw_all_sizes(stage->view);
    fake_frame_act(stage->view, ACTION_OPEN, 0);
    fake_frame_draw_all_sizes(stage->view);
    stage->console->options.config = NULL;
    fake_frame_draw_all_sizes(stage->view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(view_config__draw__is_as_agreed, setup, teardown),
        cmocka_unit_test_setup_teardown(view_config__save__says_who_gave_what, setup, teardown),
        cmocka_unit_test_setup_teardown(view_config__row_text__is_what_search_finds, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(view_config__draw__survives_every_size, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
