/*
 * accounts_backup -- how mailctl gets a copy of the database while it is used
 * (docs/helpers.md): rows of the table in accounts.c.
 *
 * A copy belongs to the connection that began it, and ends with it, or when
 * that has asked for nothing more for a while.  There is one at a time.
 */
#ifndef ACCOUNTS_BACKUP_H
#define ACCOUNTS_BACKUP_H

struct request;

int answer_backup_begin(struct request *q);
int answer_backup_log(struct request *q);
int answer_backup_read(struct request *q);
int answer_backup_end(struct request *q);

/* What request_peer_data has of a connection that is gone, which stays the
 * caller's. */
void accounts_backup_gone(const void *peer_data);

/* Ends a copy that has been left alone: call it each minute. */
void accounts_backup_expire(void);

#endif
