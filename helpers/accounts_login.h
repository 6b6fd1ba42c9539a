/*
 * accounts_login -- what may be asked about logins besides exchanges
 * (accounts_sasl.h): rows of the table in accounts.c.
 */
#ifndef ACCOUNTS_LOGIN_H
#define ACCOUNTS_LOGIN_H

struct request;

int answer_sender(struct request *q);

/* This waits: for a hash. */
int answer_verify(struct request *q);

#endif
