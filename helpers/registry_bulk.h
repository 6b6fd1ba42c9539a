/*
 * registry_bulk -- many changes as one: all of them, or none, with one sync.
 *
 *	registry_bulk_begin(d);
 *	registry_bulk_domain, _user, _alias...
 *	registry_bulk_check(d, ...) of each alias
 *	registry_bulk_end(d, 1);
 *
 * Nothing in between may wait for anything but the disk: the transaction is
 * the only one there can be.  why[REGISTRY_WHY_MAX] gets a reason, for people,
 * with REGISTRY_REFUSED.  *became (enum wire_import_result) is set with
 * REGISTRY_OK.
 */
#ifndef REGISTRY_BULK_H
#define REGISTRY_BULK_H

#include "registry_user.h"

/* A user's row; what is NULL stays as it is, or as a new user has it. */
struct registry_bulk_user {
	const char *name;
	const struct registry_login *login;
	/* A password in clear came with the row, and login has its hash, or is
	 * NULL where none was made: it can't be compared, and a user who has
	 * one keeps it unless it is to be replaced. */
	int is_plain;
	int sets_quota;
	const struct record_quota *quota; /* NULL: the conf's */
	const struct record_targets *senders;
	const struct record_system *system;
};

/* How changes are meant. */
struct registry_bulk_mode {
	int replaces; /* what is there otherwise; else that is refused */
	int is_loose; /* the domain is not asked for: only of what is undone */
};

enum registry_result registry_bulk_begin(struct directory *d);

/* Commits where is_good, else undoes all.  REGISTRY_OK or REGISTRY_FAILED. */
enum registry_result registry_bulk_end(struct directory *d, int is_good);

enum registry_result registry_bulk_domain(
    struct directory *d, const char *name, int *became, char *why);

enum registry_result
registry_bulk_user(struct directory *d, const struct registry_bulk_user *row,
    const struct registry_bulk_mode *mode, int *became, char *why);

/* Of an alias, the targets are checked only for their form. */
enum registry_result registry_bulk_alias(struct directory *d, const char *name,
    const struct record_targets *targets, const struct registry_bulk_mode *mode,
    int *became, char *why);

/* Once all are there: whether the alias comes down to mailboxes. */
enum registry_result registry_bulk_check(struct directory *d, const char *name,
    const struct record_targets *targets, char *why);

#endif
