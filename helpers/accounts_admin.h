/*
 * accounts_admin -- what mailctl may ask of accounts (docs/helpers.md) about
 * domains and aliases: rows of the table in accounts.c.
 */
#ifndef ACCOUNTS_ADMIN_H
#define ACCOUNTS_ADMIN_H

#include "delay.h"
#include "hash.h"
#include "registry.h"

struct helper;
struct packet;
struct password;
struct pool;
struct request;

/* What accounts works with: one of it, filled before the first request. */
struct accounts {
	struct directory directory;
	struct pool *pool;    /* the hashers */
	struct pool *pam;     /* the processes that ask PAM; NULL: none */
	struct pool *program; /* those that run a program; NULL: none */
	struct password *password;
	struct delay *delay;
	struct hash_want want; /* what new hashes are like */
	const struct helper *helper;
	const int *links; /* where mailbox helpers are told; non-blocking */
};
extern struct accounts accounts;

/* Ends the process where the store is broken. */
void accounts_check(void);

/* Answers "not now", and ends the process where the store is broken, so that
 * the next one recovers it.  *q is freed. */
void accounts_fail(struct request **q);

int answer_domain_add(struct request *q);
int answer_domain_del(struct request *q);
int answer_domain_list(struct request *q);
int answer_alias_add(struct request *q);
int answer_alias_del(struct request *q);
int answer_alias_list(struct request *q);
int answer_alias_check(struct request *q);
int answer_user_list(struct request *q);
int answer_rule_set(struct request *q);
int answer_rule_del(struct request *q);
int answer_rule_list(struct request *q);

/*
 * Ends a change to this name: logs it as this event, if it was made, and
 * answers.  why: of a REGISTRY_REFUSED.  *q is freed.  Returns 0, as rows do.
 */
int accounts_end_change(struct request **q, const char *event, const char *name,
    enum registry_result result, const char *why);

/* Whether a list can be of this domain ("": of all): 0, or -1 where it is none
 * of ours; then the request is answered, and *q is freed. */
int accounts_check_domain(struct request **q, const char *domain);

/* Reads a count and so many names, more than WIRE_TARGETS_MAX being malformed:
 * p's error tells. */
void accounts_get_targets(struct packet *p, struct record_targets *to);

#endif
