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

/* What is remembered of this user's password is wiped. */
void accounts_forget_password(const char *name);

/* Has all mailbox helpers forget what they remember of this owner, or, for "",
 * of all.  Waits for room in the links. */
void accounts_tell_changed(const char *name);

#endif
