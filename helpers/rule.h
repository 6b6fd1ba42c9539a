/*
 * rule -- from whom an address takes mail: from those that its rule lists
 * alone, or from all but those.
 *
 * A rule belongs to a name: to "user@domain", be that a user, an alias or both;
 * to "@domain", the catch-all; or to "domain", for all that has no rule of its
 * own there.  Its senders are addresses, "@domain" for all of a domain,
 * "logins" for whoever has logged in, and "<>" for the null reverse-path.
 *
 * Reads kv; registry_rule.h changes what is read here.
 */
#ifndef RULE_H
#define RULE_H

#include "directory.h"

#define RULE_LOGINS "logins"
#define RULE_NULL   "<>"

/* A record has room for any rule. */
#define RULE_VALUE_MAX KV_VALUE_MAX

struct rule {
	int kind; /* enum wire_rule */
	struct record_targets senders;
};

/* Who sends. */
struct rule_sender {
	const char *address; /* the reverse-path; "": the null one */
	int is_login;
};

enum rule_result {
	RULE_PASSES,
	RULE_DENIES,
	RULE_FAILED /* the disk; logged */
};

/*
 * Whether the entry under key, which directory_lookup has found, takes mail
 * from s: its own rule decides, else its domain's.  key "": a postmaster, who
 * takes it from all (RFC 5321 4.5.1).
 */
enum rule_result
rule_check(struct kv *kv, const char *key, const struct rule_sender *s);

/*
 * The rule that rule_check goes by for this key: to *rule, and whose it is to
 * name.  DIRECTORY_NO_USER: there is none.
 */
enum directory_result rule_which(struct kv *kv, const char *key,
    char name[WIRE_NAME_MAX], struct rule *rule);

/* A rule as a record: its length, or 0 where it does not fit into size. */
size_t rule_put(const struct rule *rule, unsigned char *to, size_t size);

/* Reads length octets: 0, or -1 where they are damaged or of a later version.
 */
int rule_get(struct rule *rule, const unsigned char *from, size_t length);

/* The key of a name, as above, to key[KV_KEY_MAX] and its parts to *a: 0, or -1
 * where it is none. */
int rule_key(const char *name, struct address *a, char *key);

/* As directory_next_alias. */
enum directory_result rule_next(struct kv *kv, const char *after,
    char name[WIRE_NAME_MAX], struct rule *rule);

#endif
