/*
 * accounts_users -- what mailctl may ask of accounts about users
 * (docs/helpers.md): rows of the table in accounts.c.
 */
#ifndef ACCOUNTS_USERS_H
#define ACCOUNTS_USERS_H

struct request;

/* These wait: for a hash, for room in the link. */
int answer_user_add(struct request *q);
int answer_user_add_system(struct request *q);
int answer_user_quota(struct request *q);
int answer_user_passwd(struct request *q);
int answer_user_del(struct request *q);
int answer_user_pam(struct request *q);

int answer_user_senders(struct request *q);

#endif
