/*
 * registry_user -- changes to users (registry.h: what holds for all changes).
 */
#ifndef REGISTRY_USER_H
#define REGISTRY_USER_H

#include "hash.h"
#include "registry.h"

/* How a user proves who he is. */
struct registry_login {
	int source; /* enum record_source; with RECORD_PAM nothing else */
	struct hash_made made;
	char secret[WIRE_PASSWORD_MAX]; /* in clear; "": is not stored */
};

/*
 * Whether registry_user_add (new) or registry_user_passwd would be refused for
 * this name: to be asked before a hash is computed.
 */
enum registry_result
registry_user_check(struct directory *d, const char *name, int new, char *why);

/* A new user of an existing domain.  system: whose Maildir it is, NULL for a
 * virtual mailbox. */
enum registry_result registry_user_add(struct directory *d, const char *name,
    const struct registry_login *login, const struct record_system *system,
    char *why);
/*
 * Where the user's mailbox is; "" as its host: here.  new: a user of that name
 * is added, who has no password here.
 */
enum registry_result registry_user_backend(struct directory *d,
    const char *name, int new, const struct record_backend *backend, char *why);

/* quota NULL: the conf's. */
enum registry_result registry_user_quota(struct directory *d, const char *name,
    const struct record_quota *quota, char *why);
enum registry_result registry_user_passwd(struct directory *d, const char *name,
    const struct registry_login *login, char *why);

/*
 * Stores another hash of the same password, if the stored one still is old.
 * REGISTRY_REFUSED where it is not.
 */
enum registry_result registry_user_upgrade(struct directory *d,
    const char *name, const char *old, const struct hash_made *made);

/*
 * The addresses, and whole domains ("@domain"), that the user may send as
 * besides those that lead to him: all of them anew.
 */
enum registry_result registry_user_senders(struct directory *d,
    const char *name, const struct record_targets *senders, char *why);

/* Aliases that name the user stay, and lead to nobody (directory_lookup). */
enum registry_result
registry_user_del(struct directory *d, const char *name, char *why);

#endif
