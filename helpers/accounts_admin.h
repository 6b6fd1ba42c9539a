/*
 * accounts_admin -- what mailctl may ask of accounts (docs/helpers.md): rows of
 * the table in accounts.c.
 */
#ifndef ACCOUNTS_ADMIN_H
#define ACCOUNTS_ADMIN_H

#include "registry.h"

struct helper;
struct password_pool;
struct request;

/* What accounts works with: one of it, filled before the first request. */
struct accounts {
	struct directory directory;
	struct password_pool *pool;
	const struct helper *helper;
	int link; /* where mailbox is told; non-blocking */
};
extern struct accounts accounts;

/* Answers "not now", and ends the process where the store is broken, so that
 * the next one recovers it.  *q is freed. */
void accounts_fail(struct request **q);

int answer_domain_add(struct request *q);
int answer_domain_del(struct request *q);
int answer_domain_list(struct request *q);
int answer_alias_add(struct request *q);
int answer_alias_del(struct request *q);
int answer_alias_list(struct request *q);
int answer_user_list(struct request *q);

/* These wait: for a hash, for room in the link. */
int answer_user_add(struct request *q);
int answer_user_add_system(struct request *q);
int answer_user_quota(struct request *q);
int answer_user_passwd(struct request *q);
int answer_user_del(struct request *q);

#endif
