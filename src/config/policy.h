/* What an environment allows, and what it asks for first. */
#ifndef WINCH_CONFIG_POLICY_H
#define WINCH_CONFIG_POLICY_H

#include <glib.h>

/* Each in rising strictness: policy_tighten() takes the higher. */
enum policy_up { UP_FREE, UP_CONFIRM, UP_TYPED };
enum policy_rollback { ROLLBACK_ANY, ROLLBACK_LAST_STABLE, ROLLBACK_LAST_KNOWN_GOOD };
enum policy_confirm { CONFIRM_NONE, CONFIRM_YES, CONFIRM_TYPED };
enum policy_rule {
    RULE_OFF,
    RULE_ON,       /* backup only: taken unless the person says otherwise */
    RULE_REQUIRED, /* refused without, unless overridden with a reason */
};

/* up speaks of raising; everything else of whatever goes back or overrides. */
struct policy {
    const char *name; /* "production" */
    enum policy_up up;
    enum policy_rollback rollback_to; /* the furthest target */
    enum policy_confirm confirm;
    enum policy_rule backup;
    enum policy_rule preview;  /* of exactly this plan, not older than preview_max_age */
    enum policy_rule reason;
    enum policy_rule history;  /* winch's own history must be writable */
    enum policy_rule approval; /* by a second person */
};

/* The fields, for those who show, compare or read them. */
enum { POLICY_FIELD_COUNT = 8 };
const char *policy_field_name(guint field);

/* Its word in this policy ("last-stable"). Static. */
const char *policy_field_word(const struct policy *policy, guint field);

/* The words a field may have, NULL-terminated. Static. */
const char *const *policy_field_words(guint field);

/* False when it is no word of this field. */
gboolean policy_field_set(struct policy *policy, guint field, const char *word);

/* Raises every field of policy to at least that of other; the name stays. True when it changed. */
gboolean policy_tighten(struct policy *policy, const struct policy *other);

/* The built-in policies: development, staging, production, unknown. NULL at the end. Static. */
const struct policy *policy_builtin(guint index);

#endif
