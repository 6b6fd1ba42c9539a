/*
 * registry_parts -- what the files of the registry share: registry.c has it.
 */
#ifndef REGISTRY_PARTS_H
#define REGISTRY_PARTS_H

#include "registry.h"
#include "registry_user.h"

/* Writes the reason to why[REGISTRY_WHY_MAX]; REGISTRY_REFUSED. */
enum registry_result registry_refuse(char *why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* One change, as a transaction of its own; what deletes the last user or alias
 * of a name, or a domain, deletes its rule. */
enum registry_result registry_put(struct directory *d, enum kv_table table,
    const char *key, const void *value, size_t length);
enum registry_result
registry_delete(struct directory *d, enum kv_table table, const char *key);

/* Reads an address that a user or an alias is to have. */
enum registry_result registry_check_address(
    struct directory *d, const char *text, struct address *a, char *why);

/* Whether the domain is one of ours. */
enum registry_result
registry_check_domain(struct directory *d, const char *domain, char *why);

/* Whether a table has this key; whether there is an alias under it; a user or
 * an alias. */
enum kv_status
registry_has(struct directory *d, enum kv_table table, const char *key);
enum kv_status registry_has_alias(struct directory *d, const char *key);
enum kv_status registry_has_name(struct directory *d, const char *key);

/* The targets of an alias in canonical form. */
enum registry_result
registry_canonical_targets(const struct record_targets *given,
    struct record_targets *targets, char *why);

/* In the transaction that made the alias: whether it comes down to mailboxes.
 */
enum registry_result registry_check_expansion(struct directory *d,
    const char *name, const struct record_targets *targets, char *why);

/* Puts a login into a user's record: nothing of an older one stays. */
void registry_set_login(
    struct record_user *user, const struct registry_login *login);

/* Adds an address, or "@domain", to what the user may send as. */
enum registry_result
registry_add_sender(struct record_user *user, const char *text, char *why);

#endif
