/*
 * explain -- what smtpd would say to a mail, and by which line of a conf, name
 * or rule: step by step, each of which is printed.
 */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include "client.h"
#include "conf_dump.h"
#include "listen.h"

/* What is asked about, and by which confs; texts are borrowed. */
struct explain {
	const char *from, *to, *ip; /* from: "" for the null reverse-path */
	int is_login;		    /* as one who has logged in */
	union listen_address address;
	struct conf_dump smtpd, helpers;
};

/* The address that q->ip says.  0, or -1 where it says none. */
int explain_address(struct explain *q);

/* From the connection to the greeting: what ends it, or NULL. */
const char *explain_connection(const struct explain *q);

/* MAIL, which is taken from anybody. */
void explain_mail(const struct explain *q);

/* RCPT, as accounts has answered to WIRE_EXPLAIN, and the decision. */
enum client_exit
explain_recipient(const struct explain *q, struct packet *reply);

/* The last step, which ends the list: what it comes to.  reply: smtpd's, or
 * what happens instead. CLIENT_OK where the mail is taken. */
enum client_exit explain_decide(const char *reply);

#endif
