/*
 * accounts_sasl -- exchanges of SASL that smtpd and pop3d relay
 * (docs/helpers.md): rows of the table in accounts.c.
 *
 * An exchange belongs to the connection that began it, and ends with it, or
 * with its time.  Their number is bounded, and each client network has at most
 * half of it: where there are too many, the oldest one makes room.
 */
#ifndef ACCOUNTS_SASL_H
#define ACCOUNTS_SASL_H

struct request;

/* These wait: for a hash. */
int answer_sasl_begin(struct request *q);
int answer_sasl_step(struct request *q);

int answer_sasl_cancel(struct request *q);

/* A backend has judged what an exchange brought: counts it. */
int answer_sasl_proved(struct request *q);

/* What request_peer_data has of a connection that is gone: all its exchanges
 * end. */
void accounts_sasl_gone(void *peer_data);

/* Ends the exchanges whose time is over: call it each minute. */
void accounts_sasl_expire(void);

/*
 * The process is to end: exchanges that have begun go on, since nobody else can
 * go on with them; others are left to the next process, unanswered, so that
 * they are sent to it.  1 once there are none.
 */
int accounts_sasl_is_settled(void);

/* How many there are. */
unsigned accounts_sasl_count(void);

#endif
